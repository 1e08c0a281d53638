//! From the registry's rows to names of the module and of the class `Tensor`.

use super::call::{self, CAPACITY, Callable, Receiver};
use super::oddities::{DEPRECATED, Deprecated, NUMBERS_AS_TENSORS, is_without_out};
use super::schema::{self, Form as SignatureForm, Kind, Role, Schema, Signature};
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};
use rushlight_core::registry::{Entry, Form, entries};
use std::ffi::CString;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Class that holds the functions, as in PyTorch: pickles and `repr` of a function name it.
#[pyclass(name = "_VariableFunctionsClass", module = "rushlight._C")]
struct VariableFunctions;

struct Place<'py> {
    functions: Bound<'py, PyType>,
    tensor: Bound<'py, PyType>,
    module: Bound<'py, PyModule>,
    nn: Bound<'py, PyModule>,
    special: Bound<'py, PyModule>,
    linalg: Bound<'py, PyModule>,
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add_class::<VariableFunctions>()?;
    let submodule = |name: &str| -> PyResult<Bound<'_, PyModule>> {
        let module = PyModule::new(py, &format!("rushlight._C.{name}"))?;
        m.add(name, &module)?;
        Ok(module)
    };
    let place = Place {
        functions: m.getattr("_VariableFunctionsClass")?.cast_into()?,
        tensor: m.getattr("Tensor")?.cast_into()?,
        module: m.clone(),
        nn: submodule("_nn")?,
        special: submodule("_special")?,
        linalg: submodule("_linalg")?,
    };
    for row in entries() {
        install(&place, row)?;
    }
    m.add_function(wrap_pyfunction!(registry_rows, m)?)
}

fn install(place: &Place<'_>, row: &'static Entry) -> PyResult<()> {
    let function = |name: &str, in_place: bool| make(place, row, name, Receiver::Function, in_place);
    if row.forms.contains(Form::FUNCTION) {
        let object = function(row.name, false)?;
        place.functions.setattr(row.name, &object)?;
        place.module.add(row.name, object)?;
    }
    if row.forms.contains(Form::METHOD) {
        let object = make(place, row, row.name, Receiver::Method, false)?;
        place.tensor.setattr(row.name, object)?;
    }
    if row.forms.contains(Form::IN_PLACE) {
        let name = format!("{}_", row.name);
        if takes_self(row)? {
            let object = make(place, row, &name, Receiver::Method, true)?;
            place.tensor.setattr(name.as_str(), object)?;
        }
        if row.forms.contains(Form::FUNCTION) || row.forms.contains(Form::NN) {
            let object = function(&name, true)?;
            let unary = Schema::parse(row.overloads[0].schema)?.arguments.len() == 1;
            if unary || row.forms.contains(Form::NN) {
                place.module.add(&name, &object)?;
            }
        }
    }
    if row.forms.contains(Form::NN) {
        let object = function(row.name, false)?;
        place.nn.add(row.name, &object)?;
        place.module.add(row.name, object)?;
    }
    for (form, module, prefix) in
        [(Form::SPECIAL, &place.special, "special_"), (Form::LINALG, &place.linalg, "linalg_")]
    {
        if row.forms.contains(form) {
            let name = format!("{prefix}{}", row.name.trim_start_matches(prefix));
            module.add(&name, function(&name, false)?)?;
        }
    }
    Ok(())
}

fn takes_self(row: &Entry) -> PyResult<bool> {
    let schema = Schema::parse(row.overloads[0].schema)?;
    Ok(schema.arguments.first().is_some_and(|a| a.name == "self"))
}

