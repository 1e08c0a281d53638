//! The trait of all modules, and what every module can do.

use std::collections::HashSet;
use std::fmt;

use rushlight_core::dtype::DTypeNames;
use rushlight_core::{DType, Result, Tensor};

use super::state::{self, IncompatibleKeys, StateDict};
use super::{Buffer, Parameter};

/// A part of a module, as [`Module::visit`] shows it.
#[derive(Clone, Copy)]
pub enum Field<'field> {
    /// What is trained.
    Parameter(&'field Parameter),
    /// State that is not trained.
    Buffer(&'field Buffer),
    /// A module of its own.
    Module(&'field dyn Module),
}

/// A network or a part of one: something with named parameters, buffers and modules.
///
/// Derive it:
///
/// ```
/// use rushlight::prelude::*;
///
/// #[derive(Module)]
/// struct Scaled {
///     scale: nn::Parameter,
///     layer: nn::Linear,
/// }
///
/// let net = Scaled { scale: nn::Parameter::new(&tensor!(2.0))?, layer: nn::Linear::new(3, 1)? };
/// let names: Vec<String> = net.named_parameters().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["scale", "layer.weight", "layer.bias"]);
/// assert_eq!(net.to_string(), "Scaled(\n  (layer): Linear(in_features=3, out_features=1, bias=True)\n)");
/// # Ok::<(), Error>(())
/// ```
///
/// Tensors are handles, so whatever changes parameters (`load_state_dict`, an optimizer, `to_dtype`) takes `&self`.
pub trait Module: Send + Sync {
    /// The module's class, as its text and its errors name it.
    fn kind(&self) -> &'static str;

    /// Shows every part under its name, in order.
    fn visit<'field>(&'field self, visitor: &mut dyn FnMut(&str, Field<'field>));

    /// Sets what depends on whether the module is being trained, here and in every part.
    fn set_training(&mut self, training: bool);

    /// What the text says beside the parts: sizes, options.
    fn extra_repr(&self) -> String {
        String::new()
    }

    /// Parameters of this module and its parts, each once, by their names joined with dots. A module's own come before
    /// those of its parts.
    fn named_parameters(&self) -> Vec<(String, Parameter)> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        walk_tensors(self, "", &mut |name, field| {
            if let Field::Parameter(parameter) = field
                && seen.insert(parameter.id())
            {
                found.push((name, parameter.clone()));
            }
        });
        found
    }

    /// [`Module::named_parameters`] without the names: what an optimizer is given.
    fn parameters(&self) -> Vec<Parameter> {
        self.named_parameters().into_iter().map(|(_, parameter)| parameter).collect()
    }

    /// Buffers of this module and its parts, each once, by name.
    fn named_buffers(&self) -> Vec<(String, Buffer)> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        walk_tensors(self, "", &mut |name, field| {
            if let Field::Buffer(buffer) = field
                && seen.insert(buffer.id())
            {
                found.push((name, buffer.clone()));
            }
        });
        found
    }

    /// Names of this module's parts that are modules, at any depth.
    fn named_modules(&self) -> Vec<(String, &dyn Module)> {
        let mut found = Vec::new();
        collect_modules(self, "", &mut found);
        found
    }

    /// All parameters and persistent buffers by name, in order, detached but sharing their data.
    fn state_dict(&self) -> StateDict {
        state::state_dict(self)
    }

    /// Copies a state into the parameters and buffers. Names and shapes have to match.
    ///
    /// # Errors
    /// `Error(s) in loading state_dict for …`, which lists missing and unexpected names and shapes that differ. What
    /// matches has been copied nevertheless, as in PyTorch.
    fn load_state_dict(&self, state: &StateDict) -> Result<()> {
        state::load(self, state, true).map(drop)
    }

    /// [`Module::load_state_dict`] that returns missing and unexpected names rather than raise for them
    /// (`strict=False`).
    ///
    /// # Errors
    /// For shapes that differ.
    fn load_matching_state_dict(&self, state: &StateDict) -> Result<IncompatibleKeys> {
        state::load(self, state, false)
    }

    /// Drops the gradients of all parameters.
    fn zero_grad(&self) {
        for parameter in self.parameters() {
            // Taking a gradient away cannot fail: the checks are for new ones.
            let _ = parameter.set_grad(None);
        }
    }

    /// Sets whether the parameters are trained.
    ///
    /// # Errors
    /// For parameters of dtypes that have no derivatives.
    fn requires_grad_(&self, on: bool) -> Result<()> {
        self.parameters().iter().try_for_each(|parameter| parameter.requires_grad_(on).map(drop))
    }

    /// Prepares for training; [`Module::eval`] for use.
    fn train(&mut self) {
        self.set_training(true);
    }

    /// Prepares for use: dropout and the like are inactive.
    fn eval(&mut self) {
        self.set_training(false);
    }

    /// Converts parameters, their gradients, and buffers of floating-point dtypes to another floating-point dtype.
    ///
    /// # Errors
    /// For dtypes that are not floating-point.
    fn to_dtype(&self, dtype: DType) -> Result<()> {
        if !dtype.is_floating_point() {
            return Err(rushlight_core::Error::type_error(format!(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={}",
                dtype.torch_name()
            )));
        }
        let mut tensors: Vec<Tensor> = self.parameters().into_iter().map(Tensor::from).collect();
        tensors.extend(self.named_buffers().into_iter().map(|(_, buffer)| buffer.tensor().clone()));
        rushlight_core::autograd::no_grad(|| {
            for tensor in tensors.iter().filter(|tensor| tensor.dtype().is_floating_point()) {
                let grad = tensor.grad_quietly().map(|grad| grad.to_dtype(dtype)).transpose()?;
                tensor.set_data(&tensor.to_dtype(dtype)?)?;
                tensor.set_grad(grad)?;
            }
            Ok(())
        })
    }
}

/// A module from one tensor to one tensor: what a [`Sequential`](super::Sequential) holds.
///
/// ```
/// use rushlight::prelude::*;
///
/// #[derive(Module)]
/// struct Square;
/// impl Forward for Square {
///     fn forward(&self, input: &Tensor) -> Result<Tensor> {
///         input.mul(input)
///     }
/// }
///
/// let net = nn::Sequential::new().then(Square).then(nn::Tanh);
/// assert_eq!(net.forward(&tensor!([0.0]))?.item()?.to_f64(), 0.0);
/// # Ok::<(), Error>(())
/// ```
pub trait Forward: Module {
    /// Computes the output.
    ///
    /// # Errors
    /// If the input does not fit the module.
    fn forward(&self, input: &Tensor) -> Result<Tensor>;
}

/// What a field of a derived module can be.
pub trait VisitField {
    /// What a list of such fields is called.
    const LIST: &'static str = "ModuleList";

    /// Shows the field to the visitor.
    fn visit_field<'field>(&'field self, name: &str, visitor: &mut dyn FnMut(&str, Field<'field>));

    /// Passes on whether the module is being trained.
    fn set_training_field(&mut self, training: bool);
}

impl VisitField for Parameter {
    const LIST: &'static str = "ParameterList";

    fn visit_field<'field>(&'field self, name: &str, visitor: &mut dyn FnMut(&str, Field<'field>)) {
        visitor(name, Field::Parameter(self));
    }

    fn set_training_field(&mut self, _training: bool) {}
}

impl VisitField for Buffer {
    const LIST: &'static str = "BufferList";

    fn visit_field<'field>(&'field self, name: &str, visitor: &mut dyn FnMut(&str, Field<'field>)) {
        visitor(name, Field::Buffer(self));
    }

    fn set_training_field(&mut self, _training: bool) {}
}

impl<M: Module> VisitField for M {
    fn visit_field<'field>(&'field self, name: &str, visitor: &mut dyn FnMut(&str, Field<'field>)) {
        visitor(name, Field::Module(self));
    }

    fn set_training_field(&mut self, training: bool) {
        self.set_training(training);
    }
}

impl<F: VisitField> VisitField for Option<F> {
    const LIST: &'static str = F::LIST;

    fn visit_field<'field>(&'field self, name: &str, visitor: &mut dyn FnMut(&str, Field<'field>)) {
        if let Some(field) = self {
            field.visit_field(name, visitor);
        }
    }

    fn set_training_field(&mut self, training: bool) {
        if let Some(field) = self {
            field.set_training_field(training);
        }
    }
}

/// A list is a module of its own, as PyTorch's `ModuleList` and `ParameterList`: its entries are named by their places.
impl<F: VisitField + Send + Sync> Module for Vec<F> {
    fn kind(&self) -> &'static str {
        F::LIST
    }

    fn visit<'field>(&'field self, visitor: &mut dyn FnMut(&str, Field<'field>)) {
        for (index, field) in self.iter().enumerate() {
            field.visit_field(&index.to_string(), visitor);
        }
    }

    fn set_training(&mut self, training: bool) {
        for field in self {
            field.set_training_field(training);
        }
    }
}

/// Names joined with a dot, as all names of parts are.
pub(super) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// Shows parameters and buffers at any depth: a module's own first, then those of its parts.
fn walk_tensors<'field, M: Module + ?Sized>(
    module: &'field M,
    prefix: &str,
    found: &mut dyn FnMut(String, Field<'field>),
) {
    let mut inner = Vec::new();
    module.visit(&mut |name, field| match field {
        Field::Module(part) => inner.push((join(prefix, name), part)),
        tensor => found(join(prefix, name), tensor),
    });
    for (name, part) in inner {
        walk_tensors(part, &name, found);
    }
}

fn collect_modules<'field, M: Module + ?Sized>(
    module: &'field M,
    prefix: &str,
    found: &mut Vec<(String, &'field dyn Module)>,
) {
    let mut inner = Vec::new();
    module.visit(&mut |name, field| {
        if let Field::Module(part) = field {
            inner.push((join(prefix, name), part));
        }
    });
    for (name, part) in inner {
        found.push((name.clone(), part));
        collect_modules(part, &name, found);
    }
}

/// Writes PyTorch's `repr` of a module: its class, sizes, and parts, indented.
///
/// # Errors
/// Those of the formatter.
pub fn write_module<M: Module + ?Sized>(module: &M, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    formatter.write_str(&repr(module))
}

fn repr<M: Module + ?Sized>(module: &M) -> String {
    let kind = module.kind();
    let mut parts: Vec<(String, String)> = Vec::new();
    let mut tensors = Vec::new();
    module.visit(&mut |name, field| match field {
        Field::Module(part) => parts.push((name.to_owned(), repr(part))),
        Field::Parameter(parameter) if kind == "ParameterList" => tensors.push(listed(name, parameter)),
        _ => {}
    });
    if !tensors.is_empty() {
        // PyTorch's own indentation of a list of parameters, odd as it is.
        return if let [only] = tensors.as_slice() {
            format!("{kind}(  {only})")
        } else {
            format!("{kind}(\n    {}\n)", tensors.join("\n    "))
        };
    }
    let parts = if kind == "ModuleList" { numbered(parts) } else { plain(parts) };
    let extra = module.extra_repr();
    let mut lines: Vec<String> =
        if extra.is_empty() { Vec::new() } else { extra.split('\n').map(str::to_owned).collect() };
    if parts.is_empty() && lines.len() < 2 {
        return format!("{kind}({extra})");
    }
    lines.extend(parts);
    format!("{kind}(\n  {}\n)", lines.join("\n  "))
}

fn listed(name: &str, parameter: &Parameter) -> String {
    let size: Vec<String> = parameter.shape().iter().map(ToString::to_string).collect();
    let size = if size.is_empty() { String::new() } else { format!(" of size {}", size.join("x")) };
    format!("({name}): Parameter containing: [{}{size}]", parameter.dtype().torch_name())
}

fn plain(parts: Vec<(String, String)>) -> Vec<String> {
    parts.into_iter().map(|(name, text)| format!("({name}): {}", indented(&text))).collect()
}

/// A `ModuleList` shows neighbours that look the same once: `(0-1): 2 x Linear(…)`.
fn numbered(parts: Vec<(String, String)>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut start = 0;
    while start < parts.len() {
        let same = parts[start..].iter().take_while(|(_, text)| *text == parts[start].1).count();
        let text = indented(&parts[start].1);
        lines.push(match same {
            1 => format!("({start}): {text}"),
            _ => format!("({start}-{}): {same} x {text}", start + same - 1),
        });
        start += same;
    }
    lines
}

/// The text with all lines but the first moved to the right.
fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}

impl fmt::Display for dyn Module + '_ {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_module(self, formatter)
    }
}
