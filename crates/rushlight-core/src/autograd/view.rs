//! Views, their bases, and in-place changes of either.
//!
//! Note \[Views and in-place\]: a view remembers the root of the tensors it was taken from, and the version at which its
//! own node was right. An in-place change of a view rebases the root's history: the root's new node, `CopySlices`, runs
//! the change's derivative on the part of the gradient that the view covers. Any view of that root finds, on its next
//! use, that the version has moved on, and gets a new node, `AsStridedBackward0`, over the root's new history.

use super::node::{Edge, GradFn, NodeFunction, NodeHeader, NodeRef, OutputMeta};
use crate::dispatch::Gradients;
use crate::error::{Error, Result, bail};
use crate::layout::Layout;
use crate::state::ThreadState;
use crate::tensor::{Meta, Tensor, flag};
use smallvec::smallvec;
use std::borrow::Cow;

/// How a view came to be: decides whether it may be changed in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// By an ordinary view operation.
    Default,
    /// While nothing was recorded.
    NoGrad,
    /// As one of several outputs (`unbind`, `split`).
    MultiOutput,
    /// In a custom function.
    CustomFunction,
    /// In inference mode.
    Inference,
}

#[derive(Clone)]
pub(crate) struct ViewInfo {
    pub(crate) base: Tensor,
    /// The version at which the view's own node was right.
    pub(crate) version: u32,
    pub(crate) creation: Creation,
}

impl Tensor {
    pub(crate) fn view_info(&self) -> Option<ViewInfo> {
        if self.flags() & flag::VIEW == 0 {
            return None;
        }
        self.peek_extra(|e| e.view.clone()).flatten()
    }

    /// The root of the tensors this is a view of (`_base`).
    pub fn base(&self) -> Option<Tensor> {
        self.view_info().map(|v| v.base)
    }

    /// Whether this is a view of another tensor (`_is_view()`).
    pub fn is_view(&self) -> bool {
        self.flags() & flag::VIEW != 0
    }

    /// Marks how a view came to be (custom functions).
    pub fn set_creation(&self, creation: Creation) {
        self.peek_extra(|e| {
            if let Some(view) = &mut e.view {
                view.creation = creation;
            }
        });
    }

    /// Makes this tensor a view of `base` for autograd; both share a storage already.
    pub(crate) fn become_view(&self, base: Tensor, creation: Creation) {
        let version = self.version();
        self.with_extra(|e| e.view = Some(ViewInfo { base, version, creation }));
        self.set_flag(flag::VIEW, true);
    }
}

/// Makes the results of a view operation views of the input's root.
pub(crate) fn track_views(input: &Tensor, results: &[Tensor], thread: &ThreadState) {
    let info = input.view_info();
    let fresh = if results.len() > 1 {
        Creation::MultiOutput
    } else if thread.inference.get() {
        Creation::Inference
    } else if thread.grad_enabled.get() {
        Creation::Default
    } else {
        Creation::NoGrad
    };
    let (base, creation) = match info {
        Some(info) => (info.base, if fresh == Creation::Default { info.creation } else { fresh }),
        None => (input.clone(), fresh),
    };
    if base.flags() & flag::SPECIAL != 0 {
        base.set_flag(flag::HAS_VIEWS, true);
    }
    for result in results {
        result.become_view(base.clone(), creation);
    }
}

/// Gives views whose root was changed in place a node over the root's new history. Returns the inputs' flags.
#[cold]
pub(crate) fn refresh_views(inputs: &[&Tensor]) -> Result<u32> {
    let mut flags = 0;
    for &input in inputs {
        if let Some(info) = input.view_info()
            && info.base.flags() & flag::NEEDS_GRAD != 0
            && input.version() != info.version
        {
            regenerate(input, &info.base)?;
        }
        flags |= input.flags();
    }
    Ok(flags)
}

/// Gives a view the node `AsStridedBackward0` over its root's history.
fn regenerate(view: &Tensor, base: &Tensor) -> Result<()> {
    if view.lock().grad_fn.is_none()
        && view.flags() & flag::REQUIRES_GRAD == 0
        && let Some(info) = view.view_info()
        && info.creation != Creation::Default
    {
        check_creation(view, &info, "its base or another view of its base has been")?;
    }
    let operation = crate::ops::strided::AsStrided::of(view.layout(), base.layout());
    let edges = smallvec![base.gradient_edge()];
    let mut header = NodeHeader::new(edges, smallvec![OutputMeta::of(view)]);
    header.saved = super::SavedValues::new();
    let node = crate::dispatch::Operation::node(&operation, header);
    let version = view.version();
    view.peek_extra(|e| {
        if let Some(info) = &mut e.view {
            info.version = version;
        }
    });
    view.set_grad_fn(Some(GradFn { node, output: 0 }));
    Ok(())
}

/// PyTorch's errors for in-place changes that cannot be recorded.
pub(crate) fn check_in_place(target: &Tensor, needs_grad: bool) -> Result<()> {
    let flags = target.flags();
    if flags & flag::INFERENCE != 0 && !super::is_inference_mode_enabled() {
        bail!(
            Runtime,
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
        );
    }
    if !needs_grad {
        return Ok(());
    }
    if let Some(info) = target.view_info() {
        if info.creation != Creation::Default {
            check_creation(target, &info, "is being")?;
        }
        if target.requires_grad() && info.base.is_leaf() && info.base.requires_grad() {
            return Err(Error::runtime(
                "a view of a leaf Variable that requires grad is being used in an in-place operation.",
            )
            .with_help(leaf_help()));
        }
    }
    if flags & flag::REQUIRES_GRAD != 0 && flags & flag::HAS_GRAD_FN == 0 {
        return Err(Error::runtime(
            "a leaf Variable that requires grad is being used in an in-place operation.",
        )
        .with_help(leaf_help()));
    }
    Ok(())
}

