//! Handles to nodes: what can be asked of them, and how expressions are written.

use super::building::{Graph, Kind, NodeId, Record};
use super::rules::Attributes;
use super::static_shape::StaticShape;
use crate::DType;
use crate::error::Result;
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use std::fmt;
use std::ops;
use std::sync::Arc;

/// A node of a [`Graph`]: a tensor that is computed when a session runs, a variable, or an operation without a value.
///
/// Methods record further nodes and return them; the operators `+ - * /` and unary minus do so too, and panic where the
/// methods give an error.
///
/// ```
/// use rushlight_core::graph::Graph;
/// let graph = Graph::new();
/// let (w, x) = (graph.constant(1.0)?, graph.constant(2.0)?);
/// let y = w.add(&x)?.mul(w.add(1)?)?;
/// assert_eq!(y.to_string(), r#"Tensor("Mul:0", shape=(), dtype=float32)"#);
/// # Ok::<(), rushlight_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Node {
    pub(super) graph: Graph,
    pub(super) id: NodeId,
    pub(super) record: Arc<Record>,
}

/// What operations take: a node, a number, or a tensor that becomes a constant.
pub enum Argument {
    /// A node of the same graph.
    Node(Node),
    /// A number, in the dtype of the other operand.
    Number(Scalar),
    /// A constant.
    Tensor(Tensor),
}

impl From<&Node> for Argument {
    fn from(node: &Node) -> Self {
        Self::Node(node.clone())
    }
}

impl From<Node> for Argument {
    fn from(node: Node) -> Self {
        Self::Node(node)
    }
}

impl From<Tensor> for Argument {
    fn from(tensor: Tensor) -> Self {
        Self::Tensor(tensor)
    }
}

impl From<&Tensor> for Argument {
    fn from(tensor: &Tensor) -> Self {
        Self::Tensor(tensor.clone())
    }
}

impl From<Scalar> for Argument {
    fn from(number: Scalar) -> Self {
        Self::Number(number)
    }
}

macro_rules! from_number {
    ($($t:ty),*) => {$(
        impl From<$t> for Argument {
            fn from(number: $t) -> Self { Self::Number(number.into()) }
        }
    )*};
}
from_number!(bool, u8, i8, i16, i32, i64, usize, f32, f64);

