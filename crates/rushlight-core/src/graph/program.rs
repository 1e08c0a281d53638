//! A recorded program, and running it.

use crate::dispatch::Operation;
use crate::error::{Result, bail};
use crate::layout::int_list;
use crate::tensor::{Meta, Tensor};
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;

/// The number of a value in its program.
pub type ValueId = usize;

/// One operation of a program.
#[derive(Clone)]
pub struct Instruction {
    /// What is computed.
    pub operation: Arc<dyn Operation>,
    /// From which values.
    pub inputs: Vec<ValueId>,
    /// Into which values.
    pub outputs: Vec<ValueId>,
}

/// A straight-line program over tensors of fixed shapes.
#[derive(Clone, Default)]
pub struct Program {
    pub(crate) values: Vec<Meta>,
    pub(crate) inputs: Vec<ValueId>,
    pub(crate) constants: Vec<(ValueId, Tensor)>,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) outputs: Vec<ValueId>,
}

impl Program {
    pub(crate) fn add_value(&mut self, meta: Meta) -> ValueId {
        self.values.push(meta);
        self.values.len() - 1
    }

    /// Operations, in the order in which they run.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// Shape and dtype of a value.
    pub fn meta(&self, value: ValueId) -> &Meta {
        &self.values[value]
    }

    /// The program's inputs.
    pub fn inputs(&self) -> &[ValueId] {
        &self.inputs
    }

    /// The program's results.
    pub fn outputs(&self) -> &[ValueId] {
        &self.outputs
    }

    /// Computes the results for given inputs.
    ///
    /// # Errors
    /// If number, shapes or dtypes of the inputs are not those of the trace, and whatever an operation raises.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        if inputs.len() != self.inputs.len() {
            bail!(Type, "the program takes {} inputs, got {}", self.inputs.len(), inputs.len());
        }
        let mut uses = vec![0usize; self.values.len()];
        for instruction in &self.instructions {
            for &input in &instruction.inputs {
                uses[input] += 1;
            }
        }
        for &output in &self.outputs {
            uses[output] += 1;
        }
        let mut values: Vec<Option<Tensor>> = vec![None; self.values.len()];
        for (&value, input) in self.inputs.iter().zip(inputs) {
            let meta = &self.values[value];
            if meta.shape() != input.shape() || meta.dtype != input.dtype() {
                bail!(
                    Runtime,
                    "the program was traced for {}, got {}",
                    meta.describe(),
                    input.meta().describe()
                );
            }
            values[value] = Some(input.clone());
        }
        for (value, constant) in &self.constants {
            values[*value] = Some(constant.clone());
        }
        for instruction in &self.instructions {
            let operands = instruction
                .inputs
                .iter()
                .map(|&i| values[i].clone().ok_or_else(|| missing(i)))
                .collect::<Result<SmallVec<[Tensor; 3]>>>()?;
            for &input in &instruction.inputs {
                uses[input] -= 1;
                if uses[input] == 0 {
                    values[input] = None;
                }
            }
            let references: SmallVec<[&Tensor; 3]> = operands.iter().collect();
            let results = crate::dispatch::run(&*instruction.operation, &references)?;
            for (&output, result) in instruction.outputs.iter().zip(results) {
                values[output] = Some(result);
            }
        }
        self.outputs.iter().map(|&o| values[o].clone().ok_or_else(|| missing(o))).collect()
    }
}

#[cold]
fn missing(value: ValueId) -> crate::Error {
    crate::Error::runtime(format!("value {value} of the program was not computed"))
}

impl fmt::Display for Program {
    /// One line per operation: `v3 = mul(v1, v2)  # [2]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |ids: &[ValueId]| ids.iter().map(|i| format!("v{i}")).collect::<Vec<_>>();
        writeln!(f, "inputs: {}", names(&self.inputs).join(", "))?;
        for instruction in &self.instructions {
            writeln!(
                f,
                "{} = {}  # {}",
                names(&instruction.outputs).join(", "),
                instruction.operation.print(&names(&instruction.inputs)),
                int_list(self.values[instruction.outputs[0]].shape())
            )?;
        }
        write!(f, "outputs: {}", names(&self.outputs).join(", "))
    }
}
