//! Names of types as PyTorch's messages write them.

use pyo3::prelude::*;
use pyo3::types::PyType;

/// The name of an object's type as C code sees it (`tp_name`): classes made by Python code by their bare name,
/// compiled ones with their module (`numpy.float64`). The binding's own are called what PyTorch calls its.
pub(crate) fn type_name(object: &Bound<'_, PyAny>) -> String {
    name_of(&object.get_type())
}

fn name_of(class: &Bound<'_, PyType>) -> String {
    let Ok(name) = class.name() else { return "object".to_owned() };
    let name = name.to_string();
    let module = class.module().map(|m| m.to_string()).unwrap_or_default();
    if module.starts_with("rushlight") || module == "torch" {
        return match name.as_str() {
            "dtype" | "device" | "layout" | "memory_format" | "Size" | "Generator" | "finfo" | "iinfo" => {
                format!("torch.{name}")
            }
            _ => name,
        };
    }
    const HEAP_TYPE: std::ffi::c_ulong = 1 << 9;
    // SAFETY: the flags of a live type object.
    let flags = unsafe { pyo3::ffi::PyType_GetFlags(class.as_type_ptr()) };
    if module == "builtins" || flags & HEAP_TYPE != 0 { name } else { format!("{module}.{name}") }
}
