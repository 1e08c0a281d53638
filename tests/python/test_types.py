"""`dtype`, `Size`, `device` and the other small types."""

import copy
import pickle

import pytest

import rushlight as torch


def test_dtypes_are_single_objects():
    assert torch.float is torch.float32
    assert repr(torch.float32) == "torch.float32"
    assert (torch.float64.itemsize, torch.bool.is_signed, torch.int8.is_floating_point) == (8, False, False)
    assert pickle.loads(pickle.dumps(torch.int16)) is torch.int16
    assert copy.deepcopy(torch.float16) is torch.float16


def test_size_is_a_tuple():
    size = torch.Size([2, 3])
    assert repr(size) == "torch.Size([2, 3])"
    assert size == (2, 3)
    assert hash(size) == hash((2, 3))
    assert size.numel() == 6
    assert torch.Size([]).numel() == 1
    for kept in (size + (4,), (4,) + size, size * 2, 2 * size, size[:1], size[::-1]):  # noqa: RUF005 - concatenation is what is tested
        assert type(kept) is torch.Size
    assert type(pickle.loads(pickle.dumps(size))) is torch.Size
    with pytest.raises(TypeError, match=r"^torch.Size\(\) takes an iterable of 'int' \(item 0 is 'float'\)$"):
        torch.Size([1.5])
    with pytest.raises(TypeError, match=r"^can only concatenate tuple \(not list\) to torch.Size$"):
        size + [4]  # noqa: RUF005 - concatenation is what is tested


def test_device():
    assert repr(torch.device("cpu:0")) == "device(type='cpu', index=0)"
    assert str(torch.device("cpu", 1)) == "cpu:1"
    assert torch.device("cpu") != torch.device("cpu:0")
    assert torch.device("cuda").type == "cuda"
    assert pickle.loads(pickle.dumps(torch.device("cpu:0"))) == torch.device("cpu:0")
    with pytest.raises(RuntimeError, match="^Expected one of cpu, cuda, .* at start of device string: foo$"):
        torch.device("foo")
    with pytest.raises(RuntimeError, match="^Invalid device string: 'cpu:x'$"):
        torch.device("cpu:x")


def test_limits():
    assert repr(torch.finfo(torch.float32)) == (
        "finfo(resolution=1e-06, min=-3.40282e+38, max=3.40282e+38, eps=1.19209e-07, smallest_normal=1.17549e-38, "
        "tiny=1.17549e-38, dtype=float32)"
    )
    assert repr(torch.iinfo(torch.int8)) == "iinfo(min=-128, max=127, dtype=int8)"
    assert torch.finfo(torch.float64).eps == 2.0**-52
    with pytest.raises(TypeError, match="requires a floating point input type"):
        torch.finfo(torch.int8)


def test_generator_states_travel():
    one = torch.Generator().manual_seed(-1)
    assert one.initial_seed() == 2**64 - 1
    two = torch.Generator()
    assert two.initial_seed() == 67280421310721
    two.set_state(one.get_state())
    assert two.initial_seed() == one.initial_seed()
    assert one.get_state().shape == (5056,)
    with pytest.raises(RuntimeError, match="^manual_seed expected a long, but got float$"):
        one.manual_seed(1.5)


def test_promotion():
    assert torch.promote_types(torch.int32, torch.float16) is torch.float16
    assert torch.can_cast(torch.float32, torch.int32) is False
    assert torch.result_type(torch.tensor([1]), 1.0) is torch.float32


def test_default_dtype():
    with pytest.raises(TypeError, match="^only floating-point types are supported as the default type$"):
        torch.set_default_dtype(torch.int32)
    with pytest.raises(TypeError, match="^invalid dtype object: only floating-point types"):
        torch.set_default_dtype(3)


def test_warning_that_a_filter_raises_is_raised():
    import warnings

    x = torch.tensor([1.0, 1.0], requires_grad=True)
    y = x * 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="attribute of a Tensor that is not a leaf"):
            y.grad
    assert y.sum().item() == 4.0
