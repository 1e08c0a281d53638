//! Schemas in PyTorch's notation, compiled once into what the parser walks over.
//!
//! `sum(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor`. The notation is that of
//! PyTorch's `native_functions.yaml` (README beside that file). From one schema come two signatures: the function's,
//! where `self` is called `input`, and the method's, where it is the object.

use super::oddities::VARIADIC_TENSORS;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use rushlight_core::Scalar;
use rushlight_core::registry::{Arguments, Overload, Value};

/// What a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tensor,
    /// A tensor, or a number that the operation takes instead (`add`).
    TensorOrNumber,
    Scalar,
    Int,
    Float,
    Bool,
    Text,
    DType,
    Layout,
    Device,
    MemoryFormat,
    Generator,
    Tensors,
    OptionalTensors,
    /// `int[]`; with a fixed length, one number stands for all (`int[1]`).
    Ints,
    Floats,
    Scalars,
}

impl Kind {
    /// What PyTorch's messages call it.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Tensor | Self::TensorOrNumber => "Tensor",
            Self::Scalar => "Number",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Text => "str",
            Self::DType => "torch.dtype",
            Self::Layout => "torch.layout",
            Self::Device => "torch.device",
            Self::MemoryFormat => "torch.memory_format",
            Self::Generator => "torch.Generator",
            Self::Tensors | Self::OptionalTensors => "tuple of Tensors",
            Self::Ints => "tuple of ints",
            Self::Floats => "tuple of floats",
            Self::Scalars => "tuple of Scalars",
        }
    }
}

/// Where a parsed argument goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Into the arguments that the operation sees.
    Argument,
    /// It is the `out=` tensor, or tensors.
    Out,
    /// It is set on the result (`requires_grad=`).
    RequiresGrad,
    /// It is accepted and has no effect (`pin_memory=`).
    Ignored,
}

pub(super) struct Parameter {
    pub(super) name: String,
    /// The interned name, and NumPy's names for the same, which are accepted as keywords.
    pub(super) keywords: Vec<Py<PyString>>,
    pub(super) kind: Kind,
    /// Length of a list of which one element stands for all.
    pub(super) broadcast: Option<usize>,
    pub(super) allow_none: bool,
    pub(super) keyword_only: bool,
    /// The default: as the operation sees it, and as messages print it.
    pub(super) default: Option<(Value, String)>,
    pub(super) role: Role,
}

impl Parameter {
    pub(super) fn is_optional(&self) -> bool {
        self.default.is_some()
    }
}

/// One signature of a function or method.
#[expect(clippy::struct_excessive_bools, reason = "independent facts of a signature")]
pub(super) struct Signature {
    pub(super) parameters: Vec<Parameter>,
    pub(super) call: fn(&Arguments<'_>) -> rushlight_core::Result<Value>,
    /// Not shown in messages: PyTorch has one signature where the registry has two.
    pub(super) hidden: bool,
    pub(super) min_arguments: usize,
    pub(super) max_positional: usize,
    /// The one positional parameter is `int[]`: `x.view(2, 3)`.
    pub(super) variadic: bool,
    /// The one positional parameter is `Tensor[]`, and the tensors may be given one by one.
    pub(super) variadic_tensors: bool,
    /// The operation's arguments among the parsed ones, where their order is another (a deprecated signature).
    pub(super) order: Vec<usize>,
    /// The defaults of the operation's arguments that such a signature does not have.
    pub(super) missing: Vec<Value>,
    /// Number of tensors of the result where that is fixed and more than one.
    pub(super) results: usize,
    pub(super) has_out: bool,
}

impl Signature {
    /// The defaults of the operation's arguments from the given parameter on.
    pub(super) fn arguments_after(&self, first: usize) -> Vec<Value> {
        let rest = self.parameters[first..].iter().filter(|p| p.role == Role::Argument);
        rest.map(|p| p.default.as_ref().map(|(value, _)| value.clone()).unwrap_or_default()).collect()
    }

    /// As messages print it: `(Tensor input, *, Number alpha = 1)`.
    pub(super) fn text(&self) -> String {
        let mut words = Vec::new();
        let mut marked = false;
        for parameter in &self.parameters {
            if parameter.keyword_only && !marked {
                words.push("*".to_owned());
                marked = true;
            }
            let mut word = format!("{} {}", parameter.kind.text(), parameter.name);
            if let Some((_, default)) = &parameter.default {
                word += " = ";
                word += default;
            }
            words.push(word);
        }
        format!("({})", words.join(", "))
    }
}

/// A schema before it is made a signature.
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
    pub(super) results: Vec<String>,
}

pub(super) struct Argument {
    pub(super) ty: String,
    pub(super) name: String,
    pub(super) default: Option<String>,
    pub(super) keyword_only: bool,
}

