"""Records how PyTorch prints tensors and Python prints floats, for `crates/rushlight-core/tests/printing.rs`.

Run with a Python that has PyTorch 2.15, from the root of the repository:

    python tests/golden/make_printing.py --cases 3000 --kilobytes 195 \\
        crates/rushlight-core/tests/data/printing.txt

The same seed gives the same file. For a run beyond what is checked in, write a larger file elsewhere
(`--cases 30000`) and name it to the test by the environment variable `RUSHLIGHT_PRINTING_CASES`.

The file is plain text. A record begins with a line whose first word is its kind:

- `tensor DTYPE DEFAULT_DTYPE SHAPE PRECISION THRESHOLD EDGEITEMS LINEWIDTH SCI CLASS GRADIENT`, and `meta`
  alike, then `= ` and the elements (of an elided tensor only those that PyTorch shows, each as
  `flat index:element`), then the tangent if there is one (lines that begin with `^`) and the text (lines that
  begin with `|`);
- `batched LEVEL DIMENSION` and `tracking LEVEL`, then the inner text (`^`) and the text (`|`);
- `repr BITS TEXT`, and `fixed`, `exponent`, `general` with `BITS PRECISION TEXT`, for a float64 by its bits.
"""

import argparse
import itertools
import math
import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

FLOATS = ["float32", "float64", "float16", "bfloat16"]
INTEGERS = ["uint8", "int8", "int16", "int32", "int64"]
COMPLEX = ["complex64", "complex128"]
SPECIAL = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0]
# Values at which the algorithm decides: the limits of scientific notation, and halves, which round to even.
EDGES = [
    1.0,
    1000.0,
    1001.0,
    1e8,
    100000001.0,
    1e-4,
    0.00009999,
    0.5,
    1.5,
    2.5,
    0.125,
    0.00005,
    0.99995,
    9999.5,
]


# Classes whose names are printed, some with more bytes than characters. Made by calls, because a type checker
# that does not see PyTorch cannot check a subclass.
Named: Any = type("Named", (torch.Tensor,), {})
ÜberGewicht: Any = type("ÜberGewicht", (torch.nn.Parameter,), {})
Verdopplungsfähig: Any = type(
    "Verdopplungsfähig",
    (torch.autograd.Function,),
    {"forward": staticmethod(lambda ctx, x: x.clone()), "backward": staticmethod(lambda ctx, g: g)},
)


def element(value: bool | int | float | complex, dtype: str) -> str:
    """One element, as short as reads back exactly; what is not float64 reads back through float32."""
    if isinstance(value, complex):
        part = "float64" if dtype == "complex128" else "float32"
        return f"{element(value.real, part)},{element(value.imag, part)}"
    if isinstance(value, float) and dtype != "float64":
        return str(np.float32(value))
    return str(value)


def to_bits(x: float) -> int:
    """The bits of a float64."""
    return int.from_bytes(struct.pack(">d", x))


def from_bits(bits: int) -> float:
    """The float64 of those bits."""
    (x,) = struct.unpack(">d", bits.to_bytes(8))
    return float(x)


def sizes(rng: random.Random) -> tuple[int, ...]:
    """A shape: mostly small, sometimes empty, sometimes so large that it is elided."""
    kind = rng.random()
    if kind < 0.1:
        return ()
    if kind < 0.15:
        return tuple(rng.choice([0, 1, 2, 3]) for _ in range(rng.randint(1, 4)))
    if kind < 0.35:
        return (rng.choice([1, 2, 3, 5, 7, 11, 20, 33]),)
    if kind < 0.42:
        return (rng.choice([1000, 1001, 1234, 5000]),)
    if kind < 0.47:
        return rng.choice([(40, 50), (2, 600), (600, 2), (7, 7, 30), (12, 10, 11), (3, 400, 1), (6, 7, 5, 6)])
    rank = rng.choice([2, 2, 2, 3, 3, 4, 5])
    return tuple(rng.choice([1, 2, 2, 3, 4, 8 if rank == 2 else 2]) for _ in range(rank))


def floats(rng: random.Random, count: int) -> list[float]:
    """Numbers of one character: alike, integers, of wide range, raw bits, halves, limits; some special."""
    kind = rng.choice(["normal", "normal", "integer", "wide", "bits", "half", "edge", "special"])
    scale = 10.0 ** rng.randint(-6, 9)
    spread = rng.choice([1, 2, 4, 8, 40])
    most = 10 ** rng.randint(1, 10)

    def draw() -> float:
        match kind:
            case "normal":
                return rng.gauss(0.0, 1.0) * scale
            case "integer":
                return float(rng.randint(-most, most))
            case "wide":
                return rng.choice([-1.0, 1.0]) * math.pow(10.0, rng.uniform(-spread, spread))
            case "bits":
                return from_bits(rng.getrandbits(64))
            case "half":
                return rng.randint(-4096, 4096) / 2.0 ** rng.randint(0, 8)
            case "edge":
                return rng.choice([-1.0, 1.0]) * rng.choice(EDGES)
            case _:
                return rng.choice(SPECIAL)

    values = [draw() for _ in range(count)]
    if rng.random() < 0.25:
        for position in range(count):
            if rng.random() < 0.2:
                values[position] = rng.choice(SPECIAL)
    return values


