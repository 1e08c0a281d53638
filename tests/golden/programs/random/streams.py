"""Random streams, bit for bit."""

import torch

# tolerance: 0 exact, the streams are promised to the bit

# case: rand in float32
torch.manual_seed(0)
show(torch.rand(5), torch.rand(2, 3), torch.rand(()), torch.rand(17), torch.rand(100))

# case: rand in float64
torch.manual_seed(1)
show(torch.rand(5, dtype=torch.float64), torch.rand(3, 3, dtype=torch.float64), torch.rand(20, dtype=torch.float64))

# case: rand in half precisions
torch.manual_seed(2)
show(torch.rand(5, dtype=torch.float16), torch.rand(5, dtype=torch.bfloat16), torch.rand(20, dtype=torch.float16))

# case: randn below 16 elements
torch.manual_seed(0)
for n in range(16):
    show(torch.randn(n))

# case: randn from 16 elements
torch.manual_seed(0)
for n in (16, 17, 18, 24, 31, 32, 33, 48, 63, 64, 100, 257):
    show(torch.randn(n))

# case: randn of 10000 elements
torch.manual_seed(12345)
show(torch.randn(10000))

# case: randn in float64 below 16 elements
torch.manual_seed(3)
for n in (1, 2, 3, 8, 15):
    show(torch.randn(n, dtype=torch.float64))

# case: randn in float64 from 16 elements
# tolerance: 1 ulp, the last bit of log, cos and sin is the C library's
torch.manual_seed(3)
for n in (16, 20, 32, 40, 100):
    show(torch.randn(n, dtype=torch.float64))

# case: randn in half precisions
torch.manual_seed(4)
show(torch.randn(5, dtype=torch.float16), torch.randn(20, dtype=torch.float16), torch.randn(5, dtype=torch.bfloat16), torch.randn(20, dtype=torch.bfloat16))

# case: randn with several dims
torch.manual_seed(5)
show(torch.randn(2, 3), torch.randn(4, 4), torch.randn(2, 3, 5), torch.randn(()), torch.randn(1))

# case: a normal number is kept for the next call
torch.manual_seed(6)
show(torch.randn(1), torch.rand(1), torch.randn(1), torch.randn(3), torch.randn(2))

# case: a seed forgets the kept number
torch.manual_seed(6)
show(torch.randn(1))
torch.manual_seed(6)
show(torch.randn(1), torch.randn(1))

# case: seeds
for seed in (0, 1, 42, 2**31, 2**32 - 1, 2**32, 2**40 + 3, -1, -5):
    torch.manual_seed(seed)
    show(torch.rand(2), torch.initial_seed())

# case: manual_seed gives the generator
g = torch.manual_seed(7)
print(type(g).__name__, g is torch.default_generator, g.initial_seed(), torch.initial_seed())

# case: normal with numbers
torch.manual_seed(0)
show(torch.normal(2.0, 3.0, (5,)), torch.normal(2.0, 3.0, (20,)), torch.normal(mean=0.5, std=0.1, size=(3, 2)))

# case: normal with tensors
torch.manual_seed(0)
show(torch.normal(torch.arange(5.0), torch.ones(5) * 0.5), torch.normal(torch.arange(20.0), torch.linspace(0.1, 2, 20)))

# case: normal with a tensor and a number
torch.manual_seed(1)
data = torch.ones(100, 2)
show(torch.normal(1.7 * data, 1), torch.normal(-1.7 * data, 1), torch.normal(0.0, torch.ones(3)), torch.normal(torch.zeros(3)))

# case: normal in float64
torch.manual_seed(1)
show(torch.normal(torch.zeros(5, dtype=torch.float64), 2.0), torch.normal(0.0, 1.0, (5,), dtype=torch.float64))

# case: randint
torch.manual_seed(0)
show(torch.randint(10, (5,)), torch.randint(3, 7, (2, 3)), torch.randint(-5, 5, (4,)), torch.randint(0, 2, (10,)))
show(torch.randint(0, 100, (5,), dtype=torch.int32), torch.randint(0, 100, (5,), dtype=torch.float32), torch.randint(0, 2, (5,), dtype=torch.bool))
show(torch.randint(high=4, size=(3,)), torch.randint(1, (3,)))

