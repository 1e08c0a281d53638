//! A tensor's text: class, brackets, rows, elision, suffixes.

use super::cells::Cells;
use super::{PrintOptions, print_options, repr_tuple};

/// One element, as the Python number that it becomes. All elements of a tensor are of one kind.
///
/// Floats of any width are given as the `f64` of the same value: PyTorch formats that, too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A `bool` tensor's element.
    Bool(bool),
    /// An element of an integer tensor.
    Int(i64),
    /// An element of a floating-point tensor.
    Float(f64),
    /// Real and imaginary part.
    Complex(f64, f64),
}

impl Value {
    /// Real and imaginary part of a float or complex value.
    pub(super) fn parts(&self) -> (f64, f64) {
        match *self {
            Self::Float(x) => (x, 0.0),
            Self::Complex(real, imaginary) => (real, imaginary),
            Self::Bool(_) | Self::Int(_) => unreachable!("a source yields values of one kind"),
        }
    }
}

/// Where the elements come from.
pub trait Source {
    /// The size of each dimension.
    fn shape(&self) -> &[usize];

    /// The element at `index`, which has one number per dimension. Asked once, and only of elements that are shown:
    /// a large tensor is printed as fast as a small one.
    fn value(&self, index: &[usize]) -> Value;
}

/// What stands before the parenthesis, and around the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class<'a> {
    /// `tensor(…)`
    Tensor,
    /// `Parameter containing:`, and `tensor(…)` on the next line.
    Parameter,
    /// A subclass of `Tensor` by its name: `Name(…)`.
    Subclass(&'a str),
    /// A subclass of `Parameter` by its name: `Parameter containing:`, then `Parameter(Name(…))`.
    ParameterSubclass(&'a str),
}

/// What is said about the gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gradient<'a> {
    /// Nothing: the tensor does not require grad.
    None,
    /// `requires_grad=True`
    Required,
    /// `grad_fn=<…>` with the node's name, or `Invalid` where the history cannot be had.
    Function(&'a str),
}

/// All that is printed of a tensor besides its elements.
///
/// ```
/// use rushlight_core::printing::{Description, Gradient};
///
/// let description = Description { gradient: Gradient::Required, ..Description::default() };
/// assert_eq!(description.dtype, "float32");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Description<'a> {
    /// Name of the dtype without `torch.`: `float64`.
    pub dtype: &'a str,
    /// Name of the dtype that new floating-point tensors have; it is the one not shown.
    pub default_dtype: &'a str,
    /// The device, where it is not the default one: `meta`.
    pub device: Option<&'a str>,
    /// The tensor's class.
    pub class: Class<'a>,
    /// The tensor's place in the graph.
    pub gradient: Gradient<'a>,
    /// The tangent of forward mode as Python's `format(tangent, "")`: a 0-d tensor's number, else its text.
    pub tangent: Option<&'a str>,
}

impl Default for Description<'_> {
    fn default() -> Self {
        Self {
            dtype: "float32",
            default_dtype: "float32",
            device: None,
            class: Class::Tensor,
            gradient: Gradient::None,
            tangent: None,
        }
    }
}

impl Description<'_> {
    /// Whether reading the elements tells the dtype, so that it is not shown.
    fn dtype_is_evident(&self) -> bool {
        let default_complex = if self.default_dtype == "float64" { "complex128" } else { "complex64" };
        [self.default_dtype, default_complex, "int64", "bool"].contains(&self.dtype)
    }

    fn prefix(&self) -> &str {
        match self.class {
            Class::Tensor | Class::Parameter => "tensor",
            Class::Subclass(name) | Class::ParameterSubclass(name) => name,
        }
    }
}

/// The tensor as PyTorch's `repr(tensor)` under the settings of the process ([`print_options`]).
///
/// ```
/// use rushlight_core::printing::{Description, Source, Value, format_tensor};
///
/// struct Squares([usize; 1]);
/// impl Source for Squares {
///     fn shape(&self) -> &[usize] {
///         &self.0
///     }
///     fn value(&self, index: &[usize]) -> Value {
///         Value::Float((index[0] * index[0]) as f64)
///     }
/// }
/// assert_eq!(format_tensor(&Squares([4]), &Description::default()), "tensor([0., 1., 4., 9.])");
/// ```
pub fn format_tensor(source: &dyn Source, description: &Description<'_>) -> String {
    format_tensor_with(source, description, &print_options())
}

