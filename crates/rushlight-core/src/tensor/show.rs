//! Printing: `Display` is PyTorch's `repr`.

use super::{Special, Tensor};
use crate::dtype::{DTypeNames, default_dtype};
use crate::printing::{self, Class, Description, Gradient, Source, Value, format_tensor};
use crate::scalar::Scalar;
use std::fmt;

/// The elements of a dense tensor, one at a time.
struct Elements<'a>(&'a Tensor);

impl Source for Elements<'_> {
    fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    fn value(&self, index: &[usize]) -> Value {
        match self.0.scalar_at(index) {
            Ok(Scalar::Bool(b)) => Value::Bool(b),
            Ok(Scalar::Int(i)) => Value::Int(i),
            Ok(Scalar::Float(f)) => Value::Float(f),
            Err(_) => Value::Float(f64::NAN),
        }
    }
}

impl Tensor {
    /// PyTorch's `repr` of this tensor, as an instance of a class.
    pub fn show(&self, class: Class<'_>) -> String {
        match self.special() {
            Some(Special::Batched { level, dim, inner }) => {
                return printing::format_batched(level, dim, &inner.show(Class::Tensor));
            }
            Some(Special::Lifted { level, inner }) => {
                return printing::format_gradient_tracking(level, &inner.show(Class::Tensor));
            }
            Some(Special::Traced(_)) => {
                return format!(
                    "<traced tensor, shape {}, dtype {}>",
                    crate::layout::int_list(self.shape()),
                    self.dtype().torch_name()
                );
            }
            None => {}
        }
        let name = |torch_name: &'static str| torch_name.trim_start_matches("torch.");
        let grad_fn = self.grad_fn();
        let node = grad_fn.as_ref().map(|g| g.node.name());
        let gradient = match &node {
            Some(node) => Gradient::Function(node),
            None if self.requires_grad() => Gradient::Required,
            None => Gradient::None,
        };
        let tangent = self.tangent().map(|t| {
            if t.rank() == 0 {
                match t.item() {
                    Ok(Scalar::Float(f)) => printing::repr_f64(f),
                    Ok(Scalar::Int(i)) => i.to_string(),
                    _ => t.show(Class::Tensor),
                }
            } else {
                t.show(Class::Tensor)
            }
        });
        let description = Description {
            dtype: name(self.dtype().torch_name()),
            default_dtype: name(default_dtype().torch_name()),
            device: None,
            class,
            gradient,
            tangent: tangent.as_deref(),
        };
        format_tensor(&Elements(self), &description)
    }
}

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show(Class::Tensor))
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
