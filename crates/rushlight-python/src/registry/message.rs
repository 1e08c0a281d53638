//! What a call that fits no signature is told: PyTorch's words, to the character.
//!
//! PyTorch makes the longer of its messages from the printed signatures, splitting them at commas, so that `*` counts as
//! an argument and a default's value as its name. What it says about a call follows from that, so it is done so here.

use super::parse::{Call, Mismatch};
use super::schema::Signature;
use crate::types::type_name;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

/// The message of a call that does not fit the only signature that it could mean.
pub(super) fn mismatch(name: &str, signature: &Signature, call: &Call<'_>, mismatch: Mismatch) -> PyErr {
    let text = match mismatch {
        Mismatch::Error(error) => return error,
        Mismatch::TooManyPositional => too_many(name, signature, call.positional),
        Mismatch::Missing(from) => missing(name, signature, from),
        Mismatch::Kind { parameter, position, element } => {
            let parameter = &signature.parameters[parameter];
            let place = match position {
                Some(position) => format!(" (position {})", position + 1),
                None => String::new(),
            };
            let object = match position {
                Some(position) => call.positional(position).cloned(),
                None => keyword(call, &parameter.name),
            };
            let (what, at) = match (&object, element) {
                (Some(list), Some(element)) => match list.get_item(element) {
                    Ok(item) => (
                        format!("but found element of type {}", type_name(&item)),
                        format!(" at pos {element}"),
                    ),
                    Err(_) => (format!("not {}", type_name(list)), String::new()),
                },
                (Some(object), None) => (format!("not {}", type_name(object)), String::new()),
                (None, _) => ("not given".to_owned(), String::new()),
            };
            format!(
                "{name}(): argument '{}'{place} must be {}, {what}{at}",
                parameter.name,
                parameter.kind.text()
            )
        }
        Mismatch::UnexpectedKeyword => unexpected(name, signature, call),
    };
    PyTypeError::new_err(text)
}

fn keyword<'py>(call: &Call<'py>, name: &str) -> Option<Bound<'py, PyAny>> {
    let mut given = (0..call.keywords).map(|i| call.keyword(i));
    let exact = given.find(|(key, _)| key.to_string() == name).map(|(_, value)| value.clone());
    exact.or_else(|| (call.keywords > 0).then(|| call.keyword(0).1.clone()))
}

fn too_many(name: &str, signature: &Signature, given: usize) -> String {
    let (min, max) = (signature.min_arguments, signature.max_positional);
    if min == max {
        let plural = if max == 1 { "" } else { "s" };
        let were = if given == 1 { "was" } else { "were" };
        format!("{name}() takes {max} positional argument{plural} but {given} {were} given")
    } else {
        format!("{name}() takes from {min} to {max} positional arguments but {given} were given")
    }
}

fn missing(name: &str, signature: &Signature, from: usize) -> String {
    let names: Vec<String> = signature.parameters[from..]
        .iter()
        .filter(|p| !p.is_optional())
        .map(|p| format!("\"{}\"", p.name))
        .collect();
    // The plural is on the wrong one in PyTorch.
    let plural = if names.len() == 1 { "s" } else { "" };
    format!("{name}() missing {} required positional argument{plural}: {}", names.len(), names.join(", "))
}

fn unexpected(name: &str, signature: &Signature, call: &Call<'_>) -> String {
    for i in 0..call.keywords {
        let key = call.keyword(i).0.to_string();
        match signature.parameters.iter().position(|p| p.name == key) {
            None => return format!("{name}() got an unexpected keyword argument '{key}'"),
            Some(place) if place < call.positional => {
                return format!("{name}() got multiple values for argument '{key}'");
            }
            Some(_) => {}
        }
    }
    "invalid keyword arguments".to_owned()
}

