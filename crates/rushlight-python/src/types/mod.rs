//! The small value types of the module: `dtype`, `Size`, `device`, `layout`, `memory_format`, `Generator`, `finfo` and
//! `iinfo`, and the settings of the process and of the thread. One file a topic.

mod constant;
mod device;
mod dtype;
mod generator;
mod limits;
mod name;
mod settings;
mod size;

pub(crate) use constant::{PyLayout, disabled_torch_function, memory_format_name, strided};
pub(crate) use device::{device_object, device_of};
pub(crate) use dtype::{PyDType, dtype_object, dtype_of};
pub(crate) use generator::{PyGenerator, generator_of};
pub(crate) use name::type_name;
pub(crate) use size::{is_size, size_object};

use pyo3::prelude::*;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    dtype::register(m)?;
    size::register(m)?;
    device::register(m)?;
    constant::register(m)?;
    generator::register(m)?;
    limits::register(m)?;
    settings::register(m)
}
