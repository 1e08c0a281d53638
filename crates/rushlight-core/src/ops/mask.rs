//! Operations that select by the values of a tensor: `nonzero`, `argwhere`, `masked_select`, `masked_scatter`.

use crate::dispatch::{Differentiability, Metas, Primitive, Produced, View, ViewMut, apply};
use crate::dtype::DType;
use crate::error::{Result, bail};
use crate::layout::Layout;
use crate::registry::{Entry, Form, Overload};
use crate::storage::Storage;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels as kernels;
use smallvec::smallvec;

/// `nonzero()`: for each element that is not zero, its index along every dimension.
#[derive(Clone)]
pub struct Nonzero;

impl Primitive for Nonzero {
    fn name(&self) -> &'static str {
        "NonzeroBackward0"
    }
    fn infer(&self, _: &[&Meta], _: &mut Metas) -> Result<()> {
        bail!(Runtime, "nonzero: the shape of the result depends on data, so it cannot be traced")
    }
    fn forward(&self, _: &[View<'_>], _: &mut [ViewMut<'_>]) -> Result<()> {
        bail!(Runtime, "nonzero makes its own output")
    }
    fn is_data_dependent(&self) -> bool {
        true
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
    fn produce(&self, inputs: &[View<'_>]) -> Result<Produced> {
        let mask = Mask::of(&inputs[0])?;
        let rank = inputs[0].meta.rank();
        let rows = Meta::contiguous(&[mask.count, rank], DType::I64);
        let storage = Storage::allocate(rows.elements() * 8)?;
        let operand = kernels::Operand::input(mask.pointer(), mask.meta.layout.strides(), 1);
        // SAFETY: the mask is row-major memory of this shape with `count` ones, for which the output has rows.
        unsafe { kernels::index::nonzero(mask.meta.shape(), operand, storage.pointer().cast()) };
        if rank < 2 {
            return Ok(Produced(smallvec![(rows, storage)]));
        }
        // Columns are contiguous, as in PyTorch: they are what masks become in advanced indexing.
        let columns = Meta::new(Layout::new(&[mask.count, rank], &[1, mask.count as isize], 0), DType::I64);
        let transposed = Storage::allocate(columns.elements() * 8)?;
        let from = View { pointer: storage.pointer(), meta: &rows };
        super::copy::copy_view(&mut ViewMut { pointer: transposed.pointer(), meta: &columns }, &from);
        Ok(Produced(smallvec![(columns, transposed)]))
    }
}

/// A row-major mask and the number of its ones.
struct Mask {
    meta: Meta,
    storage: Storage,
    count: usize,
}

impl Mask {
    fn of(view: &View<'_>) -> Result<Self> {
        let meta = Meta::contiguous(view.shape(), DType::Bool);
        let storage = Storage::allocate(meta.elements())?;
        super::copy::copy_view(&mut ViewMut { pointer: storage.pointer(), meta: &meta }, view);
        // SAFETY: the storage holds this many bytes, written above.
        let bytes = unsafe { std::slice::from_raw_parts(storage.pointer(), meta.elements()) };
        // Sums of bytes vectorise; a block of 255 ones at most does not overflow.
        let count = bytes.chunks(255).map(|block| block.iter().sum::<u8>() as usize).sum();
        Ok(Self { meta, storage, count })
    }

    fn pointer(&self) -> *const u8 {
        self.storage.pointer()
    }
}

impl Tensor {
    /// The indices of the elements that are not zero, one row for each, in row-major order.
    ///
    /// ```
    /// use rushlight_core::Tensor;
    /// let x = Tensor::from_vec([0.0f32, 1.0, 2.0, 0.0], &[2, 2])?;
    /// assert_eq!(x.nonzero()?.to_vec::<i64>()?, [0, 1, 1, 0]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// For tensors that are being traced: the shape of the result depends on data.
    pub fn nonzero(&self) -> Result<Tensor> {
        apply(Nonzero, &[self])
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[Entry {
    name: "nonzero",
    forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
    overloads: &[Overload {
        schema: "nonzero(Tensor self) -> Tensor",
        call: |a| a.finish(a.tensor(0)?.nonzero()?),
    }],
    documentation: "The indices of the elements that are not zero: an `int64` tensor with one row for each, in row-major \
                    order, and one column for each dimension.",
    example: ">>> torch.nonzero(torch.tensor([[0, 1], [2, 0]]))\ntensor([[0, 1],\n        [1, 0]])",
    samples: |s| s.each_layout(|x| vec![x.into()]),
    differentiable: false,
    ..Entry::DEFAULT
}];
