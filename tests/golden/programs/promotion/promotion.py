"""Type promotion: which dtype results, for all pairs, with numbers and with 0-d tensors."""

import torch

dtypes = [
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
]
numbers = {"bool": True, "int": 2, "float": 1.5}


def name(dtype):
    return str(dtype).removeprefix("torch.")


def outcome(function):
    try:
        result = function()
        return f"{name(result.dtype)}{'' if result.dim() else ' 0-d'}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def table(label, function):
    """All pairs: vector with vector, vector with 0-d, 0-d with vector, 0-d with 0-d, and with numbers on both sides."""
    for left in dtypes:
        for right in dtypes:
            a, b = torch.ones(2, dtype=left), torch.ones(2, dtype=right)
            s, z = torch.ones((), dtype=left), torch.ones((), dtype=right)
            outcomes = [outcome(lambda: function(x, y)) for x, y in ((a, b), (a, z), (s, b), (s, z))]
            print(label, name(left), name(right), *outcomes, sep=" | ")
        for kind, number in numbers.items():
            a, s = torch.ones(2, dtype=left), torch.ones((), dtype=left)
            outcomes = [outcome(lambda: function(x, y)) for x, y in ((a, number), (number, a), (s, number), (number, s))]
            print(label, name(left), kind, *outcomes, sep=" | ")


# template table: table("{line}", lambda x, y: {line})
# lines
x + y
x - y
x * y
x / y
x // y
x % y
x**y
x == y
x < y
torch.where(torch.tensor(True), x, y)

# case: promote_types of all pairs
for left in dtypes:
    print(name(left), *[name(torch.promote_types(left, right)) for right in dtypes])

# case: can_cast of all pairs
for left in dtypes:
    print(name(left), *[torch.can_cast(left, right) for right in dtypes])

# case: result_type with numbers
for left in dtypes:
    x, s = torch.ones(2, dtype=left), torch.ones((), dtype=left)
    print(name(left), *[name(torch.result_type(x, number)) for number in numbers.values()])
    print(name(left), *[name(torch.result_type(s, number)) for number in numbers.values()])
    print(name(left), *[name(torch.result_type(number, x)) for number in numbers.values()])

# case: bitwise operators
for operator, function in {
    "and": lambda x, y: x & y,
    "or": lambda x, y: x | y,
    "xor": lambda x, y: x ^ y,
}.items():
    for left in dtypes[:7]:
        print(operator, name(left), *[outcome(lambda: function(torch.ones(2, dtype=left), torch.ones(2, dtype=right))) for right in dtypes[:7]])

# case: maximum and minimum
for left in dtypes:
    x = torch.ones(2, dtype=left)
    print(name(left), *[outcome(lambda: torch.maximum(x, torch.ones(2, dtype=right))) for right in dtypes])

# case: unary functions
functions = "exp log sqrt sin cos tan tanh sigmoid relu neg abs sign square reciprocal floor ceil round rsqrt log1p expm1 exp2 log2 log10 erf atan isnan isfinite logical_not".split()
for function in functions:
    print(function, *[outcome(lambda: getattr(torch, function)(torch.ones(2, dtype=dtype))) for dtype in dtypes], sep=" | ")

# case: reductions
for function in "sum prod mean std var norm amax any all logsumexp median".split():
    print(function, *[outcome(lambda: getattr(torch, function)(torch.ones(2, dtype=dtype))) for dtype in dtypes], sep=" | ")
for function in "cumsum cumprod argmax softmax".split():
    print(function, *[outcome(lambda: getattr(torch, function)(torch.ones(2, dtype=dtype), 0)) for dtype in dtypes], sep=" | ")

# case: matrix products
for left in dtypes:
    x = torch.ones(2, 2, dtype=left)
    print(name(left), *[outcome(lambda: x @ torch.ones(2, 2, dtype=right)) for right in dtypes], sep=" | ")

# case: cat and stack
for left in dtypes:
    x = torch.ones(2, dtype=left)
    print(name(left), *[outcome(lambda: torch.cat([x, torch.ones(2, dtype=right)])) for right in dtypes], sep=" | ")
print(outcome(lambda: torch.stack([torch.ones(1, dtype=torch.int64), torch.ones(1)])))

# case: in place
for left in dtypes:
    for right in dtypes:
        print(name(left), name(right), outcome(lambda: torch.ones(2, dtype=left).add_(torch.ones(2, dtype=right))), sep=" | ")
    for kind, number in numbers.items():
        print(name(left), kind, outcome(lambda: torch.ones(2, dtype=left).mul_(number)), outcome(lambda: torch.ones(2, dtype=left).div_(number)), sep=" | ")

# case: assignment and copy convert
for left in dtypes:
    x = torch.ones(2, dtype=left)
    x[0] = 2.7
    x.copy_(x)
    print(x, torch.ones(1, dtype=left).copy_(torch.tensor([2.7])))

# case: clamp with numbers and tensors
for dtype in dtypes:
    x = torch.ones(2, dtype=dtype)
    print(name(dtype), outcome(lambda: x.clamp(min=0)), outcome(lambda: x.clamp(min=0.5)), outcome(lambda: x.clamp(torch.zeros(2))), sep=" | ")

# case: addcmul and lerp
print(outcome(lambda: torch.addcmul(torch.ones(2), torch.ones(2), torch.ones(2).double())))
print(outcome(lambda: torch.lerp(torch.ones(2), torch.ones(2).double(), 0.5)))
print(outcome(lambda: torch.add(torch.tensor([1]), 1, alpha=1.5)))
print(outcome(lambda: torch.add(torch.tensor([True]), torch.tensor([True]), alpha=2)))
print(outcome(lambda: torch.add(torch.tensor([1.0]), 1, alpha=True)))

# case: large Python integers
print(outcome(lambda: torch.ones(1, dtype=torch.uint8) + 300), torch.ones(1, dtype=torch.uint8) + 300)
print(outcome(lambda: torch.ones(1) + 2**62), torch.ones(1) * 2**40)
print(torch.tensor([1], dtype=torch.int32) + 2**31)

# case: integer beyond 64 bits
torch.ones(1) + 2**64

# case: default dtype governs division and numbers
torch.set_default_dtype(torch.float64)
show(torch.tensor([1]) / 2, torch.tensor([1]) + 1.5, torch.tensor([True]) * 1.5, torch.sqrt(torch.tensor([4])), torch.tensor([1]).float() + 1.5)
