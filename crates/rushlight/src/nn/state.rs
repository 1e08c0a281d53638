//! The state of a module: parameters and buffers by name, taken out and put back.

use std::collections::HashMap;
use std::fmt;

use rushlight_core::autograd::no_grad;
use rushlight_core::layout::int_list;
use rushlight_core::{Error, Result, Tensor};

use super::module::join;
use super::{Field, Module};

/// Tensors by name, in the order in which they were put in.
///
/// ```
/// use rushlight::prelude::*;
///
/// let layer = nn::Linear::new(2, 1)?;
/// let state = layer.state_dict();
/// assert_eq!(state.keys().collect::<Vec<_>>(), ["weight", "bias"]);
///
/// let other = nn::Linear::new(2, 1)?;
/// other.load_state_dict(&state)?;
/// assert_eq!(other.weight.to_vec::<f32>()?, layer.weight.to_vec::<f32>()?);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct StateDict {
    entries: Vec<(String, Tensor)>,
    places: HashMap<String, usize>,
}

impl StateDict {
    /// A state without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a tensor in under a name, at the end unless the name is there already; returns what it replaces.
    pub fn insert(&mut self, name: impl Into<String>, tensor: Tensor) -> Option<Tensor> {
        let name = name.into();
        if let Some(&place) = self.places.get(&name) {
            return Some(std::mem::replace(&mut self.entries[place].1, tensor));
        }
        self.places.insert(name.clone(), self.entries.len());
        self.entries.push((name, tensor));
        None
    }

    /// Takes the tensor of a name out.
    pub fn remove(&mut self, name: &str) -> Option<Tensor> {
        let place = self.places.remove(name)?;
        for later in self.places.values_mut().filter(|later| **later > place) {
            *later -= 1;
        }
        Some(self.entries.remove(place).1)
    }

    /// The tensor of a name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.places.get(name).map(|&place| &self.entries[place].1)
    }

    /// Names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// Names and tensors, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.entries.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<N: Into<String>> FromIterator<(N, Tensor)> for StateDict {
    fn from_iter<I: IntoIterator<Item = (N, Tensor)>>(entries: I) -> Self {
        let mut state = Self::new();
        for (name, tensor) in entries {
            state.insert(name, tensor);
        }
        state
    }
}

impl IntoIterator for StateDict {
    type Item = (String, Tensor);
    type IntoIter = std::vec::IntoIter<(String, Tensor)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

/// Names that a module and a state do not share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncompatibleKeys {
    /// What the module has and the state has not.
    pub missing_keys: Vec<String>,
    /// What the state has and the module has not.
    pub unexpected_keys: Vec<String>,
}

impl fmt::Display for IncompatibleKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.missing_keys.is_empty() && self.unexpected_keys.is_empty() {
            return formatter.write_str("<All keys matched successfully>");
        }
        let list = |names: &[String]| {
            let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
            format!("[{}]", quoted.join(", "))
        };
        write!(
            formatter,
            "IncompatibleKeys(missing_keys={}, unexpected_keys={})",
            list(&self.missing_keys),
            list(&self.unexpected_keys)
        )
    }
}

/// A module's own state (parameters before persistent buffers, as PyTorch keeps them), and its parts.
struct Parts<'field> {
    own: Vec<(String, &'field Tensor)>,
    modules: Vec<(String, &'field dyn Module)>,
}

impl<'field> Parts<'field> {
    fn of<M: Module + ?Sized>(module: &'field M) -> Self {
        let (mut own, mut buffers, mut modules) = (Vec::new(), Vec::new(), Vec::new());
        module.visit(&mut |name, field| match field {
            Field::Parameter(parameter) => own.push((name.to_owned(), parameter.tensor())),
            Field::Buffer(buffer) if buffer.is_persistent() => {
                buffers.push((name.to_owned(), buffer.tensor()));
            }
            Field::Buffer(_) => {}
            Field::Module(part) => modules.push((name.to_owned(), part)),
        });
        own.append(&mut buffers);
        Self { own, modules }
    }
}

pub(super) fn state_dict<M: Module + ?Sized>(module: &M) -> StateDict {
    fn collect(parts: &Parts<'_>, prefix: &str, state: &mut StateDict) {
        for (name, tensor) in &parts.own {
            // Outside of every transform and always dense: a parameter's data shares its version counter.
            let detached = tensor.detach().unwrap_or_else(|_| tensor.data());
            state.insert(join(prefix, name), detached);
        }
        for (name, part) in &parts.modules {
            collect(&Parts::of(*part), &join(prefix, name), state);
        }
    }
    let mut state = StateDict::new();
    collect(&Parts::of(module), "", &mut state);
    state
}

pub(super) fn load<M: Module + ?Sized>(
    module: &M,
    state: &StateDict,
    strict: bool,
) -> Result<IncompatibleKeys> {
    let mut loader = Loader { state, keys: IncompatibleKeys::default(), errors: Vec::new() };
    loader.load(&Parts::of(module), "");
    let Loader { keys, mut errors, .. } = loader;
    if strict {
        for (kind, names) in [("Unexpected", &keys.unexpected_keys), ("Missing", &keys.missing_keys)] {
            if !names.is_empty() {
                let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
                errors.insert(0, format!("{kind} key(s) in state_dict: {}. ", quoted.join(", ")));
            }
        }
    }
    if errors.is_empty() {
        return Ok(keys);
    }
    Err(Error::runtime(format!(
        "Error(s) in loading state_dict for {}:\n\t{}",
        module.kind(),
        errors.join("\n\t")
    )))
}

struct Loader<'state> {
    state: &'state StateDict,
    keys: IncompatibleKeys,
    errors: Vec<String>,
}

impl Loader<'_> {
    fn load(&mut self, parts: &Parts<'_>, prefix: &str) {
        for (name, current) in &parts.own {
            let key = join(prefix, name);
            match self.state.get(&key) {
                Some(given) => self.load_one(&key, current, given),
                None => self.keys.missing_keys.push(key),
            }
        }
        for key in self.state.keys() {
            let below = if prefix.is_empty() {
                Some(key)
            } else {
                key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'))
            };
            let known = match below.map(|below| below.split_once('.').ok_or(below)) {
                None => true,
                Some(Ok((part, _))) => parts.modules.iter().any(|(name, _)| name == part),
                Some(Err(name)) => parts.own.iter().any(|(own, _)| own == name),
            };
            if !known {
                self.keys.unexpected_keys.push(key.to_owned());
            }
        }
        for (name, part) in &parts.modules {
            self.load(&Parts::of(*part), &join(prefix, name));
        }
    }

    fn load_one(&mut self, key: &str, current: &Tensor, given: &Tensor) {
        // States from before PyTorch 0.4 keep scalars with one dimension.
        let old_scalar = current.rank() == 0 && given.shape() == [1];
        if given.shape() != current.shape() && !old_scalar {
            self.errors.push(format!(
                "size mismatch for {key}: copying a param with shape torch.Size({}) from checkpoint, the shape in \
                 current model is torch.Size({}).",
                int_list(given.shape()),
                int_list(current.shape())
            ));
            return;
        }
        let copied =
            no_grad(|| if old_scalar { current.copy_(&given.reshape(&[])?) } else { current.copy_(given) });
        if let Err(error) = copied {
            self.errors.push(format!(
                "While copying the parameter named \"{key}\", whose dimensions in the model are torch.Size({}) and \
                 whose dimensions in the checkpoint are torch.Size({}), an exception occurred : ('{error}',).",
                int_list(current.shape()),
                int_list(given.shape())
            ));
        }
    }
}
