"""torch.testing: what counts as close, what is said when it is not, tensors of random values."""

import torch
from torch.testing import assert_close, make_tensor

nan, inf = float("nan"), float("inf")

# lines
assert_close(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]))
assert_close(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 2.1], [5.0, 4.0]]))
assert_close(torch.tensor(1.0), torch.tensor(2.0))
assert_close(torch.tensor(1.0), torch.tensor(1.0 + 1e-6))
assert_close(torch.tensor(1.0, dtype=torch.float64), torch.tensor(1.0 + 1e-6, dtype=torch.float64))
assert_close(1.0, 2.0)
assert_close(1, 2)
assert_close(1, 1.5)
assert_close(True, False)
assert_close(None, 1)
assert_close(torch.ones(2), torch.ones(3))
assert_close(torch.ones(2), torch.ones(2, dtype=torch.int64))
assert_close(torch.tensor([1, 2]), torch.tensor([1, 3]))
assert_close(torch.tensor([True]), torch.tensor([False]))
assert_close(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]), rtol=0, atol=0)
assert_close(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]), rtol=0, atol=1e-3)
assert_close(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]), rtol=1)
assert_close([torch.tensor(1.0), torch.tensor(2.0)], [torch.tensor(1.0), torch.tensor(3.0)])
assert_close({"a": torch.tensor(1.0)}, {"a": torch.tensor(3.0)})
assert_close({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]})
assert_close([1], [1, 2])
assert_close({"a": 1}, {"b": 1})
assert_close("a", "b")
assert_close(torch.ones(2), [1.0, 1.0])
assert_close(torch.tensor([1.0, nan]), torch.tensor([1.0, nan]))
assert_close(torch.tensor([1.0, nan]), torch.tensor([1.0, nan]), equal_nan=True)
assert_close(torch.tensor([1.0, 2.0]), torch.tensor([inf, 2.1]))
assert_close(torch.ones(2), torch.zeros(2), msg="said by us")
assert_close(torch.ones(2), torch.zeros(2), msg=lambda text: text + "!")
assert_close(torch.ones(2), torch.ones(2, dtype=torch.float64), check_dtype=False)
assert_close(torch.ones(2, 3), torch.ones(3, 2).t(), check_stride=True)

# case: tensors of random values
torch.manual_seed(0)
print(make_tensor(3, 2, dtype=torch.float32, device="cpu"), make_tensor((2,), dtype=torch.float64, device="cpu"))
print(make_tensor(5, dtype=torch.int64, device="cpu"), make_tensor(5, dtype=torch.bool, device="cpu"))
print(make_tensor(4, dtype=torch.float32, device="cpu", low=0, high=1, requires_grad=True))
print(make_tensor(2, 3, dtype=torch.float32, device="cpu", noncontiguous=True).stride())
print(make_tensor(9, dtype=torch.int64, device="cpu", low=0, high=2, exclude_zero=True))

# lines
make_tensor(2, dtype=torch.float32, device="cpu", low=2, high=1)
make_tensor(2, dtype=torch.float32, device="cpu", low=nan)
make_tensor(2, dtype=torch.uint8, device="cpu", low=-9, high=-1)
make_tensor(2, dtype=torch.int64, device="cpu", requires_grad=True)
