"""Write the public names of PyTorch's namespaces, from which a missing name is told from a mistyped one.

Run with a Python that has the real PyTorch:

    python tools/torch_names.py > python/rushlight/_torch_names.txt
"""

from __future__ import annotations

import importlib
import types

import torch

# fmt: off
NAMESPACES = [
    "torch", "torch.Tensor", "torch.amp", "torch.autograd", "torch.autograd.forward_ad", "torch.autograd.function",
    "torch.autograd.functional", "torch.autograd.grad_mode", "torch.autograd.graph", "torch.autograd.profiler",
    "torch.backends", "torch.backends.cuda", "torch.backends.cudnn", "torch.backends.mkl", "torch.backends.mkldnn",
    "torch.backends.mps", "torch.backends.openmp", "torch.compiler", "torch.cpu", "torch.cuda", "torch.distributed",
    "torch.distributions", "torch.fft", "torch.func", "torch.futures", "torch.fx", "torch.hub", "torch.jit",
    "torch.linalg", "torch.masked", "torch.mps", "torch.multiprocessing", "torch.nested", "torch.nn",
    "torch.nn.functional", "torch.nn.init", "torch.nn.modules", "torch.nn.parallel", "torch.nn.parameter",
    "torch.nn.utils", "torch.nn.utils.parametrizations", "torch.nn.utils.parametrize", "torch.nn.utils.prune",
    "torch.nn.utils.rnn", "torch.onnx", "torch.optim", "torch.optim.lr_scheduler", "torch.optim.swa_utils",
    "torch.overrides", "torch.package", "torch.profiler", "torch.quantization", "torch.random", "torch.serialization",
    "torch.signal", "torch.sparse", "torch.special", "torch.storage", "torch.testing", "torch.types", "torch.utils",
    "torch.utils.benchmark", "torch.utils.checkpoint", "torch.utils.data", "torch.utils.dlpack", "torch.utils.hooks",
    "torch.utils.tensorboard", "torch.version", "torch.xpu",
]
# fmt: on


def public_names(owner: object) -> list[str]:
    """The names that belong to PyTorch: neither private nor imported into the namespace from elsewhere."""
    listed = set(getattr(owner, "__all__", ()))
    names = []
    for name in sorted(set(dir(owner)) | listed):
        if name.startswith("_") or name in {"F", "TYPE_CHECKING", "torch"}:
            continue
        try:
            value = getattr(owner, name)
        except Exception:
            value = None
        if isinstance(value, types.ModuleType):
            origin = value.__name__
        else:
            origin = getattr(value, "__module__", None) or "torch"
        if name in listed or origin.partition(".")[0] in {"torch", "builtins", "_VariableFunctions"}:
            names.append(name)
    return names


def main() -> None:
    """Print one line for each namespace."""
    print(f"# Public names of PyTorch {torch.__version__}; made by tools/torch_names.py.")
    for namespace in NAMESPACES:
        try:
            owner = torch.Tensor if namespace == "torch.Tensor" else importlib.import_module(namespace)
        except ImportError:
            continue
        print(f"{namespace}: {' '.join(public_names(owner))}")


if __name__ == "__main__":
    main()
