//! Passes over recorded programs: each leaves the results as they are and makes the program smaller.

use super::program::{Instruction, Program, ValueId};
use crate::autograd::GradMode;
use crate::error::Result;
use crate::tensor::Tensor;
use smallvec::SmallVec;
use std::any::TypeId;
use std::collections::HashMap;

/// Results of constant instructions that are larger than this are computed anew in each run rather than kept.
const LARGEST_KEPT: usize = 1 << 20;

impl Program {
    /// All passes, in an order that makes one round enough.
    pub(crate) fn simplify(&mut self) -> Result<()> {
        self.share_constants();
        self.fold_constants()?;
        self.share_common_subexpressions();
        self.drop_dead_code();
        Ok(())
    }

    /// Makes one value of constants that are the same tensor.
    fn share_constants(&mut self) {
        let mut same: Vec<ValueId> = (0..self.values.len()).collect();
        let mut first: HashMap<(usize, Vec<usize>, Vec<isize>, crate::DType), ValueId> = HashMap::new();
        for (value, tensor) in &self.constants {
            // An empty tensor's address says nothing.
            if tensor.numel() != 0 && !tensor.meta().wrapped_number {
                let key =
                    (tensor.data_ptr(), tensor.shape().to_vec(), tensor.strides().to_vec(), tensor.dtype());
                same[*value] = *first.entry(key).or_insert(*value);
            }
        }
        self.rename(&same);
    }

    /// Computes now what depends on constants only.
    fn fold_constants(&mut self) -> Result<()> {
        let _mode = GradMode::set(false);
        let mut constants: HashMap<ValueId, Tensor> = self.constants.iter().cloned().collect();
        let mut kept = Vec::with_capacity(self.instructions.len());
        for instruction in std::mem::take(&mut self.instructions) {
            let operands: Option<SmallVec<[Tensor; 3]>> =
                instruction.inputs.iter().map(|input| constants.get(input).cloned()).collect();
            let small = instruction.outputs.iter().all(|&output| {
                let meta = &self.values[output];
                meta.elements() * meta.dtype.size() <= LARGEST_KEPT
            });
            let Some(operands) = operands.filter(|_| small) else {
                kept.push(instruction);
                continue;
            };
            let operands: SmallVec<[&Tensor; 3]> = operands.iter().collect();
            let results = crate::dispatch::run(&*instruction.operation, &operands)?;
            for (&output, result) in instruction.outputs.iter().zip(results) {
                constants.insert(output, result.clone());
                self.constants.push((output, result));
            }
        }
        self.instructions = kept;
        Ok(())
    }

    /// Computes once what is computed twice from the same values. Only operations without arguments besides tensors can
    /// be told equal; of others, equal nodes of a graph are merged before they are traced.
    fn share_common_subexpressions(&mut self) {
        let mut same: Vec<ValueId> = (0..self.values.len()).collect();
        let mut first: HashMap<(TypeId, Vec<ValueId>), Vec<ValueId>> = HashMap::new();
        let mut kept: Vec<Instruction> = Vec::with_capacity(self.instructions.len());
        for mut instruction in std::mem::take(&mut self.instructions) {
            for input in &mut instruction.inputs {
                *input = same[*input];
            }
            if let Some(identity) = instruction.operation.identity() {
                let key = (identity, instruction.inputs.clone());
                if let Some(outputs) = first.get(&key) {
                    for (own, other) in instruction.outputs.iter().zip(outputs) {
                        same[*own] = *other;
                    }
                    continue;
                }
                first.insert(key, instruction.outputs.clone());
            }
            kept.push(instruction);
        }
        self.instructions = kept;
        for output in &mut self.outputs {
            *output = same[*output];
        }
    }

    /// Puts one value in the place of another wherever it is read.
    fn rename(&mut self, same: &[ValueId]) {
        let read = self.instructions.iter_mut().flat_map(|i| &mut i.inputs).chain(&mut self.outputs);
        for value in read {
            *value = same[*value];
        }
    }

    /// Removes instructions and constants whose results nobody uses.
    pub(crate) fn drop_dead_code(&mut self) {
        let mut live = vec![false; self.values.len()];
        for &output in &self.outputs {
            live[output] = true;
        }
        let mut kept: Vec<Instruction> = Vec::with_capacity(self.instructions.len());
        for instruction in self.instructions.drain(..).rev() {
            if instruction.outputs.iter().any(|&o| live[o]) {
                for &input in &instruction.inputs {
                    live[input] = true;
                }
                kept.push(instruction);
            }
        }
        kept.reverse();
        self.instructions = kept;
        self.constants.retain(|(value, _)| live[*value]);
    }
}