/// The message of a call that fits none of several signatures.
pub(super) fn invalid_combination(name: &str, signatures: &[&Signature], call: &Call<'_>) -> PyErr {
    let given = Given::of(call);
    let mut text = format!("{name}() received an invalid combination of arguments - ");
    if let [only] = signatures {
        let option = Printed::of(only);
        let unmatched = option.unmatched(&given);
        if unmatched.is_empty() {
            let got = if option.counts(&given) { option.describe(&given) } else { given.describe() };
            text += &format!("got {got}, but expected {}", option.text);
        } else {
            text += &format!("got unrecognized keyword arguments: {}", unmatched.join(", "));
        }
        return PyTypeError::new_err(text);
    }
    text += &format!("got {}, but expected one of:\n", given.describe());
    for signature in signatures {
        let option = Printed::of(signature);
        text += &format!(" * {}\n", option.text);
        if option.counts(&given) {
            let unmatched = option.unmatched(&given);
            text += "      didn't match because some of the ";
            if unmatched.is_empty() {
                text += &format!("arguments have invalid types: {}\n", option.describe(&given));
            } else {
                text += &format!("keywords were incorrect: {}\n", unmatched.join(", "));
            }
        }
    }
    PyTypeError::new_err(text)
}

struct Given<'py> {
    positional: Vec<Bound<'py, PyAny>>,
    keywords: Vec<(String, Bound<'py, PyAny>)>,
}

impl<'py> Given<'py> {
    fn of(call: &Call<'py>) -> Self {
        let positional = (0..call.positional).filter_map(|i| call.positional(i).cloned()).collect();
        // PyTorch puts the keywords into a hash table, which gives them back last one first.
        let keywords = (0..call.keywords).rev().map(|i| call.keyword(i));
        let keywords = keywords.map(|(name, value)| (name.to_string(), value.clone())).collect();
        Self { positional, keywords }
    }

    fn describe(&self) -> String {
        let mut text = String::from("(");
        for argument in &self.positional {
            text += &type_name(argument);
            text += ", ";
        }
        for (name, argument) in &self.keywords {
            text += &format!("{name}={}, ", type_name(argument));
        }
        self.closed(text)
    }

    /// PyTorch takes the last comma away only where there are positional arguments.
    fn closed(&self, mut text: String) -> String {
        if !self.positional.is_empty() {
            text.truncate(text.len() - 2);
        }
        text + ")"
    }

    fn len(&self) -> usize {
        self.positional.len() + self.keywords.len()
    }
}

/// A printed signature, taken apart as PyTorch does.
struct Printed {
    text: String,
    /// Types and names.
    arguments: Vec<(String, String)>,
}

impl Printed {
    fn of(signature: &Signature) -> Self {
        let text = signature.text();
        let inside = &text[1..text.len() - 1];
        let arguments = inside.split(", ").map(|argument| match argument.rsplit_once(' ') {
            Some((ty, name)) => (ty.to_owned(), name.to_owned()),
            None => (argument.to_owned(), argument.to_owned()),
        });
        Self { arguments: arguments.collect(), text }
    }

    fn counts(&self, given: &Given<'_>) -> bool {
        given.len() == self.arguments.len()
    }

    fn unmatched(&self, given: &Given<'_>) -> Vec<String> {
        let start = self.arguments.len().saturating_sub(given.keywords.len());
        let known = &self.arguments[start..];
        let is_known = |name: &str| known.iter().any(|(_, known)| known == name);
        given.keywords.iter().filter(|(name, _)| !is_known(name)).map(|(name, _)| name.clone()).collect()
    }

    fn describe(&self, given: &Given<'_>) -> String {
        let mut text = String::from("(");
        for (i, (ty, name)) in self.arguments.iter().enumerate() {
            let positional = given.positional.get(i);
            let keyword = || given.keywords.iter().find(|(key, _)| key == name).map(|(_, value)| value);
            let Some(argument) = positional.or_else(keyword) else { continue };
            let matches = type_name(argument) == *ty
                || (ty == "float" && matches!(type_name(argument).as_str(), "int" | "float"));
            let mark = if matches { "" } else { "!" };
            let name = if positional.is_none() { format!("{name}=") } else { String::new() };
            text += &format!("{mark}{name}{}{mark}, ", detailed(argument));
        }
        given.closed(text)
    }
}

/// The type of an argument; of a list, also of its elements.
fn detailed(argument: &Bound<'_, PyAny>) -> String {
    if let Ok(tuple) = argument.cast::<PyTuple>() {
        let names: Vec<String> = tuple.iter().map(|item| type_name(&item)).collect();
        let comma = if names.len() == 1 { "," } else { "" };
        return format!("tuple of ({}{comma})", names.join(", "));
    }
    if let Ok(list) = argument.cast::<PyList>() {
        let names: Vec<String> = list.iter().map(|item| type_name(&item)).collect();
        return format!("list of [{}]", names.join(", "));
    }
    type_name(argument)
}
