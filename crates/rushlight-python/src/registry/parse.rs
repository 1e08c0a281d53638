//! The one parser: a call's arguments against a signature.
//!
//! It allocates nothing for tensors and numbers. Keywords are compared by address first: names in a program are interned,
//! and so are the signatures'.

use super::convert::{self, Refusal};
use super::overrides::{Overridden, plain_tensor};
use super::schema::{Kind, Parameter, Role, Signature};
use crate::tensor::unwrap_exact;
use pyo3::ffi;
use pyo3::prelude::*;
use rushlight_core::Tensor;
use rushlight_core::registry::Value;
use smallvec::SmallVec;

/// The arguments of a call as Python passes them: positional ones, then the keywords' values.
#[derive(Clone, Copy)]
pub(super) struct Call<'py> {
    pub(super) py: Python<'py>,
    pub(super) arguments: *const *mut ffi::PyObject,
    pub(super) positional: usize,
    /// Null or a tuple of names.
    pub(super) names: *mut ffi::PyObject,
    pub(super) keywords: usize,
}

impl<'py> Call<'py> {
    #[inline]
    fn at(&self, i: usize) -> &Bound<'py, PyAny> {
        // SAFETY: Python keeps the arguments alive during the call; `i` is below their number.
        unsafe { Bound::ref_from_ptr(self.py, &*self.arguments.add(i)) }
    }

    /// Argument `i` by position.
    #[inline]
    pub(super) fn positional(&self, i: usize) -> Option<&Bound<'py, PyAny>> {
        (i < self.positional).then(|| self.at(i))
    }

    /// The name and the value of keyword `i`.
    pub(super) fn keyword(&self, i: usize) -> (Bound<'py, PyAny>, &Bound<'py, PyAny>) {
        // SAFETY: `names` is a tuple with that many names.
        let name = unsafe {
            Bound::from_borrowed_ptr(self.py, ffi::PyTuple_GetItem(self.names, i as ffi::Py_ssize_t))
        };
        (name, self.at(self.positional + i))
    }

    /// The keyword argument of a parameter.
    #[inline]
    fn named(&self, parameter: &Parameter) -> Option<&Bound<'py, PyAny>> {
        if self.keywords == 0 {
            return None;
        }
        self.find(parameter)
    }

    fn find(&self, parameter: &Parameter) -> Option<&Bound<'py, PyAny>> {
        for keyword in &parameter.keywords {
            for i in 0..self.keywords {
                // SAFETY: `names` is a tuple with that many names.
                let name = unsafe { ffi::PyTuple_GetItem(self.names, i as ffi::Py_ssize_t) };
                if name == keyword.as_ptr() {
                    return Some(self.at(self.positional + i));
                }
            }
        }
        // Names that were made at run time (`f(**{"d" + "im": 0})`) are other objects.
        for keyword in &parameter.keywords {
            for i in 0..self.keywords {
                let (name, value) = self.keyword(i);
                if name.eq(keyword).unwrap_or(false) {
                    return Some(value);
                }
            }
        }
        None
    }
}

/// Parsed arguments.
#[derive(Default)]
pub(super) struct Parsed<'py> {
    pub(super) values: SmallVec<[Value; 6]>,
    pub(super) out: Value,
    pub(super) requires_grad: bool,
    pub(super) overridden: Overridden<'py>,
}

/// Why a call does not fit a signature; what the message needs, so that no text is made for an overload that is tried.
pub(super) enum Mismatch {
    TooManyPositional,
    /// From this parameter on, what is required is missing.
    Missing(usize),
    /// The parameter, whether it came by keyword, the element of the list.
    Kind {
        parameter: usize,
        position: Option<usize>,
        element: Option<usize>,
    },
    UnexpectedKeyword,
    Error(PyErr),
}

