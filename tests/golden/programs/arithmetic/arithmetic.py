"""Arithmetic with broadcasting, on tensors and Python numbers on both sides."""

import torch

a = torch.tensor([[1.0, -2.0, 3.5], [0.0, 5.0, -6.25]])
b = torch.tensor([2.0, -0.5, 4.0])
c = torch.tensor([[3.0], [-7.0]])
s = torch.tensor(2.5)
i = torch.tensor([7, -7, 5])
j = torch.tensor([2, 2, -3])
u = torch.tensor([200, 100, 3], dtype=torch.uint8)
t = torch.tensor([True, False, True])

# tolerance: 0 exact, single roundings of IEEE arithmetic
# template show: show({line})
# lines
a + b
a - b
a * b
a / b
a + c
a * c
c + b
c - b
a + s
s * a
s + s
a + 1
1 + a
a - 1
1 - a
a * 2
2 * a
a / 2
2 / a
1 / b
a + 0.1
0.1 + a
a * 0.1
a / 0.3
-a
+a
abs(a)
a**2
a**3
a**0.5
a**-1
a**0
2**b
b**b.abs()
2.0**i.float()
i**2
i**3
2**j.abs()
i**j.abs()
a // 2
a // b
7 // b
a % 2
a % b
7 % b
-7.5 % b
i + j
i - j
i * j
i / j
i // j
i % j
i // 2
-7 // j
i % 2
i % -2
7 % j
i / 2
2 / i
i + 1.5
i * 2.0
i + True
t + 1
t + t
t * t
t + 0.5
t / 2
t * 3
t | torch.tensor([False, False, True])
t & torch.tensor([False, True, True])
t ^ torch.tensor([True, True, True])
~t
~i
i & j
i | j
i ^ j
i & 3
3 | i
i << 1
i >> 1
1 << j.abs()
u + u
u - 5
u * 2
-u
u // 2
u + 1000
u + 1.0
~u
torch.add(a, b)
torch.add(a, 1)
torch.add(a, b, alpha=2)
torch.add(i, j, alpha=3)
torch.add(a, 2, alpha=0.5)
torch.sub(a, b)
torch.sub(a, b, alpha=2)
torch.subtract(a, 1)
torch.rsub(a, b)
torch.rsub(a, 1, alpha=2)
torch.mul(a, b)
torch.multiply(a, 3)
torch.div(a, b)
torch.divide(a, 4)
torch.true_divide(i, j)
torch.div(a, b, rounding_mode="floor")
torch.div(a, b, rounding_mode="trunc")
torch.div(i, j, rounding_mode="floor")
torch.div(i, j, rounding_mode="trunc")
torch.floor_divide(i, j)
torch.remainder(a, b)
torch.remainder(-7, torch.tensor([3, -3]))
torch.fmod(a, b)
torch.fmod(i, j)
torch.fmod(a, 2)
torch.pow(a, 2)
torch.pow(2, b)
torch.pow(b, torch.tensor([2, 3, 4]))
torch.float_power(i, 2)
torch.neg(a)
torch.negative(i)
torch.addcmul(a, b, c)
torch.addcmul(a, b, c, value=0.5)
torch.addcdiv(a, b, c)
torch.addcdiv(a, b, c, value=-2)
torch.lerp(b, b + 1, 0.25)
torch.lerp(b, b + 1, torch.tensor([0.0, 0.5, 1.0]))
a.add(b).mul(2).sub(1).div(4)
a.add(1, alpha=3)
a.pow(2)
a.sub(b, alpha=0.5)
a.__rpow__(2).shape
a.__rsub__(1)
a.__rdiv__(1).shape
a.__radd__(1)
torch.maximum(a, b)
torch.minimum(a, c)
torch.max(a, b)
torch.min(a, s)
torch.fmax(torch.tensor([float("nan"), 1.0]), torch.tensor([2.0, float("nan")]))
torch.maximum(torch.tensor([float("nan"), 1.0]), torch.tensor([2.0, 3.0]))
torch.clamp(a, min=0)
torch.clamp(a, max=2)
torch.clamp(a, -1, 1)
torch.clamp(a, 1, -1)
torch.clamp(i, 0, 5)
torch.clamp(i, min=0.5)
torch.clamp(a, min=b)
torch.clamp(a, b, s)
a.clamp(min=0)
a.clip(-1, 1)
a.clamp_min(0)
a.clamp_max(0)
torch.abs(i)
torch.absolute(a)
torch.sign(a)
torch.sign(i)
torch.sgn(a)
torch.square(a)
torch.square(i)
torch.reciprocal(b)
torch.reciprocal(j)
torch.floor(a)
torch.ceil(a)
torch.round(torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, 2.4]))
torch.round(torch.tensor([1.234, 5.678]), decimals=2)
torch.trunc(a)
torch.frac(a)
torch.floor(i)
torch.gcd(i, j)
torch.heaviside(a, s)
torch.tensor([1.0, -1.0, 0.0]) / 0
torch.tensor([1.0, -1.0, 0.0]) / -0.0
torch.tensor([1.0]) // 0
torch.tensor([1.0]) % 0
torch.tensor([1e38]) * 10
torch.tensor([1e-40]) / 2
torch.tensor([0.1], dtype=torch.float64) + torch.tensor([0.2], dtype=torch.float64)
torch.tensor([0.1]) + torch.tensor([0.2])
torch.tensor([0.1]) + 0.2
torch.tensor([16777216.0]) + 1
torch.tensor([2**62]) * 4
torch.tensor([127], dtype=torch.int8) + 1
torch.tensor([-128], dtype=torch.int8).abs()
torch.tensor([2048.0], dtype=torch.float16) + 1
torch.tensor([0.1], dtype=torch.float16) * 3
torch.tensor([0.1], dtype=torch.bfloat16) * 3
torch.tensor([0.1], dtype=torch.bfloat16) + torch.tensor([0.2], dtype=torch.bfloat16)
torch.tensor([60000.0], dtype=torch.float16) * 2
torch.ones(2, 0) + torch.ones(2, 1)
torch.ones(0) * 2
torch.ones(3, 1, 2) + torch.ones(4, 1)
torch.ones(2, 1, 3).mul(torch.ones(4, 3)).shape
a.t() + c.t().expand(3, 2)
a.t() * 2
a[:, ::2] + 1
a[:, 1] * c[:, 0]
c.expand(2, 3) + c.expand(2, 3)
torch.broadcast_shapes((2, 1), (3,))
torch.broadcast_tensors(b, c)
torch.logical_and(t, i > 0)
torch.logical_or(a, b)
torch.logical_not(a)
torch.logical_xor(t, t)
torch.bitwise_and(i, j)
torch.bitwise_not(i)