fn leaf_help() -> &'static str {
    "to update a parameter, do it under `torch.no_grad()`; to compute with a changed value, use an operation that makes a new tensor (`x = x + 1`)"
}

fn check_creation(view: &Tensor, info: &ViewInfo, modified: &str) -> Result<()> {
    let grad_fn = view.lock().grad_fn.clone();
    let mut message = match (&grad_fn, info.creation) {
        (Some(g), _) => {
            format!(
                "Output {} of {} is a view and {modified} modified inplace.",
                g.output,
                g.node.operation()
            )
        }
        (None, Creation::Inference) => {
            format!("A view was created in inference mode and {modified} modified inplace in normal mode.")
        }
        (None, _) => {
            format!(
                "A view was created in no_grad mode and {modified} modified inplace with grad mode enabled."
            )
        }
    };
    match info.creation {
        Creation::MultiOutput => message.push_str(
            " This view is the output of a function that returns multiple views. Such functions do not allow the output views to be modified inplace. You should replace the inplace operation by an out-of-place one.",
        ),
        Creation::NoGrad => message.push_str(
            " Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked).",
        ),
        Creation::CustomFunction => message.push_str(
            " This view was created inside a custom Function (or because an input was returned as-is) and the autograd logic to handle view+inplace would override the custom backward associated with the custom Function, leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function.",
        ),
        Creation::Inference | Creation::Default => {}
    }
    Err(Error::runtime(message))
}

/// What must be known of a target before it is changed.
pub(crate) struct RebasePlan {
    base: Option<(Tensor, Edge)>,
}

impl RebasePlan {
    pub(crate) fn before(target: &Tensor) -> Result<Self> {
        if target.is_view() {
            refresh_views(&[target])?;
        }
        let base = target.base().map(|base| {
            let edge = base.gradient_edge();
            (base, edge)
        });
        Ok(Self { base })
    }

    /// After the change: makes `node` the history of the target, and for a view `CopySlices` that of its root.
    pub(crate) fn rebase(self, target: &Tensor, node: NodeRef) -> Result<()> {
        let Some((base, base_edge)) = self.base else {
            target.set_grad_fn(Some(GradFn { node, output: 0 }));
            return Ok(());
        };
        let mut edges = smallvec![base_edge];
        edges.extend(node.edges.iter().skip(1).cloned());
        let slices =
            CopySlices { base: base.layout().clone(), view: target.layout().clone(), function: node };
        let header = NodeHeader::new(edges, smallvec![OutputMeta::of(&base)]);
        base.set_grad_fn(Some(GradFn { node: header.into_node(slices), output: 0 }));
        regenerate(target, &base)
    }
}

/// The history of a tensor one of whose views was changed in place.
struct CopySlices {
    base: Layout,
    view: Layout,
    function: NodeRef,
}

impl NodeFunction for CopySlices {
    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("CopySlices")
    }

    fn run(&self, node: &NodeRef, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        let Some(gradient) = &gradients[0] else { return Ok(Gradients::new()) };
        // The gradient in the root's own layout, so that the view's strides select the same elements. Everything is
        // written out of place, so that transforms without views (`vmap` by a loop) are right as well.
        let strides = self.base.fresh_like_strides();
        let base = Layout::new(self.base.shape(), &strides, 0);
        let offset = (self.view.offset() as isize - self.base.offset() as isize) as usize;
        let view = Layout::new(self.view.shape(), self.view.strides(), offset);
        let full = gradient.clone_as(&base)?;
        let slice = full.as_strided(view.shape(), view.strides(), offset + full.storage_offset())?;
        let inner = self.function.function.run(&self.function, &[Some(slice.clone_data()?)])?;
        let mut out: Gradients = smallvec![None; node.edges.len()];
        let mut first = None;
        for (i, gradient) in inner.into_iter().enumerate() {
            if i == 0 {
                first = gradient;
            } else if i < out.len() {
                out[i] = gradient;
            }
        }
        if !matches!(node.edges[0], Edge::None) {
            let part = match first {
                Some(g) => g,
                None => slice.zeros_like()?,
            };
            out[0] = Some(full.as_strided_scatter(&part, &view)?);
        }
        Ok(out)
    }

    fn release(&self) {
        self.function.release_saved();
    }
}

impl Layout {
    /// This layout's strides if every element has a place of its own, else row-major ones.
    fn fresh_like_strides(&self) -> crate::layout::Strides {
        if self.is_non_overlapping_and_dense() || self.overlaps_itself() == Some(false) {
            crate::layout::Strides::from_slice(self.strides())
        } else {
            crate::layout::contiguous_strides(self.shape())
        }
    }
}

impl Tensor {
    /// A tensor of unspecified content with given strides.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn empty_strided(shape: &[usize], strides: &[isize], dtype: crate::DType) -> Result<Tensor> {
        if strides.iter().any(|&s| s < 0) || shape.len() != strides.len() {
            bail!(Runtime, "empty_strided: strides must be as many as dimensions, and not negative");
        }
        let layout = Layout::new(shape, strides, 0);
        let (_, end) = layout.span();
        let storage = crate::storage::Storage::zeroed(end.saturating_mul(dtype.size()))?;
        Ok(Tensor::from_parts(Meta::new(layout, dtype), storage))
    }
}