/// Parses a call. `receiver` is the object of a method, which is its first argument.
#[inline]
pub(super) fn parse<'py>(
    signature: &Signature,
    call: &Call<'py>,
    receiver: Option<&Tensor>,
    parsed: &mut Parsed<'py>,
) -> Result<(), Mismatch> {
    let mut variadic = signature.variadic || signature.variadic_tensors;
    if call.positional > signature.max_positional && !variadic {
        return Err(Mismatch::TooManyPositional);
    }
    if let Some(receiver) = receiver {
        parsed.values.push(Value::Tensor(receiver.clone()));
    }
    let mut position = 0;
    let mut keywords = call.keywords;
    for (i, parameter) in signature.parameters.iter().enumerate() {
        let by_position = position < call.positional;
        let object = if by_position {
            if parameter.keyword_only {
                return Err(Mismatch::TooManyPositional);
            }
            Some(call.at(position))
        } else {
            call.named(parameter)
        };
        let Some(object) = object else {
            match &parameter.default {
                // What goes elsewhere is there already.
                Some((default, _)) if parameter.role == Role::Argument => parsed.values.push(default.clone()),
                Some(_) => {}
                None => return Err(Mismatch::Missing(i)),
            }
            continue;
        };
        // Most arguments, without a detour.
        if parameter.kind == Kind::Tensor
            && parameter.role == Role::Argument
            && let Some(tensor) = plain_tensor(object)
        {
            parsed.values.push(Value::Tensor(tensor.clone()));
            if by_position {
                position += 1;
            } else {
                keywords -= 1;
            }
            continue;
        }
        let value = if parameter.allow_none && object.is_none() {
            Value::None
        } else {
            match convert::convert(parameter, i, object, &mut parsed.overridden) {
                Ok(value) => value,
                Err(refusal) => {
                    let variadic_here = variadic && i == 0 && by_position && position == 0;
                    let value = refused(parameter, i, object, call, refusal, variadic_here, by_position)?;
                    variadic = false;
                    position = call.positional;
                    store(parameter, value, parsed);
                    continue;
                }
            }
        };
        if by_position {
            position += 1;
        } else {
            keywords -= 1;
        }
        store(parameter, value, parsed);
    }
    if position < call.positional {
        return Err(Mismatch::TooManyPositional);
    }
    if keywords > 0 {
        return Err(Mismatch::UnexpectedKeyword);
    }
    Ok(())
}

#[inline]
fn store(parameter: &Parameter, value: Value, parsed: &mut Parsed<'_>) {
    match parameter.role {
        Role::Argument => parsed.values.push(value),
        role => store_elsewhere(role, value, parsed),
    }
}

fn store_elsewhere(role: Role, value: Value, parsed: &mut Parsed<'_>) {
    match role {
        Role::Out => parsed.out = value,
        Role::RequiresGrad => parsed.requires_grad = matches!(value, Value::Bool(true)),
        Role::Argument | Role::Ignored => {}
    }
}

/// An argument that is not of the parameter's kind: perhaps the first of several integers (`x.view(2, 3)`).
fn refused(
    parameter: &Parameter,
    i: usize,
    object: &Bound<'_, PyAny>,
    call: &Call<'_>,
    refusal: Refusal,
    variadic: bool,
    by_position: bool,
) -> Result<Value, Mismatch> {
    let position = by_position.then_some(i);
    match refusal {
        Refusal::Error(error) => Err(Mismatch::Error(error)),
        Refusal::Element(element) => {
            Err(Mismatch::Kind { parameter: i, position, element: Some(element).filter(|_| by_position) })
        }
        Refusal::Kind if variadic && parameter.kind == Kind::Ints && convert::index(object).is_ok() => {
            let all = convert::ints_of(parameter, call.positional, |k| Ok(call.at(k).clone()));
            all.map_err(|refusal| match refusal {
                Refusal::Error(error) => Mismatch::Error(error),
                _ => Mismatch::Kind { parameter: i, position, element: None },
            })
        }
        Refusal::Kind if variadic && parameter.kind == Kind::Tensors && unwrap_exact(object).is_some() => {
            let all = (0..call.positional).map(|k| unwrap_exact(call.at(k)).cloned());
            let all: Option<Vec<Tensor>> = all.collect();
            all.map(Value::Tensors).ok_or(Mismatch::Kind { parameter: i, position, element: None })
        }
        Refusal::Kind => Err(Mismatch::Kind { parameter: i, position, element: None }),
    }
}
