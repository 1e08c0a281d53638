"""What dtypes, devices and layouts are and say."""

import torch

# tolerance: 0 exact, nothing is computed
# lines
torch.float32
torch.float
torch.double
torch.float64
torch.half
torch.bfloat16
torch.long
torch.int
torch.short
torch.int8
torch.uint8
torch.bool
torch.float is torch.float32
torch.float32.is_floating_point
torch.int64.is_floating_point
torch.float64.itemsize
torch.bool.itemsize
torch.bfloat16.is_signed
torch.uint8.is_signed
torch.float32.is_complex
torch.is_floating_point(torch.ones(1))
torch.ones(1).is_floating_point()
torch.is_tensor(torch.ones(1))
torch.is_tensor([1])
torch.iinfo(torch.int32).max
torch.iinfo(torch.uint8)
torch.finfo(torch.float32).eps
torch.finfo(torch.float64).max
torch.finfo(torch.float16).tiny
torch.finfo(torch.float32)
torch.ones(1).dtype
torch.ones(1).layout
torch.ones(1).device
torch.device("cpu")
torch.device("cpu", 0)
torch.device("cpu").type
torch.device("cpu").index
torch.device("cpu:0").index
str(torch.device("cpu"))
torch.device("cpu") == torch.device("cpu")
torch.device("cpu") == torch.device("cpu:0")
torch.ones(1).type()
torch.ones(1).double().type()
torch.tensor([1]).type()
torch.tensor([True]).type()
torch.tensor([1], dtype=torch.int32).type()
torch.tensor([1], dtype=torch.uint8).type()
torch.ones(1).half().type()
torch.ones(1, dtype=torch.bfloat16).type()
torch.ones(1).is_cuda
torch.ones(1).is_sparse
torch.ones(1).is_leaf
torch.ones(1).is_contiguous()
torch.ones(1).get_device()
torch.float32.to_complex()
torch.promote_types(torch.int32, torch.float16)
torch.result_type(torch.ones(1, dtype=torch.int32), 1.5)
torch.result_type(torch.tensor([1]), torch.tensor(1.5))
torch.can_cast(torch.float32, torch.int64)
torch.can_cast(torch.int64, torch.float32)
torch.pi
torch.inf
torch.nan
torch.e
torch.newaxis
torch.strided
torch.contiguous_format
torch.ones(1).requires_grad
torch.ones(1).grad
torch.ones(1).grad_fn
torch.ones(1).output_nr
torch.ones(1)._version
torch.ones(1).data
torch.ones(1).itemsize
torch.ones(1).storage_offset()
torch.ones(3)[1:].storage_offset()
torch.ones(1).is_complex()
torch.ones(1).is_signed()
torch.ones(1).names
torch.is_nonzero(torch.tensor([1.0]))
torch.numel(torch.ones(2, 3))