# case: randint of large ranges
torch.manual_seed(0)
show(torch.randint(0, 2**32 - 1, (3,)), torch.randint(0, 2**32, (3,)), torch.randint(0, 2**40, (3,)), torch.randint(-(2**62), 2**62, (3,)))

# case: randperm
torch.manual_seed(0)
show(torch.randperm(10), torch.randperm(1), torch.randperm(0), torch.randperm(100), torch.randperm(5, dtype=torch.int32))

# case: like
torch.manual_seed(0)
x = torch.ones(2, 3, dtype=torch.float64)
show(torch.rand_like(x), torch.randn_like(x), torch.randint_like(x, 5), torch.rand_like(x, dtype=torch.float32))
show(torch.randn_like(torch.ones(3, 2).t()))

# case: in place uniform and normal
torch.manual_seed(0)
show(torch.empty(5).uniform_(), torch.empty(20).uniform_(-2, 3), torch.empty(5).uniform_(1, 1), torch.empty(4, dtype=torch.float64).uniform_(-1, 1))
show(torch.empty(5).normal_(), torch.empty(20).normal_(3, 0.5), torch.empty(5, dtype=torch.float64).normal_(1, 2))

# case: in place on views
torch.manual_seed(0)
x = torch.zeros(4, 10)
x[:, ::2].uniform_()
x[1].normal_()
x.t()[0].normal_()
show(x)

# case: normal on a transposed tensor
torch.manual_seed(0)
x = torch.zeros(5, 8).t()
x.normal_()
show(x)
torch.manual_seed(0)
show(torch.zeros(8, 5).normal_())

# case: random_
torch.manual_seed(0)
show(torch.empty(4, dtype=torch.int64).random_(10), torch.empty(4).random_(3, 9), torch.empty(3, dtype=torch.int32).random_(), torch.empty(3, dtype=torch.uint8).random_(), torch.empty(3).random_(), torch.empty(3, dtype=torch.int64).random_())

# case: bernoulli
torch.manual_seed(0)
show(torch.empty(10).bernoulli_(0.3), torch.bernoulli(torch.tensor([0.0, 0.5, 1.0, 0.2, 0.8])), torch.empty(20).bernoulli_(), torch.bernoulli(torch.full((6,), 0.5, dtype=torch.float64)))

# case: exponential
# tolerance: 2 ulp, the last bit of log1p is the C library's
torch.manual_seed(0)
show(torch.empty(5).exponential_(), torch.empty(20).exponential_(2.0))

# case: multinomial
torch.manual_seed(0)
show(torch.multinomial(torch.tensor([1.0, 2.0, 3.0, 4.0]), 3), torch.multinomial(torch.tensor([0.1, 0.9]), 10, replacement=True))

# case: a generator of its own
g = torch.Generator()
g.manual_seed(5)
a = torch.rand(3, generator=g)
torch.manual_seed(5)
b = torch.rand(3)
show(a, b, torch.randn(20, generator=g), torch.randint(5, (3,), generator=g), torch.randperm(4, generator=g), torch.normal(0.0, 1.0, (2,), generator=g), g.initial_seed())

# case: state of the generator
torch.manual_seed(8)
torch.randn(3)
state = torch.get_rng_state()
a = torch.randn(3), torch.rand(2), torch.randn(20)
torch.set_rng_state(state)
b = torch.randn(3), torch.rand(2), torch.randn(20)
print(all(torch.equal(p, q) for p, q in zip(a, b)), state.shape, state.dtype)

# case: fork_rng
torch.manual_seed(8)
with torch.random.fork_rng():
    torch.rand(5)
show(torch.rand(2))

# case: seed returns a number
s = torch.seed()
print(isinstance(s, int), torch.initial_seed() == s)

# case: printed as programs print them
torch.manual_seed(1)
print(torch.rand(2, 3))
print(torch.randn(2, 3))
print(torch.randint(0, 10, (3,)), torch.randperm(5))
