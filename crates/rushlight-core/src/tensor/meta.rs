//! What is known of a tensor without its data.

use crate::device::Device;
use crate::dtype::{DType, DTypeNames};
use crate::layout::Layout;

/// Layout, dtype and device: all that shape and dtype rules may look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Meta {
    /// Shape, strides and offset.
    pub layout: Layout,
    /// Element type.
    pub dtype: DType,
    /// Whether the tensor stands for a Python number, whose category counts in promotion and whose width does not.
    pub wrapped_number: bool,
}

impl Meta {
    /// A row-major tensor.
    #[inline]
    pub fn contiguous(shape: &[usize], dtype: DType) -> Self {
        Self { layout: Layout::contiguous(shape), dtype, wrapped_number: false }
    }

    /// Any layout.
    #[inline]
    pub fn new(layout: Layout, dtype: DType) -> Self {
        Self { layout, dtype, wrapped_number: false }
    }

    /// Sizes of the dimensions.
    #[inline]
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// Number of dimensions.
    #[inline]
    pub fn rank(&self) -> usize {
        self.layout.rank()
    }

    /// Number of elements.
    #[inline]
    pub fn elements(&self) -> usize {
        self.layout.elements()
    }

    /// The device: always the CPU today.
    pub fn device(&self) -> Device {
        Device::Cpu
    }

    /// `torch.FloatTensor [2, 3]`, as PyTorch describes a tensor in messages.
    pub fn describe(&self) -> String {
        format!("{} {}", self.dtype.tensor_type(), crate::layout::int_list(self.shape()))
    }
}
