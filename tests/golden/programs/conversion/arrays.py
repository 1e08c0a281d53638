"""NumPy in and out."""

import numpy as np
import torch

# tolerance: 0 exact, copies and shared memory
# case: from_numpy shares memory
a = np.array([1.0, 2.0, 3.0])
t = torch.from_numpy(a)
a[0] = 9
t[1] = 8
show(t, a)

# case: from_numpy dtypes
for dtype in ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"):
    show(torch.from_numpy(np.ones((2,), dtype=dtype)))

# case: from_numpy of Fortran order
show(torch.from_numpy(np.asfortranarray(np.arange(6.0).reshape(2, 3))))

# case: from_numpy of a slice
show(torch.from_numpy(np.arange(10)[2:8:2]))

# case: from_numpy of negative strides
torch.from_numpy(np.arange(3)[::-1])

# case: from_numpy of a read-only array warns
a = np.arange(3.0)
a.flags.writeable = False
show(torch.from_numpy(a))

# case: from_numpy of a list
torch.from_numpy([1, 2])

# case: from_numpy of strings
torch.from_numpy(np.array(["a"]))

# case: tensor copies an array
a = np.array([[1, 2], [3, 4]])
t = torch.tensor(a)
a[0, 0] = 100
show(t)

# case: as_tensor shares an array
a = np.array([1.5, 2.5])
t = torch.as_tensor(a)
a[0] = 0
show(t)

# case: tensor of numpy scalars
show(torch.tensor(np.float32(1.5)), torch.tensor(np.int64(3)), torch.tensor(np.float64(2.5)), torch.tensor(np.bool_(True)))

# case: tensor of a list of arrays
show(torch.tensor([np.float64(1.0), np.float64(2.0)]))

# case: Tensor of an array
show(torch.Tensor(np.array([1, 2])), torch.FloatTensor(np.array([1.5, 2.5], dtype=np.float32)))

# case: numpy shares memory
t = torch.ones(3)
a = t.numpy()
t.add_(1)
a[0] = 7
show(a, t)

# case: numpy of a transposed tensor
t = torch.arange(6).reshape(2, 3).t()
show(t.numpy(), list(t.numpy().strides))

# case: numpy of a 0-d tensor
a = torch.tensor(2.5).numpy()
show(a, a.shape == ())
print("{:.3f}".format(torch.tensor(2.5).numpy()))

# case: numpy of a tensor that requires grad
torch.ones(1, requires_grad=True).numpy()

# case: numpy after detach
show(torch.ones(1, requires_grad=True).detach().numpy(), torch.ones(2, requires_grad=True).data.numpy())

# case: numpy with force
show((torch.ones(1, requires_grad=True) * 2).numpy(force=True))

# case: numpy of bfloat16
torch.ones(1).bfloat16().numpy()

# case: numpy functions take tensors
t = torch.tensor([1.0, 4.0])
show(np.sqrt(t), np.asarray(t), np.array(t), np.array(t, dtype=np.float64))
print(type(np.sqrt(t)).__name__)

# case: array plus tensor
show(torch.ones(2) + np.array([1.0, 2.0], dtype=np.float32))

# case: tensor times numpy scalar
show(torch.ones(2) * np.float64(2.5), torch.ones(2) + np.int64(1), torch.arange(2) * np.float32(0.5))

# case: numpy scalar times tensor
print(np.float64(2.5) * torch.ones(2))

# case: index by an array
show(torch.arange(5)[np.array([0, 2])], torch.arange(3)[np.array([True, False, True])])

# case: array of a tensor that requires grad
np.asarray(torch.ones(1, requires_grad=True))

# case: compare with arrays
print((torch.tensor([1, 2]).numpy() == np.array([1, 3])).tolist())

# case: shape and fill by numpy integers
show(torch.zeros(np.int64(2), 3), torch.full((2,), np.float32(1.5)), torch.ones(2)[np.int64(1)])

# case: numpy and iteration
for value in torch.tensor([1, 2]).numpy():
    print(value, type(value).__name__)

# case: dataframe values
import pandas as pd

frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": [1, 0]})
print(torch.from_numpy(frame[["a", "b"]].values.copy()))
print(torch.tensor(frame["c"].values), torch.tensor(frame.values))