def make(rng: random.Random, dtype: str, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor of that dtype and shape."""
    count = int(np.prod(shape))
    if dtype == "bool":
        return torch.tensor([rng.random() < 0.5 for _ in range(count)], dtype=torch.bool).reshape(shape)
    if dtype in INTEGERS:
        limits = torch.iinfo(getattr(torch, dtype))
        reach = 10 ** rng.randint(0, 19)
        low, high = max(limits.min, -reach), min(limits.max, reach)
        drawn = [rng.randint(low, high) for _ in range(count)]
        return torch.tensor(drawn, dtype=getattr(torch, dtype)).reshape(shape)
    if dtype in COMPLEX:
        real, imaginary = floats(rng, count), floats(rng, count)
        pairs = torch.complex(torch.tensor(real, dtype=torch.float64), torch.tensor(imaginary, dtype=torch.float64))
        return pairs.to(getattr(torch, dtype)).reshape(shape)
    # Through float64, so that wide values become infinities and zeros of narrow dtypes.
    return torch.tensor(floats(rng, count), dtype=torch.float64).to(getattr(torch, dtype)).reshape(shape)


def draw_options(rng: random.Random) -> dict[str, Any]:
    """Print options; in half of the cases the defaults."""
    options: dict[str, Any] = {
        "precision": 4,
        "threshold": 1000,
        "edgeitems": 3,
        "linewidth": 80,
        "sci_mode": None,
    }
    if rng.random() < 0.5:
        return options
    changes: dict[str, list[Any]] = {
        "precision": [0, 1, 2, 3, 6, 8, 10, 17, 30],
        "threshold": [0, 1, 5, 10, 50, float("inf")],
        "edgeitems": [0, 1, 1, 2, 2, 5, 500],
        "linewidth": [1, 8, 10, 20, 40, 60, 79, 81, 120, 200],
        "sci_mode": [True, False],
    }
    for name, choices in changes.items():
        if rng.random() < 0.4:
            options[name] = rng.choice(choices)
    return options


def record(rng: random.Random, tensor: torch.Tensor) -> tuple[torch.Tensor, str, str]:
    """The tensor with a place in a graph; its class and its gradient as the record names them."""
    kind = rng.random()
    if not (tensor.is_floating_point() or tensor.is_complex()) or kind < 0.6:
        if rng.random() < 0.05:
            return tensor.as_subclass(Named), "sub:Named", "none"
        return tensor, "tensor", "none"
    if kind < 0.7:
        return tensor.requires_grad_(), "tensor", "required"
    if kind < 0.74:
        return torch.nn.Parameter(tensor), "parameter", "required"
    if kind < 0.76:
        return torch.nn.Parameter(tensor, requires_grad=False), "parameter", "none"
    if kind < 0.78:
        return ÜberGewicht(tensor), "parameter:ÜberGewicht", "required"
    leaf = tensor.requires_grad_()
    match rng.choice(["clone", "view", "squeeze", "own", "expand"]):
        case "clone":
            result = leaf.clone()
        case "view":
            result = leaf.view(leaf.shape)
        case "squeeze":
            result = leaf.unsqueeze(0).squeeze(0)
        case "own":
            result = Verdopplungsfähig.apply(leaf)
        case _:
            result = leaf.expand(leaf.shape)
    return result, "tensor", f"node:{type(result.grad_fn).__name__}"


def elements(tensor: torch.Tensor, dtype: str, options: dict[str, Any]) -> str:
    """What a printer may read: all elements, or those that an elided tensor shows, by their flat index."""
    values = tensor.detach().as_subclass(torch.Tensor).reshape(-1).tolist()
    if tensor.numel() <= options["threshold"] or tensor.dim() == 0:
        return " ".join(element(value, dtype) for value in values)
    edge = options["edgeitems"]
    shown = [[*range(edge), *range(size - edge, size)] if size > 2 * edge else range(size) for size in tensor.shape]
    parts = []
    for index in itertools.product(*shown):
        flat = int(np.ravel_multi_index(index, tensor.shape))
        parts.append(f"{flat}:{element(values[flat], dtype)}")
    return " ".join(parts)


def marked(mark: str, text: str) -> str:
    """`text` with `mark` before each line."""
    return "".join(f"{mark}{line}\n" for line in text.split("\n"))


def head(kind: str, tensor: torch.Tensor, options: dict[str, Any], class_name: str, gradient: str) -> str:
    """The first line of a record of a tensor."""
    shape = "x".join(map(str, tensor.shape)) or "-"
    dtype = str(tensor.dtype).removeprefix("torch.")
    default = str(torch.get_default_dtype()).removeprefix("torch.")
    settings = " ".join(str(setting) for setting in options.values())
    return f"{kind} {dtype} {default} {shape} {settings} {class_name} {gradient}\n"


def tensor_record(rng: random.Random) -> str:
    """A record of one printed tensor."""
    dtype = rng.choice([*FLOATS, "float32", "float32", "float64", rng.choice(INTEGERS), "bool", rng.choice(COMPLEX)])
    options = draw_options(rng)
    torch.set_printoptions(**options)
    torch.set_default_dtype(getattr(torch, rng.choice(["float32"] * 5 + FLOATS)))
    tensor = make(rng, dtype, sizes(rng))
    if rng.random() < 0.02:
        meta = tensor.to("meta")
        return head("meta", meta, options, "tensor", "none") + marked("|", repr(meta))
    dual = (tensor.is_floating_point() or tensor.is_complex()) and rng.random() < 0.05
    elements_line = f"= {elements(tensor, dtype, options)}".rstrip() + "\n"
    if dual:
        with torch.autograd.forward_ad.dual_level():
            tangent = make(rng, dtype, tuple(tensor.shape))
            result = torch.autograd.forward_ad.make_dual(tensor, tangent)
            start = head("tensor", result, options, "tensor", "none")
            return start + elements_line + marked("^", f"{tangent}") + marked("|", repr(result))
    result, class_name, gradient = record(rng, tensor)
    text = head("tensor", result, options, class_name, gradient) + elements_line
    return text + marked("|", repr(result))


def tie_records() -> Iterator[str]:
    """Numbers between two equally near shortest decimals (Python: the even one), and limits of notation."""
    ties = [2.0**-25, 2.0**-44, 1720805954758130.25]
    for x in [*ties, 5e-324, 2.0**-1022, 1e16, 9999999999999998.0, 1e-4, 9.9e-5]:
        yield f"repr {to_bits(x):x} {x!r}\n"


def number_record(rng: random.Random) -> str:
    """A record of one printed float64."""
    choices = [
        from_bits(rng.getrandbits(64)),
        floats(rng, 1)[0],
        2.0 ** rng.randint(-1074, 1023),
        float(f"{rng.randint(1, 999)}e{rng.randint(-20, 25)}"),
    ]
    x = rng.choice(choices)
    bits = to_bits(x)
    kind = rng.choice(["repr", "repr", "fixed", "exponent", "general"])
    if kind == "repr":
        return f"repr {bits:x} {x!r}\n"
    precision = rng.choice([0, 1, 2, 3, 4, 6, 10, 17, 25])
    return f"{kind} {bits:x} {precision} {x:.{precision}{kind[0]}}\n"


def wrapped_records() -> Iterator[str]:
    """Values inside transforms, as a function that runs there sees them."""
    torch.set_printoptions(profile="default")
    torch.set_default_dtype(torch.float32)
    seen: list[str] = []

    def look(x: torch.Tensor) -> torch.Tensor:
        seen.append(repr(x))
        return x.sum()

    cube = torch.arange(8.0).reshape(2, 2, 2)
    torch.vmap(look)(cube)
    yield "batched 1 0\n" + marked("^", repr(cube)) + marked("|", seen[-1])
    torch.vmap(look, in_dims=2)(cube)
    yield "batched 1 2\n" + marked("^", repr(cube)) + marked("|", seen[-1])
    torch.func.grad(look)(cube)
    yield "tracking 1\n" + marked("^", repr(cube)) + marked("|", seen[-1])
    torch.vmap(torch.func.grad(look))(cube)
    inner = "BatchedTensor(lvl=1, bdim=0, value=\n" + "\n".join(
        f"    {line}" if line else "" for line in repr(cube).split("\n")
    )
    yield "tracking 2\n" + marked("^", inner + "\n)") + marked("|", seen[-1])


def selection(records: list[str], size: int) -> list[str]:
    """Records from the front, up to `size` bytes: all short ones, and a few of the long ones."""
    kept, total, long = [], 0, 0
    for text in records:
        length = len(text.encode())
        if length > 500:
            long += 1
            if length > 3000 or long % 6:
                continue
        if total + length > size:
            break
        total += length
        kept.append(text)
    return kept


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(description="Record how PyTorch prints tensors.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--cases", type=int, default=2000, help="tensors to print; and as many numbers")
    parser.add_argument("--kilobytes", type=int, default=0, help="leave out long records to stay below this size")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    records = [*wrapped_records(), *tie_records()]
    for _ in range(arguments.cases):
        records += [tensor_record(rng), number_record(rng)]
    if arguments.kilobytes:
        records = selection(records, arguments.kilobytes * 1000)
    arguments.path.write_text("".join(records), encoding="utf-8")
    print(f"{len(records)} records of PyTorch {torch.__version__} in {arguments.path}")


if __name__ == "__main__":
    main()