/// Splits at the commas outside of brackets and quotation marks.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut quote, mut start) = (Vec::new(), 0usize, None, 0);
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if q == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(text[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

impl Schema {
    /// Reads the notation.
    pub(super) fn parse(text: &str) -> PyResult<Self> {
        let wrong = || PyRuntimeError::new_err(format!("unreadable schema in the registry: {text}"));
        let (head, tail) = text.split_once('(').ok_or_else(wrong)?;
        let arrow = tail.rfind("->").ok_or_else(wrong)?;
        let inside = tail[..arrow].trim_end().strip_suffix(')').ok_or_else(wrong)?;
        let mut arguments = Vec::new();
        let mut keyword_only = false;
        for part in split(inside) {
            if part == "*" {
                keyword_only = true;
                continue;
            }
            let (declared, default) = match part.split_once('=') {
                Some((declared, default)) => (declared.trim(), Some(default.trim().to_owned())),
                None => (part, None),
            };
            let (ty, name) = declared.rsplit_once(' ').ok_or_else(wrong)?;
            arguments.push(Argument { ty: ty.trim().into(), name: name.into(), default, keyword_only });
        }
        let results = tail[arrow + 2..].trim();
        let results = match results.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
            Some(several) => split(several).into_iter().map(str::to_owned).collect(),
            None => vec![results.to_owned()],
        };
        let name = head.split('.').next().unwrap_or(head).trim().to_owned();
        Ok(Self { name, arguments, results })
    }
}

/// A type without its alias annotation: `Tensor(a!)?` becomes `Tensor?`.
fn without_alias(ty: &str) -> String {
    match (ty.find('('), ty.find(')')) {
        (Some(open), Some(close)) => format!("{}{}", &ty[..open], &ty[close + 1..]),
        _ => ty.to_owned(),
    }
}

/// Kind, length of the list of which one element stands for all, whether None is accepted.
fn kind_of(ty: &str) -> Option<(Kind, Option<usize>, bool)> {
    let ty = without_alias(ty);
    let (ty, optional) = match ty.strip_suffix('?') {
        Some(inner) => (inner, true),
        None => (ty.as_str(), false),
    };
    let (base, list) = match ty.split_once('[') {
        Some((base, size)) => (base, Some(size.trim_end_matches(']').parse::<usize>().ok())),
        None => (ty, None),
    };
    let kind = match (base, list.is_some()) {
        ("Tensor", false) => Kind::Tensor,
        ("Tensor", true) => Kind::Tensors,
        ("Tensor?", true) => Kind::OptionalTensors,
        ("Scalar", false) => Kind::Scalar,
        ("Scalar", true) => Kind::Scalars,
        ("int" | "SymInt", false) => Kind::Int,
        ("int" | "SymInt", true) => Kind::Ints,
        ("float", false) => Kind::Float,
        ("float", true) => Kind::Floats,
        ("bool", false) => Kind::Bool,
        ("str", false) => Kind::Text,
        ("ScalarType", false) => Kind::DType,
        ("Layout", false) => Kind::Layout,
        ("Device", false) => Kind::Device,
        ("MemoryFormat", false) => Kind::MemoryFormat,
        ("Generator", false) => Kind::Generator,
        _ => return None,
    };
    Some((kind, list.flatten(), optional))
}

fn default_of(kind: Kind, text: &str) -> Option<(Value, String)> {
    if text == "None" {
        return Some((Value::None, "None".into()));
    }
    let numbers = |text: &str| {
        let inside = text.trim_start_matches('[').trim_end_matches(']');
        split(inside).into_iter().map(|n| n.parse::<i64>().ok()).collect::<Option<Vec<_>>>()
    };
    let value = match kind {
        Kind::Bool => Value::Bool(text == "True" || text == "true"),
        Kind::Int => match text {
            "Mean" => Value::Int(1),
            "Sum" => Value::Int(2),
            _ => Value::Int(text.parse().ok()?),
        },
        Kind::Float => Value::Float(text.parse().ok()?),
        Kind::Scalar | Kind::TensorOrNumber | Kind::Tensor => match text {
            "True" => Value::Scalar(Scalar::Bool(true)),
            "False" => Value::Scalar(Scalar::Bool(false)),
            _ => match text.parse::<i64>() {
                Ok(integer) => Value::Scalar(Scalar::Int(integer)),
                Err(_) => Value::Scalar(Scalar::Float(text.parse().ok()?)),
            },
        },
        Kind::Ints => match text.parse::<i64>() {
            Ok(single) => Value::Ints(vec![single]),
            Err(_) => Value::Ints(numbers(text)?),
        },
        Kind::Text => Value::Text(text.trim_matches(['\'', '"']).to_owned().into()),
        Kind::MemoryFormat => Value::Text(text.to_owned().into()),
        _ => return None,
    };
    let shown = match (kind, text) {
        (Kind::Int, "Mean") => "at::Reduction::Mean".to_owned(),
        (Kind::MemoryFormat, name) => format!("torch.{name}"),
        (Kind::Text, text) => format!("\"{}\"", text.trim_matches(['\'', '"'])),
        (_, text) => text.to_owned(),
    };
    Some((value, shown))
}

/// NumPy's names for PyTorch's, which PyTorch accepts as keywords.
fn numpy_names(name: &str) -> &'static [&'static str] {
    match name {
        "dim" => &["axis"],
        "keepdim" => &["keepdims"],
        "input" => &["x", "a", "x1"],
        "other" => &["x2"],
        _ => &[],
    }
}

