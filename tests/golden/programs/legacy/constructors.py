"""The constructors of older programs: classes of tensors, `type`, `Variable`."""

import torch

# tolerance: 0 exact, creation computes nothing
# template show: show({line})
# lines
torch.Tensor([1, 2, 3])
torch.Tensor([[1, 2], [3, 4]])
torch.Tensor(2, 3).shape
torch.Tensor()
torch.Tensor(0)
torch.Tensor(torch.Size([2, 3])).shape
torch.Tensor(torch.ones(2))
torch.Tensor([True, False])
torch.Tensor((1, 2))
torch.Tensor([1.5]).dtype
torch.FloatTensor([1, 2])
torch.FloatTensor([9])
torch.FloatTensor(2, 3).shape
torch.FloatTensor()
torch.FloatTensor([[1, 2], [3, 4]])
torch.DoubleTensor([1.5, 2.5])
torch.DoubleTensor([1, 2])
torch.LongTensor([1, 2])
torch.LongTensor([1.9, -1.9])
torch.LongTensor(3).shape
torch.IntTensor([1, 2])
torch.ShortTensor([1, 2])
torch.CharTensor([1, -2])
torch.ByteTensor([1, 2])
torch.BoolTensor([True, False])
torch.BoolTensor([0, 2])
torch.HalfTensor([1, 2])
torch.BFloat16Tensor([1, 2])
torch.ones(2).type(torch.FloatTensor)
torch.ones(2).type(torch.DoubleTensor)
torch.ones(2).type(torch.LongTensor)
torch.ones(2).type("torch.DoubleTensor")
torch.ones(2).type(torch.float64)
torch.ones(2).type(torch.int32)
torch.tensor([1.9]).type(torch.LongTensor)
torch.ones(2).type_as(torch.tensor([1]))
torch.Tensor([1, 2]).type()
torch.ones(2).type(torch.ByteTensor)
torch.tensor([0.0, 2.0]).type(torch.BoolTensor)
torch.FloatTensor is torch.DoubleTensor
isinstance(torch.ones(1), torch.FloatTensor)
isinstance(torch.ones(1), torch.DoubleTensor)
isinstance(torch.tensor([1]), torch.LongTensor)
isinstance(torch.ones(1), torch.Tensor)
torch.FloatTensor.dtype
torch.ones(2).new(3, 4).shape
torch.ones(2).new([1, 2])
torch.from_numpy.__name__

# case: tensor classes say their names
print(torch.FloatTensor, torch.Tensor, torch.LongTensor, torch.FloatTensor.__name__)

# case: type of a tensor
print(type(torch.ones(1)), type(torch.FloatTensor([1])), torch.ones(1).__class__.__name__)

# case: type gives the tensor itself when nothing changes
x = torch.ones(2)
print(x.type(torch.FloatTensor) is x, x.float() is x, x.double() is x, x.to(torch.float32) is x)

# case: set_default_tensor_type
torch.set_default_tensor_type(torch.DoubleTensor)
show(torch.ones(1), torch.Tensor([1]))

# case: Tensor refuses a dtype
torch.Tensor([1, 2], dtype=torch.float32)

# case: FloatTensor refuses a wrong tensor
torch.FloatTensor(torch.tensor([1]))

# case: LongTensor of a float size
torch.LongTensor(2.5)

# case: Tensor of a number is a size
show(torch.Tensor(3).shape)

# case: type of an unknown name
torch.ones(1).type("torch.NoSuchTensor")

# case: Variable is a Tensor
from torch.autograd import Variable

x = Variable(torch.ones(2, 2), requires_grad=True)
print(x, type(x), isinstance(x, torch.Tensor), isinstance(x, Variable))
y = Variable(torch.FloatTensor([9]))
print(y, y.requires_grad)
y

# case: Variable keeps storage
from torch.autograd import Variable

t = torch.zeros(2)
v = Variable(t, requires_grad=True)
v.data[0] = 4
print(t, v, v is t, t.requires_grad)

# case: Variable by keyword and position
from torch.autograd import Variable

print(Variable(torch.ones(1), True), Variable(data=torch.ones(1)), torch.autograd.Variable(torch.zeros(1)))
Variable(torch.ones(1), requires_grad=True) * 2
