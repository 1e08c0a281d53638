//! `torch.Generator`: a random stream, PyTorch's CPU stream to the bit.
//!
//! The state travels as PyTorch's: 5056 bytes, in the layout that it has used since its first versions, so that a state
//! saved by one can be set in the other.

use super::{device_object, type_name};
use crate::error::OrRaise;
use crate::tensor::{unwrap_exact, wrap};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt};
use rushlight_core::random::{self, Generator, State};
use rushlight_core::{DType, Device, Tensor};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// Bytes of a state.
const STATE: usize = 5056;
const WORDS: usize = 624;

/// A stream of random numbers.
///
/// Example:
///     >>> import rushlight as torch
///     >>> g = torch.Generator().manual_seed(0)
///     >>> torch.rand(2, generator=g)
///     tensor([0.4963, 0.7682])
#[pyclass(name = "Generator", module = "rushlight", frozen, subclass, weakref)]
pub(crate) struct PyGenerator {
    pub(crate) generator: Generator,
}

/// The generator of a Python object, if it is one.
pub(crate) fn generator_of(object: &Bound<'_, PyAny>) -> Option<Generator> {
    object.cast::<PyGenerator>().ok().map(|g| Arc::clone(&g.get().generator))
}

#[pymethods]
impl PyGenerator {
    #[new]
    #[pyo3(signature = (device = None))]
    fn new(device: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        if let Some(device) = device
            && super::device_of(device)?.is_none()
        {
            return Err(PyTypeError::new_err(format!(
                "Generator(): argument 'device' (position 1) must be torch.device, not {}",
                type_name(device)
            )));
        }
        Ok(Self { generator: Generator::default() })
    }

    /// Start the stream anew.
    ///
    /// Args:
    ///     seed: any integer from -2**63 to 2**64 - 1; a negative one counts from 2**64.
    fn manual_seed<'py>(slf: Bound<'py, Self>, seed: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        if !seed.is_instance_of::<PyInt>() || seed.is_instance_of::<PyBool>() {
            return Err(PyRuntimeError::new_err(format!(
                "manual_seed expected a long, but got {}",
                type_name(seed)
            )));
        }
        let number = match seed.extract::<i64>() {
            Ok(negative) => negative as u64,
            Err(_) => seed
                .extract::<u64>()
                .map_err(|_| PyValueError::new_err("Overflow when unpacking long long"))?,
        };
        random::lock(&slf.get().generator).manual_seed(number);
        Ok(slf)
    }

    /// Seed from the operating system's entropy, and say with what.
    fn seed(&self) -> u64 {
        // The standard library seeds its hashers from the operating system; PyTorch's seeds have 53 bits.
        let seed = RandomState::new().hash_one(std::process::id()) & ((1 << 53) - 1);
        random::lock(&self.generator).manual_seed(seed);
        seed
    }

    /// The seed with which the stream began.
    fn initial_seed(&self) -> u64 {
        random::lock(&self.generator).initial_seed()
    }

    /// The state, as a tensor of bytes.
    fn get_state(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let bytes = to_bytes(random::lock(&self.generator).state());
        wrap(py, Tensor::from_vec(bytes, &[STATE]).or_raise()?)
    }

    /// Put the stream into a state that `get_state` gave.
    fn set_state<'py>(slf: Bound<'py, Self>, new_state: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        let Some(tensor) = unwrap_exact(new_state) else {
            return Err(PyTypeError::new_err(format!(
                "expected a torch.ByteTensor, but got {}",
                type_name(new_state)
            )));
        };
        if tensor.dtype() != DType::U8 {
            return Err(PyTypeError::new_err("RNG state must be a torch.ByteTensor"));
        }
        let bytes = tensor.to_vec::<u8>().or_raise()?;
        let state = from_bytes(&bytes)?;
        if !random::lock(&slf.get().generator).set_state(state) {
            return Err(PyRuntimeError::new_err("Invalid mt19937 state"));
        }
        Ok(slf)
    }

    /// A generator of its own in the same state.
    fn clone_state(&self) -> Self {
        let generator = Generator::default();
        let state = random::lock(&self.generator).state().clone();
        random::lock(&generator).set_state(state);
        Self { generator }
    }

    /// Where the numbers are made.
    #[getter]
    fn device(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        device_object(py, Device::Cpu)
    }
}

/// The state in PyTorch's layout: seed, `left`, `seeded`, `next`, the words (as 64-bit numbers), three normal numbers
/// of which the second is the one kept for the next call, whether it is; the same for single precision.
fn to_bytes(state: &State) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(STATE);
    bytes.extend(state.seed.to_le_bytes());
    bytes.extend(state.left.to_le_bytes());
    bytes.extend(1i32.to_le_bytes());
    bytes.extend(u64::from(state.next).to_le_bytes());
    for word in state.words {
        bytes.extend(u64::from(word).to_le_bytes());
    }
    bytes.extend(0f64.to_le_bytes());
    bytes.extend(state.next_normal_f64.unwrap_or_default().to_le_bytes());
    bytes.extend(0f64.to_le_bytes());
    bytes.extend(u64::from(state.next_normal_f64.is_some()).to_le_bytes());
    bytes.extend(state.next_normal_f32.unwrap_or_default().to_le_bytes());
    bytes.extend(u32::from(state.next_normal_f32.is_some()).to_le_bytes());
    bytes
}

fn from_bytes(bytes: &[u8]) -> PyResult<State> {
    if bytes.len() != STATE {
        return Err(PyRuntimeError::new_err("RNG state is wrong size"));
    }
    let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
    let mut words = [0; WORDS];
    for (i, word) in words.iter_mut().enumerate() {
        *word = u32_at(24 + 8 * i);
    }
    let end = 24 + 8 * WORDS;
    Ok(State {
        seed: u64_at(0),
        left: u32_at(8),
        next: u32_at(16),
        words,
        next_normal_f64: (u32_at(end + 24) != 0).then(|| f64::from_bits(u64_at(end + 8))),
        next_normal_f32: (u32_at(end + 36) & 0xff != 0).then(|| f32::from_bits(u32_at(end + 32))),
    })
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyGenerator>()?;
    m.add(
        "default_generator",
        Py::new(m.py(), PyGenerator { generator: random::default_generator().clone() })?,
    )
}
