"""In-place forms on tensors without history."""

import torch

a = torch.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
b = torch.tensor([2.0, 0.5, -1.0])
i = torch.tensor([5, -3, 7])

# tolerance: 4 ulp, some of these are transcendental functions
# template show: show({line}, a, a._version, i)
# lines
a.add_(b)
a.add_(1)
a.add_(b, alpha=2)
a.sub_(b)
a.sub_(1)
a.mul_(b)
a.mul_(2)
a.div_(b)
a.div_(2)
a.div_(b, rounding_mode="floor")
a.pow_(2)
a.pow_(b)
a.neg_()
a.abs_()
a.exp_()
a.abs_().log_()
a.abs_().sqrt_()
a.sin_()
a.cos_()
a.tan_()
a.tanh_()
a.sigmoid_()
a.relu_()
a.clamp_(min=0)
a.clamp_(-1, 1)
a.clamp_min_(0)
a.floor_()
a.ceil_()
a.round_()
a.trunc_()
a.reciprocal_()
a.square_()
a.sign_()
a.remainder_(2)
a.fmod_(2)
a.floor_divide_(2)
a.fill_(3)
a.fill_(torch.tensor(4.0))
a.zero_()
a.copy_(b)
a.copy_(torch.tensor([1, 2, 3]))
a.set_(torch.ones(2))
a.t_()
a.transpose_(0, 1)
a.unsqueeze_(0)
a.squeeze_()
a.resize_(3, 2)
a.masked_fill_(a > 0, 9)
a.index_fill_(1, torch.tensor([0]), 7)
a.addcmul_(b, b, value=2)
a.addcdiv_(b, b, value=2)
a.lerp_(b, 0.5)
a.eq_(1)
a.gt_(0)
a.logical_not_()
a.fill_diagonal_(5)
a.swapaxes_(0, 1)
a.add_(b).mul_(2).sub_(1)
a.cumsum_(1)
a.addmm_(torch.ones(2, 2), torch.ones(2, 3))
a.requires_grad_(False)
a.detach_()
a.erf_()
a.expm1_()
a.abs_().log1p_()
a.atan_()
a.rsqrt_()
a.tril_()
i.add_(1)
i.mul_(2)
i.floor_divide_(2)
i.remainder_(3)
i.pow_(2)
i.bitwise_and_(3)
i.clamp_(0, 6)
i.neg_()
a.t().add_(1)
a[0].mul_(10)
a[:, 1].zero_()
a[:, ::2].add_(100)

# case: the operators
a += 1
a -= b
a *= 2
a /= 4
a **= 2
a //= 1
a %= 3
i += 1
i -= 2
i *= 3
i //= 2
i %= 5
i &= 7
i |= 8
i ^= 1
i <<= 1
i >>= 1
show(a, i, a._version, i._version)

# case: in place returns the tensor itself
print(a.add_(1) is a, a.zero_() is a, a.t_() is a, a.requires_grad_() is a, a.detach_() is a)

# case: in place operators keep the object
c = a
a += 1
print(a is c, c)

# case: in place does not broadcast itself
b.add_(a)

# case: in place does not change its dtype
i.add_(1.5)

# case: in place division of integers
i /= 2

# case: in place by a float tensor on integers
i.mul_(torch.tensor(2.5))

# case: in place by a double tensor on float
show(b.add_(torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)))

# case: in place on bool
t = torch.tensor([True, False])
t |= torch.tensor([False, True])
show(t)
t += 1

# case: versions of views are shared
v = a.view(6)
before = a._version
v.add_(1)
d = a.detach()
d.mul_(2)
e = a.data
e.zero_()
print(before, a._version, v._version, d._version, e._version)

# case: out makes a new version
out = torch.empty(2)
torch.add(torch.ones(2), 1, out=out)
torch.exp(torch.ones(2), out=out)
print(out._version)

# case: copy of a wrong shape
a.copy_(torch.ones(4))

# case: resize of a tensor that requires grad
torch.ones(2, requires_grad=True).resize_(3)

# case: overlapping write
x = torch.arange(5.0)
x[1:].copy_(x[:-1])

# case: overlapping addition
x = torch.arange(5.0)
x[1:].add_(x[:-1])

# case: an operand that is the output
x = torch.arange(4.0)
x.add_(x)
x.mul_(x[:])
show(x)

# case: random in place shapes
x = torch.empty(3)
print(x.uniform_().shape, x.normal_().shape, x.bernoulli_().shape, x.random_(10).shape)

# case: data of another shape
x = torch.ones(2)
y = x
x.data = torch.zeros(3, 3, dtype=torch.float64)
print(x, y is x, y.shape, y.dtype)
