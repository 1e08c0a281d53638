"""A tensor and a node have one Python object, as PyTorch's do; what users attach to it lasts as long as the tensor."""

from __future__ import annotations

import gc
import weakref

import pytest

import rushlight as torch
from rushlight import Tensor, nn


def test_gradient_is_itself_and_keeps_attributes() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    assert x.grad is x.grad
    x.grad.note = "kept"
    gc.collect()
    assert x.grad.note == "kept"
    attributes = x.grad.__dict__
    assert x.grad.__dict__ is attributes


def test_base_node_and_leaf_are_themselves() -> None:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    assert x.view(3)._base is x
    y = x * 2
    assert y.grad_fn is y.grad_fn
    leaf = y.grad_fn.next_functions[0][0]
    assert leaf.variable is x
    assert leaf is y.grad_fn.next_functions[0][0]
    assert type(leaf).__name__ == "AccumulateGrad"


def test_saved_tensors_are_the_operands() -> None:
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    b = torch.tensor([3.0, 4.0], requires_grad=True)
    product = (a * b).grad_fn
    assert product._saved_self is a
    assert product._saved_other is b
    with pytest.raises(AttributeError, match="'MulBackward0' object has no attribute '_saved_nothing'"):
        product._saved_nothing


def test_metadata_of_a_node_survives_its_object() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.grad_fn.metadata["who"] = "me"
    gc.collect()
    assert y.grad_fn.metadata == {"who": "me"}


def test_nodes_print_as_their_class() -> None:
    y = torch.ones(2, requires_grad=True) * 2
    assert type(y.grad_fn).__name__ == "MulBackward0"
    assert repr(type(y.grad_fn)) == "<class 'MulBackward0'>"
    assert repr(y.grad_fn).startswith("<MulBackward0 object at 0x")
    assert y.grad_fn.name() == "MulBackward0"
    assert y.grad_fn.next_functions[0][0].name() == "torch::autograd::AccumulateGrad"


class Tagged(Tensor):
    """A subclass with attributes."""


def test_subclass_and_attributes_survive_the_object() -> None:
    x = torch.ones(2).as_subclass(Tagged)
    x.tag = "mine"
    x.requires_grad_()
    y = x * 2
    attributes = x.__dict__
    # The result is of the subclass too, by an alias of the product.
    node = y.grad_fn.next_functions[0][0].next_functions[0][0]
    del x, y
    gc.collect()
    again = node.variable
    assert type(again) is Tagged
    assert again.tag == "mine"
    assert again.__dict__ is attributes


def test_parameter_survives_as_a_parameter() -> None:
    parameter = nn.Parameter(torch.ones(2))
    parameter.note = 5
    node = (parameter * 2).grad_fn.next_functions[0][0]
    del parameter
    gc.collect()
    assert isinstance(node.variable, nn.Parameter)
    assert node.variable.note == 5
    assert type(node.variable * 2) is Tensor


def test_a_hook_that_captures_its_own_leaf_is_collected() -> None:
    x = torch.ones(2, requires_grad=True)

    class Witness:
        pass

    witness = Witness()
    alive = weakref.ref(witness)
    x.register_hook(lambda gradient, x=x, witness=witness: None)
    del x, witness
    gc.collect()
    assert alive() is None


def test_a_hook_that_captures_its_own_result_is_collected() -> None:
    class Witness:
        pass

    witness = Witness()
    alive = weakref.ref(witness)
    y = torch.ones(2, requires_grad=True) * 2
    y.register_hook(lambda gradient, y=y, witness=witness: None)
    del y, witness
    gc.collect()
    assert alive() is None


def test_a_dict_that_holds_its_own_tensor_is_collected() -> None:
    class Witness:
        pass

    x = torch.ones(2)
    x.me = x
    x.witness = Witness()
    alive = weakref.ref(x.witness)
    del x
    gc.collect()
    assert alive() is None


def test_tensors_take_weak_references() -> None:
    x = torch.ones(2)
    reference = weakref.ref(x)
    assert reference() is x
    del x
    assert reference() is None


def test_hash_is_identity() -> None:
    x, y = torch.ones(2), torch.ones(2)
    assert hash(x) == id(x)
    assert len({x, y, x}) == 2


def test_live_tensors_stay_flat() -> None:
    x = torch.ones(2, requires_grad=True)
    for _ in range(3):
        (x * x).sum().backward()
    gradient = x.grad
    for _ in range(100):
        (x * x).sum().backward()
    assert x.grad is gradient