/// As [`format_tensor`], with settings of the caller's own.
pub fn format_tensor_with(
    source: &dyn Source,
    description: &Description<'_>,
    options: &PrintOptions,
) -> String {
    let shape = source.shape();
    let mut text = String::from(description.prefix()) + "(";
    let indent = text.chars().count();
    let mut suffixes = device_suffix(description);
    let empty = shape.contains(&0);
    if empty && shape.len() != 1 || !empty && options.edgeitems == 0 {
        suffixes.push(size_suffix(shape));
    }
    // Nothing in an empty tensor tells its dtype, so only the default one goes without saying.
    let evident =
        if empty { description.dtype == description.default_dtype } else { description.dtype_is_evident() };
    if !evident {
        suffixes.push(dtype_suffix(description));
    }
    if empty {
        text.push_str("[]");
    } else {
        write_elements(&mut text, source, indent, options);
    }
    finish(text, suffixes, description, indent, options)
}

/// A tensor without elements to read (device `meta`): `tensor(..., device='meta', size=(2, 3))`.
pub fn format_meta_tensor(shape: &[usize], description: &Description<'_>, options: &PrintOptions) -> String {
    let text = String::from(description.prefix()) + "(...";
    let mut suffixes = device_suffix(description);
    suffixes.push(size_suffix(shape));
    if description.dtype != description.default_dtype {
        suffixes.push(dtype_suffix(description));
    }
    let indent = description.prefix().chars().count() + 1;
    finish(text, suffixes, description, indent, options)
}

fn device_suffix(description: &Description<'_>) -> Vec<String> {
    description.device.map(|device| format!("device='{device}'")).into_iter().collect()
}

fn size_suffix(shape: &[usize]) -> String {
    format!("size={}", repr_tuple(shape))
}

fn dtype_suffix(description: &Description<'_>) -> String {
    format!("dtype=torch.{}", description.dtype)
}

/// Adds the suffixes that all tensors have, the closing parenthesis, and what is said of a parameter.
fn finish(
    mut text: String,
    mut suffixes: Vec<String>,
    description: &Description<'_>,
    indent: usize,
    options: &PrintOptions,
) -> String {
    match description.gradient {
        Gradient::None => {}
        Gradient::Required => suffixes.push("requires_grad=True".to_owned()),
        Gradient::Function(name) => suffixes.push(format!("grad_fn=<{name}>")),
    }
    if let Some(tangent) = description.tangent {
        suffixes.push(format!("tangent={tangent}"));
    }
    // As PyTorch: the text before the first suffix counts two characters more than it has.
    let mut line_length = text.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 2;
    for suffix in suffixes {
        let length = suffix.chars().count();
        if line_length + length + 2 > options.linewidth {
            text.push_str(",\n");
            push_spaces(&mut text, indent);
            line_length = indent + length;
        } else {
            text.push_str(", ");
            line_length += length + 2;
        }
        text.push_str(&suffix);
    }
    text.push(')');
    match description.class {
        Class::Tensor | Class::Subclass(_) => text,
        Class::Parameter => format!("Parameter containing:\n{text}"),
        Class::ParameterSubclass(_) => format!("Parameter containing:\nParameter({text})"),
    }
}

fn push_spaces(text: &mut String, count: usize) {
    text.extend(std::iter::repeat_n(' ', count));
}

