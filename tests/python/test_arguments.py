"""Arguments of operations: what is accepted, and what a wrong call is told, in PyTorch 2.15's words."""

import pytest

import rushlight as torch

X = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])

MESSAGES = [
    (lambda: torch.exp(1), "exp(): argument 'input' (position 1) must be Tensor, not int"),
    (lambda: torch.exp(), 'exp() missing 1 required positional arguments: "input"'),
    (lambda: torch.exp(X, 1), "exp() takes 1 positional argument but 2 were given"),
    (lambda: torch.exp(X, foo=1), "exp() got an unexpected keyword argument 'foo'"),
    (lambda: torch.exp(input=3), "exp(): argument 'input' must be Tensor, not int"),
    (lambda: X.exp(1), "TensorBase.exp() takes no arguments (1 given)"),
    (lambda: X.exp(foo=2), "TensorBase.exp() takes no keyword arguments"),
    (lambda: torch.exp(None), "exp(): argument 'input' (position 1) must be Tensor, not NoneType"),
    (lambda: torch.add("a", X), "add(): argument 'input' (position 1) must be Tensor, not str"),
    (
        lambda: torch.add(X),
        "add() received an invalid combination of arguments - got (Tensor), but expected "
        "(Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)",
    ),
    (lambda: torch.add(X, "a"), "add(): argument 'other' (position 2) must be Tensor, not str"),
    (lambda: X.add("a"), "add(): argument 'other' (position 1) must be Tensor, not str"),
    (
        lambda: X.add(X, X, X),
        "add() received an invalid combination of arguments - got (Tensor, !Tensor!, !Tensor!), but expected "
        "(Tensor other, *, Number alpha = 1)",
    ),
    (lambda: X.add(X, alpha="q"), "add(): argument 'alpha' must be Number, not str"),
    (lambda: torch.add(X, X, alpha=X), "add(): argument 'alpha' must be Number, not Tensor"),
    (lambda: torch.add(X, torch.float32), "add(): argument 'other' (position 2) must be Tensor, not torch.dtype"),
    (
        lambda: torch.sum(X, "a"),
        "sum() received an invalid combination of arguments - got (Tensor, str), but expected one of:\n"
        " * (Tensor input, *, torch.dtype dtype = None)\n"
        " * (Tensor input, tuple of ints dim, bool keepdim = False, *, torch.dtype dtype = None, "
        "Tensor out = None)\n",
    ),
    (lambda: torch.sum(X, 0, 1), "sum(): argument 'keepdim' (position 3) must be bool, not int"),
    (lambda: X.sum(0, True, 3), "sum() takes from 1 to 2 positional arguments but 3 were given"),
    (lambda: X.sum(0, dim=1), "sum() got multiple values for argument 'dim'"),
    (
        lambda: X.sum(dtype=3),
        "sum() received an invalid combination of arguments - got (dtype=int, ), but expected one of:\n"
        " * (*, torch.dtype dtype = None)\n"
        " * (tuple of ints dim, bool keepdim = False, *, torch.dtype dtype = None)\n",
    ),
    (
        lambda: X.sum((0, 1.5)),
        "sum(): argument 'dim' failed to unpack the object at pos 2 with error "
        '"type must be tuple of ints,but got float"',
    ),
    (lambda: X.permute("a"), "permute(): argument 'dims' (position 1) must be tuple of ints, not str"),
    (
        lambda: X.permute(("a", 0)),
        "permute(): argument 'dims' (position 1) must be tuple of ints, but found element of type str at pos 0",
    ),
    (lambda: X.permute([0, 1], 2), "permute() takes 1 positional argument but 2 were given"),
    (lambda: X.permute(dims=[1.5]), "permute(): argument 'dims' must be tuple of ints, not list"),
    (lambda: X.transpose(0), 'transpose() missing 1 required positional arguments: "dim1"'),
    (lambda: X.transpose(), 'transpose() missing 2 required positional argument: "dim0", "dim1"'),
    (lambda: X.unsqueeze(True), "unsqueeze(): argument 'dim' (position 1) must be int, not bool"),
    (lambda: torch.cat(X), "cat(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"),
    (lambda: torch.cat([X, 3]), "expected Tensor as element 1 in argument 0, but got int"),
    (
        lambda: X.squeeze(0.5),
        "squeeze() received an invalid combination of arguments - got (float), but expected one of:\n"
        " * ()\n      didn't match because some of the arguments have invalid types: (!float!)\n"
        " * (int dim)\n      didn't match because some of the arguments have invalid types: (!float!)\n"
        " * (tuple of ints dim)\n      didn't match because some of the arguments have invalid types: (!float!)\n",
    ),
    (lambda: X + "a", "unsupported operand type(s) for +: 'Tensor' and 'str'"),
    (lambda: X - None, "unsupported operand type(s) for -: 'Tensor' and 'NoneType'"),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[message[:40] for _, message in MESSAGES])
def test_message(call, message):
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == message


def test_keywords_of_numpy_are_taken():
    assert torch.sum(X, axis=0, keepdims=True).shape == (1, 3)
    assert torch.exp(x=X).shape == (2, 3)
    assert torch.add(x1=X, x2=X).shape == (2, 3)


def test_keywords_that_are_not_interned_are_found():
    assert X.sum(**{"".join(["di", "m"]): 0}).shape == (3,)


def test_integers_may_come_one_by_one_or_as_a_list():
    for shape in ((3, 2), [3, 2], torch.Size([3, 2])):
        assert X.view(shape).shape == (3, 2)
    assert X.view(3, 2).shape == X.view(-1, 2).shape == (3, 2)
    assert X.view(torch.tensor(3), 2).shape == (3, 2)


def test_number_too_large_for_an_integer():
    with pytest.raises(ValueError, match="^Overflow when unpacking long long$"):
        torch.sum(X, 2**70)


def test_deprecated_order_of_arguments_warns_once():
    with pytest.warns(UserWarning, match="This overload of add is deprecated") as caught:
        result = torch.add(X, 2, X)
    assert result.tolist() == [[3.0] * 3] * 2
    assert caught[0].filename == __file__


def test_functions_know_their_names():
    assert torch.exp.__name__ == "exp"
    assert torch.exp.__qualname__ == "_VariableFunctionsClass.exp"
    assert "torch.Size" not in (torch.exp.__doc__ or "")
    assert torch.Tensor.exp.__name__ == "exp"


def test_in_place_returns_the_object_itself():
    y = X.clone()
    z = y
    y += 1
    assert y is z
    assert y.add_(1) is y


def test_unknown_operand_gets_its_turn():
    class Other:
        def __radd__(self, left):
            return "reflected"

    assert X + Other() == "reflected"
    assert (X == "a") is False


def test_overloads_stand_in_their_order():
    with pytest.raises(TypeError) as caught:
        torch.pow("a", X)
    assert str(caught.value) == (
        "pow() received an invalid combination of arguments - got (str, Tensor), but expected one of:\n"
        " * (Tensor input, Tensor exponent, *, Tensor out = None)\n"
        " * (Number self, Tensor exponent, *, Tensor out = None)\n"
        " * (Tensor input, Number exponent, *, Tensor out = None)\n"
    )
    with pytest.raises(TypeError) as caught:
        X.pow()
    assert str(caught.value) == (
        "pow() received an invalid combination of arguments - got (), but expected one of:\n"
        " * (Tensor exponent)\n * (Number exponent)\n"
    )
