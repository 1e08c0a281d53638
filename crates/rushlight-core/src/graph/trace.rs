//! The tracer.

use super::program::{Instruction, Program, ValueId};
use crate::dispatch::{Metas, Operation};
use crate::error::{Error, Result, bail};
use crate::storage::Storage;
use crate::tensor::{Meta, Special, Tensor, TensorVec, flag};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A program while it is being recorded.
///
/// ```
/// use rushlight_core::{DType, Tensor, graph::Trace};
/// let trace = Trace::new();
/// let x = trace.input(&[2], DType::F32)?;
/// let y = x.mul(&x)?.add(1.0)?;
/// let program = trace.finish(&[y])?;
/// let result = program.run(&[Tensor::from_slice(&[2.0f32, 3.0])])?;
/// assert_eq!(result[0].to_vec::<f32>()?, [5.0, 10.0]);
/// # Ok::<(), rushlight_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Trace(Arc<Mutex<Program>>);

/// A value of a trace: what a traced tensor stands for.
#[derive(Clone)]
pub(crate) struct TracedValue {
    trace: Trace,
    value: ValueId,
}

impl Trace {
    /// An empty program.
    pub fn new() -> Self {
        Self::default()
    }

    fn program(&self) -> MutexGuard<'_, Program> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An input of the program.
    ///
    /// # Errors
    /// None today; memory for the handle.
    pub fn input(&self, shape: &[usize], dtype: crate::DType) -> Result<Tensor> {
        let meta = Meta::contiguous(shape, dtype);
        let value = {
            let mut program = self.program();
            let value = program.add_value(meta.clone());
            program.inputs.push(value);
            value
        };
        self.tensor(value, meta)
    }

    /// A tensor that stands for a value.
    fn tensor(&self, value: ValueId, meta: Meta) -> Result<Tensor> {
        let tensor = Tensor::from_parts(meta, Storage::allocate(0)?);
        self.stand_for(&tensor, value);
        Ok(tensor)
    }

    fn stand_for(&self, tensor: &Tensor, value: ValueId) {
        let traced = TracedValue { trace: self.clone(), value };
        tensor.with_extra(|e| e.special = Some(Special::Traced(traced)));
        tensor.set_flag(flag::SPECIAL, true);
    }

    /// The value that a tensor stands for in this trace; a dense tensor becomes a constant.
    fn value_of(&self, tensor: &Tensor) -> Result<ValueId> {
        match tensor.special() {
            Some(Special::Traced(v)) if Arc::ptr_eq(&v.trace.0, &self.0) => Ok(v.value),
            Some(Special::Traced(_)) => {
                Err(Error::runtime("a tensor of one trace was used in another trace"))
            }
            Some(_) => {
                Err(Error::runtime("a tensor of a transform was used in a trace after it had returned"))
            }
            None => {
                let mut program = self.program();
                let value = program.add_value(tensor.meta().clone());
                program.constants.push((value, tensor.detach_quietly()));
                Ok(value)
            }
        }
    }

    /// The program that computes the given outputs.
    ///
    /// # Errors
    /// If an output belongs to another trace.
    pub fn finish(&self, outputs: &[Tensor]) -> Result<Program> {
        let values = outputs.iter().map(|t| self.value_of(t)).collect::<Result<Vec<_>>>()?;
        let mut program = self.program().clone();
        program.outputs = values;
        program.drop_dead_code();
        Ok(program)
    }
}

fn trace_of(tensors: &[&Tensor]) -> Option<Trace> {
    tensors.iter().find_map(|t| match t.special() {
        Some(Special::Traced(v)) => Some(v.trace),
        _ => None,
    })
}

/// Appends an operation to the trace of its inputs, and gives its values.
fn append(operation: &dyn Operation, inputs: &[&Tensor], trace: &Trace) -> Result<Vec<(ValueId, Meta)>> {
    if operation.is_data_dependent() {
        bail!(Runtime, "{} cannot be traced: the shape of its result depends on data", operation.name());
    }
    let metas = match operation.view(inputs[0].layout())? {
        Some(layouts) if operation.is_view() => {
            // A traced value has no strides of its own: the layout is what a row-major result would have.
            layouts.iter().map(|l| Meta::contiguous(l.shape(), inputs[0].dtype())).collect::<Metas>()
        }
        _ => {
            let metas: Vec<&Meta> = inputs.iter().map(|t| t.meta()).collect();
            let mut outputs = Metas::new();
            operation.infer(&metas, &mut outputs)?;
            outputs.iter().map(|m| Meta::contiguous(m.shape(), m.dtype)).collect()
        }
    };
    let values = inputs.iter().map(|t| trace.value_of(t)).collect::<Result<Vec<_>>>()?;
    let mut program = trace.program();
    let outputs: Vec<ValueId> = metas.iter().map(|meta| program.add_value(meta.clone())).collect();
    program.instructions.push(Instruction {
        operation: operation.share(),
        inputs: values,
        outputs: outputs.clone(),
    });
    Ok(outputs.into_iter().zip(metas).collect())
}

/// The lowest layer for traced tensors.
pub(crate) fn record(operation: &dyn Operation, inputs: &[&Tensor]) -> Result<TensorVec> {
    let Some(trace) = trace_of(inputs) else {
        return Err(Error::runtime("a tensor of a transform was used after the transform had returned"));
    };
    append(operation, inputs, &trace)?.into_iter().map(|(value, meta)| trace.tensor(value, meta)).collect()
}

/// An in-place change of a traced tensor: the tensor stands for the new value from now on.
pub(crate) fn record_in_place(operation: &dyn Operation, target: &Tensor, inputs: &[&Tensor]) -> Result<()> {
    if target.flags() & flag::SPECIAL == 0 {
        bail!(Runtime, "a tensor with data cannot be changed in place by a traced value");
    }
    if target.is_view() || target.flags() & flag::HAS_VIEWS != 0 {
        bail!(
            NotImplemented,
            "an in-place change of a view, or of a tensor that has views, cannot be traced; write it out of place"
        );
    }
    let mut all = vec![target];
    all.extend_from_slice(inputs);
    let Some(trace) = trace_of(&all) else {
        return Err(Error::runtime("a tensor of a transform was used after the transform had returned"));
    };
    let results = append(operation, inputs, &trace)?;
    let (value, meta) = &results[0];
    if meta.shape() != target.shape() || meta.dtype != target.dtype() {
        bail!(
            Runtime,
            "output with shape {} doesn't match the broadcast shape {}",
            crate::layout::int_list(target.shape()),
            crate::layout::int_list(meta.shape())
        );
    }
    trace.stand_for(target, *value);
    Ok(())
}