/// The elements and their brackets; the tensor is not empty.
fn write_elements(text: &mut String, source: &dyn Source, indent: usize, options: &PrintOptions) {
    let shape = source.shape();
    let elements = shape.iter().fold(1_usize, |count, size| count.saturating_mul(*size));
    let summarize = elements > options.threshold;
    if summarize && options.edgeitems == 0 && !shape.is_empty() {
        text.push_str("[...]");
        return;
    }
    let axes: Vec<Axis> = shape.iter().map(|size| Axis::new(*size, summarize, options.edgeitems)).collect();
    let cells = Cells::new(&shown_values(source, &axes), options);
    let mut writer = Writer { text, axes: &axes, cells: &cells, next: 0, linewidth: options.linewidth };
    if axes.is_empty() {
        writer.cell();
    } else {
        writer.level(0, indent);
    }
}

/// Which positions of a dimension are shown.
#[derive(Clone, Copy)]
struct Axis {
    shown: usize,
    /// Of an elided dimension: how many stand before the dots, and how many the dots stand for.
    gap: Option<(usize, usize)>,
}

impl Axis {
    fn new(size: usize, summarize: bool, edgeitems: usize) -> Self {
        let shown = edgeitems.saturating_mul(2);
        if summarize && size > shown {
            Self { shown, gap: Some((edgeitems, size - shown)) }
        } else {
            Self { shown: size, gap: None }
        }
    }

    fn index(self, position: usize) -> usize {
        match self.gap {
            Some((before, skipped)) if position >= before => position + skipped,
            _ => position,
        }
    }

    fn gap_before(self, position: usize) -> bool {
        self.gap.is_some_and(|(before, _)| before == position)
    }
}

/// Reads the elements that will be shown, in the order in which they are written.
fn shown_values(source: &dyn Source, axes: &[Axis]) -> Vec<Value> {
    let mut positions = vec![0; axes.len()];
    let mut index = vec![0; axes.len()];
    let mut values = Vec::with_capacity(axes.iter().map(|axis| axis.shown).product());
    loop {
        values.push(source.value(&index));
        let mut axis = axes.len();
        loop {
            if axis == 0 {
                return values;
            }
            axis -= 1;
            positions[axis] += 1;
            if positions[axis] < axes[axis].shown {
                index[axis] = axes[axis].index(positions[axis]);
                break;
            }
            (positions[axis], index[axis]) = (0, 0);
        }
    }
}

struct Writer<'a> {
    text: &'a mut String,
    axes: &'a [Axis],
    cells: &'a Cells,
    /// The cell that is written next.
    next: usize,
    linewidth: usize,
}

impl Writer<'_> {
    /// Writes dimension `axis` and those inside it; `indent` is the column of its opening bracket.
    fn level(&mut self, axis: usize, indent: usize) {
        self.text.push('[');
        let inside = self.axes.len() - axis - 1;
        if inside == 0 {
            self.row(axis, indent);
        } else {
            for position in 0..self.axes[axis].shown {
                if position > 0 {
                    self.break_line(inside, indent);
                }
                if self.axes[axis].gap_before(position) {
                    self.text.push_str("...");
                    self.break_line(inside, indent);
                }
                self.level(axis + 1, indent + 1);
            }
        }
        self.text.push(']');
    }

    /// Writes the numbers of the last dimension; the dots take the place of one number.
    fn row(&mut self, axis: usize, indent: usize) {
        let per_line = (self.linewidth.saturating_sub(indent) / self.cells.element_length).max(1);
        let mut written = 0;
        for position in 0..self.axes[axis].shown {
            if self.axes[axis].gap_before(position) {
                self.separate(written, per_line, indent);
                self.text.push_str(" ...");
                written += 1;
            }
            self.separate(written, per_line, indent);
            self.cell();
            written += 1;
        }
    }

    fn separate(&mut self, written: usize, per_line: usize, indent: usize) {
        if written > 0 {
            if written.is_multiple_of(per_line) {
                self.break_line(1, indent);
            } else {
                self.text.push_str(", ");
            }
        }
    }

    fn break_line(&mut self, lines: usize, indent: usize) {
        self.text.push(',');
        self.text.extend(std::iter::repeat_n('\n', lines));
        push_spaces(self.text, indent + 1);
    }

    fn cell(&mut self) {
        self.cells.write(self.next, self.text);
        self.next += 1;
    }
}