# case: operators return new tensors
x = torch.ones(2)
y = x
x = x + 1
print(x, y, x is y)
x += 1
z = x
x += 1
print(x, z, x is z)

# case: shapes that do not match
torch.ones(2, 3) + torch.ones(2)

# case: shapes that do not match in multiplication
torch.ones(3) * torch.ones(4)

# case: subtract booleans
t - t

# case: subtract a boolean scalar
torch.ones(2) - True

# case: one minus a boolean tensor
1 - t

# case: negate booleans
-t

# case: integer to a negative power
i**-1

# case: integer division by zero
i // 0

# case: integer remainder by zero
i % 0

# case: tensor plus string
a + "1"

# case: tensor plus None
a + None

# case: string plus tensor
"1" + a

# case: list plus tensor
[1] + a

# case: tensor plus list
a + [1, 2, 3]

# case: tensor times a tuple
b * (1, 2, 3)

# case: clamp without bounds
a.clamp()

# case: bitwise and of floats
a & b

# case: invert floats
~a

# case: shift floats
show(a << 1)

# case: bad rounding mode
torch.div(a, b, rounding_mode="up")

# case: floor with out of another dtype
torch.add(a, b, out=torch.empty(2, 3, dtype=torch.int64))

# case: out of another shape warns
out = torch.empty(4)
torch.add(a, b, out=out)
show(out)

# case: matmul operator
show(a @ b, b @ b, a @ a.t())

# case: inplace matmul operator
x = torch.eye(2)
x @= torch.ones(2, 2)
show(x)