/// Makes the Python object of a name.
fn make<'py>(
    place: &Place<'py>,
    row: &'static Entry,
    name: &str,
    receiver: Receiver,
    in_place: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = place.module.py();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let method = receiver == Receiver::Method;
    let mut signatures = Vec::with_capacity(row.overloads.len());
    for (i, overload) in row.overloads.iter().enumerate() {
        let parsed = Schema::parse(overload.schema)?;
        // A number in the place of `self` makes a function only.
        if method && parsed.arguments.first().is_none_or(|a| a.name != "self" || !a.ty.starts_with("Tensor"))
        {
            continue;
        }
        let mut form = SignatureForm { method, out: false, numbers_as_tensors: row.name == "copy_" };
        let mut signature = schema::compile(py, overload.schema, overload, form)?;
        form.out = !method && !in_place && row.forms.contains(Form::OUT);
        if form.out && !is_without_out(row.name, &signature.text()) {
            signature = schema::compile(py, overload.schema, overload, form)?;
        }
        signature.hidden = i == 1 && NUMBERS_AS_TENSORS.contains(&row.name);
        signatures.push(signature);
    }
    in_order(&mut signatures);
    // PyTorch tries the signature that has nothing but `unbiased` last.
    signatures.sort_by_key(|s| s.parameters.last().is_some_and(|p| p.name == "unbiased"));
    if let Some(first) = signatures.first() {
        let out = first.has_out;
        for deprecated in DEPRECATED.iter().filter(|d| d.name == row.name) {
            signatures.push(compile_deprecated(py, row, deprecated, method, out)?);
        }
    }
    // PyTorch counts what it still accepts among the signatures.
    let single =
        row.name != "copy_" && signatures.iter().filter(|s| !s.hidden || !s.order.is_empty()).count() == 1;
    let callable =
        Callable { name: name.to_owned(), receiver, in_place, signatures, single, object: OnceLock::new() };
    if !call::register(number, callable) {
        return Err(PyRuntimeError::new_err(format!(
            "the binding has room for {CAPACITY} functions and methods; registry/call.rs sets the limit"
        )));
    }
    // Python keeps pointers to the definition and its texts as long as the object lives, which is for ever.
    let forever = |text: String| -> PyResult<*const std::ffi::c_char> {
        Ok(Box::leak(CString::new(text)?.into_boxed_c_str()).as_ptr())
    };
    let flags = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: forever(name.to_owned())?,
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: call::entry_of(number) },
        ml_flags: if receiver == Receiver::Function { flags | ffi::METH_STATIC } else { flags },
        ml_doc: forever(documentation(row, name))?,
    }));
    // SAFETY: the definition lives for ever; the class and the module name are live objects.
    let object = unsafe {
        let object = if receiver == Receiver::Method {
            ffi::PyDescr_NewMethod(place.tensor.as_type_ptr(), definition)
        } else {
            let module = PyString::intern(py, "rushlight");
            ffi::PyCFunction_NewEx(definition, place.functions.as_ptr(), module.as_ptr())
        };
        Bound::from_owned_ptr_or_err(py, object)?
    };
    if let Some(callable) = call::callable(number) {
        let _ = callable.object.set(object.clone().unbind());
    }
    Ok(object)
}

/// Puts overloads that differ in tensors and numbers only into PyTorch's order: the later an argument, the sooner it is
/// a tensor.
fn in_order(signatures: &mut [Signature]) {
    let arguments = |s: &Signature| s.parameters.iter().filter(|p| p.role == Role::Argument).count();
    let alike =
        |a: &Signature, b: &Signature| arguments(a) == arguments(b) && a.max_positional == b.max_positional;
    let numbers = |s: &Signature| {
        let positional = s.parameters[..s.max_positional].iter().rev();
        positional.map(|p| p.kind == Kind::Scalar).collect::<Vec<_>>()
    };
    let only_tensors_and_numbers = |s: &Signature| {
        let positional = &s.parameters[..s.max_positional];
        positional.iter().any(|p| p.kind == Kind::Scalar) || positional.iter().all(|p| p.kind == Kind::Tensor)
    };
    // Few signatures, and an order that is none between those that are not alike: neighbours change places.
    for _ in 0..signatures.len() {
        for i in 1..signatures.len() {
            let (a, b) = (&signatures[i - 1], &signatures[i]);
            if alike(a, b)
                && only_tensors_and_numbers(a)
                && only_tensors_and_numbers(b)
                && numbers(a) > numbers(b)
            {
                signatures.swap(i - 1, i);
            }
        }
    }
}