macro_rules! operations {
    ($($(#[doc = $doc:literal])* $name:ident $kind:literal;)*) => {$(
        $(#[doc = $doc])*
        ///
        /// # Errors
        /// If shapes or dtypes do not fit.
        pub fn $name(&self, other: impl Into<Argument>) -> Result<Node> {
            self.graph.operation($kind, vec![self.into(), other.into()], &Attributes::default(), None)
        }
    )*};
    (unary $($(#[doc = $doc:literal])* $name:ident $kind:literal;)*) => {$(
        $(#[doc = $doc])*
        ///
        /// # Errors
        /// For dtypes that the function is not defined for.
        pub fn $name(&self) -> Result<Node> {
            self.graph.operation($kind, vec![self.into()], &Attributes::default(), None)
        }
    )*};
}

impl Node {
    /// The graph that the node belongs to.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The node's number in its graph: inputs have lower ones.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The name of the operation, without the `:0` of its result.
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// TensorFlow's name of what is computed: `MatMul`, `Placeholder`, `VariableV2`.
    pub fn kind(&self) -> &'static str {
        self.record.kind.name()
    }

    /// The shape as far as it is known.
    pub fn shape(&self) -> &StaticShape {
        &self.record.shape
    }

    /// The dtype; `None` for an operation without a value.
    pub fn dtype(&self) -> Option<DType> {
        self.record.dtype
    }

    /// Whether the node is a variable.
    pub fn is_variable(&self) -> bool {
        matches!(self.record.kind, Kind::Variable)
    }

    /// The nodes that this one reads.
    pub fn inputs(&self) -> Vec<Node> {
        self.record.inputs.iter().map(|&id| self.graph.node(id)).collect()
    }

    operations! {
        /// `self + other`, with broadcasting.
        add "Add";
        /// `self - other`, with broadcasting.
        sub "Sub";
        /// `self * other`, with broadcasting.
        mul "Mul";
        /// `self / other`, with broadcasting; integers become `float64`.
        div "RealDiv";
        /// `self` to the power of `other`, with broadcasting.
        pow "Pow";
        /// The larger of two, with broadcasting.
        maximum "Maximum";
        /// The smaller of two, with broadcasting.
        minimum "Minimum";
        /// The matrix product.
        matmul "MatMul";
    }

    operations! { unary
        /// `-self`.
        neg "Neg";
        /// The exponential.
        exp "Exp";
        /// The natural logarithm.
        log "Log";
        /// The square root.
        sqrt "Sqrt";
        /// The hyperbolic tangent.
        tanh "Tanh";
        /// `1 / (1 + exp(-self))`.
        sigmoid "Sigmoid";
        /// `max(self, 0)`.
        relu "Relu";
        /// `self * self`.
        square "Square";
        /// The sum of all elements.
        sum "Sum";
        /// The mean of all elements.
        mean "Mean";
        /// The same value as a node of its own.
        identity "Identity";
        /// The same value, through which no gradient passes.
        stop_gradient "StopGradient";
    }

    /// Elements in another shape; one size may be -1.
    ///
    /// # Errors
    /// If the number of elements differs.
    pub fn reshape(&self, shape: &[i64]) -> Result<Node> {
        let attributes = Attributes { integers: Some(shape.to_vec()), ..Attributes::default() };
        self.graph.operation("Reshape", vec![self.into()], &attributes, None)
    }

    /// A node that sets this variable, and whose value is what it is set to. The change takes effect at the end of the
    /// run: all reads of that run see the value from its start.
    ///
    /// ```
    /// use rushlight_core::graph::{Graph, Session};
    /// let graph = Graph::new();
    /// let count = graph.variable(&graph.constant(0.0)?)?;
    /// let next = count.assign(count.add(1.0)?)?;
    /// let session = Session::new(&graph);
    /// session.execute(&[&graph.initializer()?], &[])?;
    /// for expected in [1.0, 2.0, 3.0] {
    ///     assert_eq!(session.run(&[&next], &[])?[0].item()?.to_f64(), expected);
    /// }
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If this is no variable, or if shape or dtype differ.
    pub fn assign(&self, value: impl Into<Argument>) -> Result<Node> {
        self.graph.assign(self, value.into(), None)
    }

    /// The text of the shape and dtype that errors and printing show.
    fn describe(&self) -> String {
        let dtype = self.record.dtype.map_or("", tensorflow_name);
        let by_reference = matches!(self.record.kind, Kind::Variable | Kind::Assign { .. });
        format!(
            "shape={}{} dtype={dtype}{}",
            self.record.shape,
            if self.is_variable() { "" } else { "," },
            if by_reference { "_ref" } else { "" }
        )
    }
}

/// `float32`, as TensorFlow names a dtype.
pub(super) fn tensorflow_name(dtype: DType) -> &'static str {
    use crate::dtype::DTypeNames;
    dtype.torch_name().trim_start_matches("torch.")
}

/// `float`, as TensorFlow's kernels name a dtype in messages.
pub(super) fn kernel_name(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "float",
        DType::F64 => "double",
        DType::F16 => "half",
        other => tensorflow_name(other),
    }
}

impl fmt::Display for Node {
    /// `Tensor("Mul:0", shape=(), dtype=float32)`, `<tf.Variable 'Variable:0' shape=(2,) dtype=float32_ref>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, text) = (&self.record.name, self.describe());
        if self.record.dtype.is_none() {
            write!(f, "<tf.Operation '{name}' type={}>", self.kind())
        } else if self.is_variable() {
            write!(f, "<tf.Variable '{name}:0' {text}>")
        } else {
            write!(f, "Tensor(\"{name}:0\", {text})")
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $kind:literal $name:literal;)*) => {$(
        impl<T: Into<Argument>> ops::$trait<T> for &Node {
            type Output = Node;
            #[track_caller]
            fn $method(self, other: T) -> Node {
                let arguments = vec![self.into(), other.into()];
                let made = self.graph.operation($kind, arguments, &Attributes::default(), Some($name));
                made.unwrap_or_else(|error| panic!("{error:#}"))
            }
        }
        impl<T: Into<Argument>> ops::$trait<T> for Node {
            type Output = Node;
            #[track_caller]
            fn $method(self, other: T) -> Node { ops::$trait::$method(&self, other) }
        }
        operators!(reversed $trait $method $kind $name f64 f32 i32 i64);
    )*};
    (reversed $trait:ident $method:ident $kind:literal $name:literal $($t:ty)*) => {$(
        impl ops::$trait<&Node> for $t {
            type Output = Node;
            #[track_caller]
            fn $method(self, node: &Node) -> Node {
                let arguments = vec![self.into(), node.into()];
                let made = node.graph.operation($kind, arguments, &Attributes::default(), Some($name));
                made.unwrap_or_else(|error| panic!("{error:#}"))
            }
        }
        impl ops::$trait<Node> for $t {
            type Output = Node;
            #[track_caller]
            fn $method(self, node: Node) -> Node { ops::$trait::$method(self, &node) }
        }
    )*};
}
operators! {
    Add add "Add" "add";
    Sub sub "Sub" "sub";
    Mul mul "Mul" "mul";
    Div div "RealDiv" "truediv";
}

impl ops::Neg for &Node {
    type Output = Node;
    #[track_caller]
    fn neg(self) -> Node {
        Node::neg(self).unwrap_or_else(|error| panic!("{error:#}"))
    }
}

impl ops::Neg for Node {
    type Output = Node;
    #[track_caller]
    fn neg(self) -> Node {
        ops::Neg::neg(&self)
    }
}