/// How a signature is to be made.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) method: bool,
    pub(super) out: bool,
    pub(super) numbers_as_tensors: bool,
}

/// Compiles a schema for the call of an overload.
pub(super) fn compile(py: Python<'_>, text: &str, overload: &Overload, form: Form) -> PyResult<Signature> {
    let schema = Schema::parse(text)?;
    let wrong = |what: &str| PyRuntimeError::new_err(format!("{what} in the schema: {text}"));
    let keywords = |name: &str| -> Vec<Py<PyString>> {
        std::iter::once(name)
            .chain(numpy_names(name).iter().copied())
            .map(|n| PyString::intern(py, n).unbind())
            .collect()
    };
    let extra = |name: &str, kind: Kind, default: (Value, &str), role: Role| Parameter {
        name: name.to_owned(),
        keywords: keywords(name),
        kind,
        broadcast: None,
        allow_none: true,
        keyword_only: true,
        default: Some((default.0, default.1.to_owned())),
        role,
    };
    let mut parameters = Vec::new();
    for (place, argument) in schema.arguments.iter().enumerate() {
        let (mut kind, broadcast, optional) =
            kind_of(&argument.ty).ok_or_else(|| wrong(&format!("unknown type {}", argument.ty)))?;
        if form.numbers_as_tensors && kind == Kind::Tensor && place == 1 {
            kind = Kind::TensorOrNumber;
        }
        let name = if argument.name == "self" && kind == Kind::Tensor && !form.method {
            "input"
        } else if schema.name == "copy_" && argument.name == "src" {
            "other"
        } else {
            &argument.name
        };
        let default = match &argument.default {
            None => None,
            Some(text) => {
                let default = default_of(kind, text);
                Some(default.ok_or_else(|| wrong(&format!("unreadable default {text}")))?)
            }
        };
        let nothing = default.as_ref().is_some_and(|(value, _)| matches!(value, Value::None));
        parameters.push(Parameter {
            name: name.to_owned(),
            keywords: keywords(name),
            kind,
            broadcast,
            allow_none: optional || nothing,
            keyword_only: argument.keyword_only,
            default,
            role: Role::Argument,
        });
    }
    let results = schema.results.len();
    // `dtype=`, `layout=`, `device=`, `pin_memory=`, `requires_grad=` go together in every function that makes tensors.
    let has = |name: &str| schema.arguments.iter().any(|a| a.name == name && a.keyword_only);
    let makes = has("dtype") && has("device");
    if form.out {
        let kind = if results > 1 { Kind::Tensors } else { Kind::Tensor };
        let out = extra("out", kind, (Value::None, "None"), Role::Out);
        let place = parameters.iter().position(|p| makes && p.name == "dtype").unwrap_or(parameters.len());
        parameters.insert(place, out);
    }
    if makes {
        if !has("layout") {
            let layout = extra("layout", Kind::Layout, (Value::None, "None"), Role::Ignored);
            let place = parameters.iter().position(|p| p.name == "device").unwrap_or(parameters.len());
            parameters.insert(place, layout);
        }
        let place = |parameters: &[Parameter]| {
            parameters.iter().position(|p| p.name == "memory_format").unwrap_or(parameters.len())
        };
        if let Some(pin) = parameters.iter_mut().find(|p| p.name == "pin_memory") {
            pin.default = Some((Value::None, "False".into()));
        } else {
            let pin = extra("pin_memory", Kind::Bool, (Value::Bool(false), "False"), Role::Ignored);
            parameters.insert(place(&parameters), pin);
        }
        if !has("requires_grad") {
            let grad = extra("requires_grad", Kind::Bool, (Value::Bool(false), "False"), Role::RequiresGrad);
            parameters.insert(place(&parameters), grad);
        }
    }
    if form.method {
        let Some(place) = parameters.iter().position(|p| p.name == "self") else {
            return Err(wrong("a method without `self`"));
        };
        parameters.remove(place);
    }
    let positional = parameters.iter().filter(|p| !p.keyword_only).count();
    let variadic = positional == 1 && parameters[0].kind == Kind::Ints;
    Ok(Signature {
        call: overload.call,
        hidden: false,
        variadic_tensors: positional == 1
            && parameters[0].kind == Kind::Tensors
            && VARIADIC_TENSORS.contains(&schema.name.as_str()),
        order: Vec::new(),
        missing: Vec::new(),
        min_arguments: parameters.iter().filter(|p| !p.is_optional()).count(),
        max_positional: positional,
        variadic,
        results,
        has_out: form.out,
        parameters,
    })
}