/// A signature from before arguments had one order.
fn compile_deprecated(
    py: Python<'_>,
    row: &'static Entry,
    deprecated: &Deprecated,
    method: bool,
    out: bool,
) -> PyResult<Signature> {
    let form = SignatureForm { method, out, numbers_as_tensors: false };
    let mut signature = schema::compile(py, deprecated.schema, &row.overloads[0], form)?;
    signature.hidden = true;
    if NUMBERS_AS_TENSORS.contains(&row.name) {
        for parameter in signature.parameters.iter_mut().filter(|p| p.name == "other") {
            parameter.kind = Kind::TensorOrNumber;
        }
    }
    let arguments = Schema::parse(deprecated.schema)?.arguments;
    let receiver = arguments.iter().position(|a| a.name == "self").unwrap_or_default();
    // The receiver of a method comes first, wherever the schema has it.
    let moved = |place: usize| match place {
        _ if !method => place,
        _ if place == receiver => 0,
        _ if place < receiver => place + 1,
        _ => place,
    };
    signature.order = deprecated.order.iter().map(|&place| moved(place)).collect();
    let plain = SignatureForm { method: false, out: false, numbers_as_tensors: false };
    let all = schema::compile(py, row.overloads[0].schema, &row.overloads[0], plain)?;
    signature.missing = all.arguments_after(signature.order.len());
    Ok(signature)
}

/// What `help()` shows: the signatures, what the operation computes, an example.
fn documentation(row: &Entry, name: &str) -> String {
    let mut text = String::new();
    for overload in row.overloads {
        text += &overload.schema.replacen(row.name, name, 1);
        text += "\n";
    }
    text += "\n";
    text += row.documentation;
    if !row.example.is_empty() {
        text += "\n\nExample:\n";
        for line in row.example.lines() {
            text += &format!("    {line}\n");
        }
    }
    text.replace('\0', "")
}

/// The rows of the registry, for the generator of stubs and of the table of operations.
#[pyfunction(name = "_registry")]
fn registry_rows(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let mut rows = Vec::new();
    // The others are in modules of their own, which have no stub yet.
    let has_name = |row: &&Entry| {
        [Form::FUNCTION, Form::METHOD, Form::NN, Form::IN_PLACE].iter().any(|form| row.forms.contains(*form))
    };
    for row in entries().filter(has_name) {
        let mut names = vec![(row.name.to_owned(), false)];
        if row.forms.contains(Form::IN_PLACE) {
            names.push((format!("{}_", row.name), true));
        }
        for (name, in_place) in names {
            let forms: Vec<&str> = [
                (Form::FUNCTION, "function"),
                (Form::METHOD, "method"),
                (Form::IN_PLACE, "in-place"),
                (Form::OUT, "out"),
                (Form::NN, "nn"),
                (Form::SPECIAL, "special"),
                (Form::LINALG, "linalg"),
            ]
            .into_iter()
            .filter(|(form, _)| row.forms.contains(*form))
            .map(|(_, name)| name)
            .collect();
            let schemas: Vec<String> =
                row.overloads.iter().map(|o| o.schema.replacen(row.name, &name, 1)).collect();
            let dict = PyDict::new(py);
            dict.set_item("name", &name)?;
            dict.set_item("forms", forms)?;
            dict.set_item("schemas", schemas)?;
            dict.set_item("doc", if in_place { "" } else { row.documentation })?;
            dict.set_item("example", if in_place { "" } else { row.example })?;
            dict.set_item("differentiable", row.differentiable)?;
            rows.push(dict);
        }
    }
    Ok(rows)
}
