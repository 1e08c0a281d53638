"""Functions of single elements, at ordinary values and at the edges."""

import torch

nan, inf = float("nan"), float("inf")
ordinary = [0.0, 0.1, 0.5, 1.0, 1.5, 2.0, 3.14159, 5.0, 10.0, 25.0, -0.1, -0.5, -1.0, -1.5, -2.0, -3.0, -7.5, -20.0]
edges = [nan, inf, -inf, -0.0, 1e-30, -1e-30, 1e-42, 1e30, -1e30, 88.0, 89.0, -87.5, -104.0, 3e38, 100.5, 0.99999994, -1.0]
x = torch.tensor(ordinary)
z = torch.tensor(edges)
d = torch.tensor(ordinary + edges + [709.0, 710.0, -745.0, 1e-300, 1e300], dtype=torch.float64)
h = torch.tensor(ordinary, dtype=torch.float16)
f = torch.tensor(ordinary, dtype=torch.bfloat16)
i = torch.tensor([-2, 0, 1, 3])

# tolerance: 4 ulp, transcendental functions are polynomials of our own with a measured ulp
# tolerance: 2e-15 absolute, near the zeros of sin, cos and log a relative error is not promised
# template float: show({line}(x))
# template edges: show({line}(z))
# template double: show({line}(d))
# template others: show({line}(h), {line}(f), {line}(i))
# lines
torch.exp
torch.exp2
torch.expm1
torch.log
torch.log2
torch.log10
torch.log1p
torch.sqrt
torch.rsqrt
torch.sin
torch.cos
torch.tan
torch.asin
torch.acos
torch.atan
torch.sinh
torch.cosh
torch.tanh
torch.asinh
torch.acosh
torch.atanh
torch.sigmoid
torch.relu
torch.abs
torch.neg
torch.sign
torch.square
torch.reciprocal
torch.floor
torch.ceil
torch.round
torch.trunc
torch.erf
torch.erfc
torch.isnan
torch.isfinite
torch.isinf
torch.nn.functional.softplus
torch.nn.functional.logsigmoid
torch.nn.functional.leaky_relu
torch.nn.functional.elu
torch.nn.functional.gelu
torch.nn.functional.silu
torch.nn.functional.relu6
torch.nan_to_num
torch.deg2rad
torch.logit
torch.sinc
torch.erfinv
torch.lgamma

# case: names of the same function
show(torch.arctan(x), torch.arcsin(x / 20), torch.special.expit(x), torch.fix(x), torch.absolute(x))
show(x.exp(), x.sin(), x.sigmoid(), x.tanh(), x.relu(), x.sqrt(), x.abs(), x.neg())

# case: functions of two tensors
# tolerance: 4 ulp, transcendental functions are polynomials of our own with a measured ulp
y = torch.tensor([1.0, -2.0, 0.5, 3.0, -1.0, 0.0, 2.0, -0.5, 0.25])
show(torch.atan2(x[:9], y), torch.hypot(x[:9], y), torch.pow(x[:9], y), torch.logaddexp(x[:9], y), torch.copysign(x[:9], y))
show(torch.xlogy(y, x[:9]), torch.nextafter(x[:9], y), torch.fmod(x[:9], y), torch.remainder(x[:9], y))

# case: powers
# tolerance: 4 ulp, transcendental functions are polynomials of our own with a measured ulp
show(x**2, x**3, x**0.5, x**-1, x**-0.5, x**-2, x**0, x**1.7, x**0.3333)
show(z**2, z**3, z**0.5, z**-1, z**0, z**1.5, 0.0**z, 1.0**z, 2.0**z, (-2.0) ** z)

# case: powers of double
# tolerance: 4 ulp, transcendental functions are polynomials of our own with a measured ulp
show(d**2, d**3, d**0.5, d**-1, d**0, d**1.7, 2.0**d)

# case: strided inputs
m = x.reshape(3, 6)
show(m.t().exp(), m[:, ::2].sin(), m.t().contiguous().tanh(), m[1:, 1:].sigmoid())

# case: empty and 0-d inputs
show(torch.exp(torch.ones(0)), torch.sin(torch.tensor(1.0)), torch.ones(2, 0).tanh())

# case: function of a number
torch.exp(1.0)

# case: function of a list
torch.sin([1.0])

# case: function of nothing
torch.exp()

# case: method with an argument too many
x.exp(2)

# case: unary in place on integers
i.clone().sqrt_()

# case: out of unary
out = torch.empty(4)
torch.sqrt(torch.tensor([1.0, 4.0, 9.0, 16.0]), out=out)
show(out)

# case: relu of booleans
torch.relu(torch.tensor([True]))

# case: math identities
print(torch.sin(torch.tensor(torch.pi)), torch.cos(torch.tensor(torch.pi)), torch.exp(torch.tensor(1.0)), torch.log(torch.tensor(torch.e)))
print(torch.tanh(torch.tensor([0.5])), torch.sigmoid(torch.tensor([0.0, 1.0, -1.0, 100.0, -100.0])))
