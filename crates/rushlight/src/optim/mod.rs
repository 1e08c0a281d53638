//! Optimizers: they change parameters by their gradients.
//!
//! An optimizer keeps groups of parameters, each with options of its own, and what it remembers of each parameter. The
//! arithmetic of a step is in `rushlight_core::optim`, which Python's optimizers call as well, so that both take the same
//! steps to the bit.
//!
//! ```
//! use rushlight::prelude::*;
//!
//! let w = tensor!([1.0]).requires_grad_(true)?;
//! let mut optimizer = optim::SGD::new([&w], optim::SGDOptions::new(0.1))?;
//! (&w * &w).sum()?.backward()?;
//! optimizer.step()?;
//! assert_eq!(w.to_string(), "tensor([0.8000], requires_grad=True)");
//! # Ok::<(), Error>(())
//! ```

mod adagrad;
mod adam;
mod sgd;

pub use adagrad::{Adagrad, AdagradOptions};
pub use adam::{Adam, AdamOptions, AdamW};
pub use sgd::{SGD, SGDOptions};

use std::collections::HashSet;

use rushlight_core::warning::{Category, warn};
use rushlight_core::{Error, Result, Tensor};

/// What every optimizer can do.
pub trait Optimizer {
    /// Changes every parameter that has a gradient.
    ///
    /// # Errors
    /// If a gradient cannot be used.
    fn step(&mut self) -> Result<()>;

    /// Drops the gradients of all parameters.
    fn zero_grad(&self);

    /// Sets the learning rate of all groups.
    fn set_learning_rate(&mut self, learning_rate: f64);
}

/// Parameters that are changed with the same options.
#[derive(Clone, Debug)]
pub struct Group<O> {
    parameters: Vec<Tensor>,
    /// How they are changed; may be set between steps.
    pub options: O,
}

impl<O> Group<O> {
    /// The parameters.
    pub fn parameters(&self) -> &[Tensor] {
        &self.parameters
    }
}

/// Groups, and what is remembered of each of their parameters, in the same order.
struct Groups<O, S> {
    groups: Vec<Group<O>>,
    states: Vec<Vec<S>>,
}

impl<O, S: Default + Clone> Groups<O, S> {
    fn new<P: Into<Tensor>>(parameters: impl IntoIterator<Item = P>, options: O) -> Result<Self> {
        let mut groups = Self { groups: Vec::new(), states: Vec::new() };
        groups.add(parameters, options)?;
        Ok(groups)
    }

    fn add<P: Into<Tensor>>(&mut self, parameters: impl IntoIterator<Item = P>, options: O) -> Result<()> {
        let parameters: Vec<Tensor> = parameters.into_iter().map(Into::into).collect();
        if parameters.is_empty() && self.groups.is_empty() {
            return Err(Error::value("optimizer got an empty parameter list"));
        }
        if parameters.iter().any(|parameter| !parameter.is_leaf() && !parameter.retains_grad()) {
            return Err(Error::value("can't optimize a non-leaf Tensor"));
        }
        let unique: HashSet<usize> = parameters.iter().map(Tensor::id).collect();
        if unique.len() != parameters.len() {
            warn(
                Category::User,
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; \
                 see github.com/pytorch/pytorch/issues/40967 for more information",
            );
        }
        if self.groups.iter().flat_map(Group::parameters).any(|parameter| unique.contains(&parameter.id())) {
            return Err(Error::value("some parameters appear in more than one parameter group"));
        }
        self.states.push(vec![S::default(); parameters.len()]);
        self.groups.push(Group { parameters, options });
        Ok(())
    }

    fn zero_grad(&self) {
        for parameter in self.groups.iter().flat_map(Group::parameters) {
            // Taking a gradient away cannot fail: the checks are for new ones.
            let _ = parameter.set_grad(None);
        }
    }

    /// For each group its options, and of each parameter that has a gradient: itself, the gradient, what is remembered.
    fn iter_mut(&mut self) -> impl Iterator<Item = (&O, Vec<Trained<'_, S>>)> {
        self.groups.iter().zip(&mut self.states).map(|(group, states)| {
            let trained = group.parameters.iter().zip(states).filter_map(|(parameter, state)| {
                parameter.grad_quietly().map(|gradient| (parameter, gradient, state))
            });
            (&group.options, trained.collect())
        })
    }
}

/// What a step starts from: a tensor of the parameter's shape, filled with one value, unless it is there already.
fn remembered<'state>(
    slot: &'state mut Option<Tensor>,
    parameter: &Tensor,
    value: f64,
) -> Result<&'state Tensor> {
    match slot {
        Some(tensor) => Ok(tensor),
        None => Ok(slot.insert(parameter.detach()?.full_like(value)?)),
    }
}

/// Refuses a value that is not at least zero; not a number is not.
fn at_least_zero(what: &str, value: f64) -> Result<()> {
    if value >= 0.0 {
        return Ok(());
    }
    Err(Error::value(format!("Invalid {what}: {}", rushlight_core::printing::repr_f64(value))))
}

/// A parameter that has a gradient, the gradient, and what is remembered of the parameter.
type Trained<'groups, S> = (&'groups Tensor, Tensor, &'groups mut S);

/// The methods that every optimizer has, over its field `groups`; `$step` takes a group's options and what is trained.
macro_rules! optimizer {
    ($name:ident, $options:ident, $step:expr) => {
        impl $name {
            /// An optimizer of one group of parameters.
            ///
            /// # Errors
            /// If there are no parameters, one of them is not a leaf, or an option is out of its range.
            pub fn new<P: Into<rushlight_core::Tensor>>(
                parameters: impl IntoIterator<Item = P>,
                options: $options,
            ) -> rushlight_core::Result<Self> {
                options.check()?;
                Ok(Self { groups: super::Groups::new(parameters, options)? })
            }

            /// Adds a group of parameters with options of its own.
            ///
            /// # Errors
            /// As [`Self::new`], and if a parameter is in another group already.
            pub fn add_group<P: Into<rushlight_core::Tensor>>(
                &mut self,
                parameters: impl IntoIterator<Item = P>,
                options: $options,
            ) -> rushlight_core::Result<()> {
                options.check()?;
                self.groups.add(parameters, options)
            }

            /// The groups.
            pub fn groups(&self) -> &[super::Group<$options>] {
                &self.groups.groups
            }

            /// The groups, whose options may be changed between steps.
            pub fn groups_mut(&mut self) -> &mut [super::Group<$options>] {
                &mut self.groups.groups
            }
        }

        impl super::Optimizer for $name {
            fn step(&mut self) -> rushlight_core::Result<()> {
                self.groups.iter_mut().try_for_each(|(options, trained)| $step(options, trained))
            }

            fn zero_grad(&self) {
                self.groups.zero_grad();
            }

            fn set_learning_rate(&mut self, learning_rate: f64) {
                for group in self.groups_mut() {
                    group.options.lr = learning_rate;
                }
            }
        }
    };
}
use optimizer;
