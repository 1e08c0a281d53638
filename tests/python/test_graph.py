"""Static graphs in TensorFlow's words: names, printing, what can be fetched and fed, and what is refused."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pytest

from rushlight import graph as tf


@pytest.fixture(autouse=True)
def fresh_graph() -> None:
    tf.reset_default_graph()


def run(*fetches: Any, feed_dict: dict[Any, Any] | None = None) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches[0] if len(fetches) == 1 else list(fetches), feed_dict=feed_dict)


def test_printing() -> None:
    x = tf.placeholder(tf.float32, shape=(None, 1000))
    w = tf.Variable(tf.random_normal((1000, 100)))
    assert str(x) == 'Tensor("Placeholder:0", shape=(?, 1000), dtype=float32)'
    assert repr(x) == "<tf.Tensor 'Placeholder:0' shape=(?, 1000) dtype=float32>"
    assert str(w) == repr(w) == "<tf.Variable 'Variable:0' shape=(1000, 100) dtype=float32_ref>"
    assert str(tf.matmul(x, w)) == 'Tensor("MatMul:0", shape=(?, 100), dtype=float32)'
    assert repr(w.dtype) == "tf.float32_ref"
    assert str(x.dtype) == "<dtype: 'float32'>"
    assert x.shape.as_list() == [None, 1000]
    assert str(x.get_shape()) == "(?, 1000)"
    init = tf.global_variables_initializer()
    assert repr(init) == "<tf.Operation 'init' type=NoOp>"
    assert w.assign(w * 2.0).name == "Assign:0"


def test_names() -> None:
    a = tf.constant([1.0, 2.0], name="a")
    b = a * 2.0 + 1
    assert (a.name, b.name, b.op.inputs[0].name, b.op.type) == ("a:0", "add:0", "mul:0", "Add")
    with tf.name_scope("layer") as scope:
        c = tf.square(b, name="out")
    assert (scope, c.name) == ("layer/", "layer/out:0")
    assert tf.get_default_graph().get_tensor_by_name("layer/out:0") == c
    assert run("layer/out:0").tolist() == [9.0, 25.0]
    with pytest.raises(KeyError, match="refers to a Tensor which does not exist"):
        tf.get_default_graph().get_tensor_by_name("none:0")


def test_structures_of_fetches() -> None:
    x = tf.constant(3.0)
    y = x * x
    with tf.Session() as session:
        assert session.run([x, (y, [x])]) == [3.0, (9.0, [3.0])]
        assert session.run({"x": x, "y": y}) == {"x": 3.0, "y": 9.0}
        pair = namedtuple("pair", "first second")
        assert session.run(pair(x, y)) == pair(3.0, 9.0)
        assert session.run(tf.global_variables_initializer()) is None
        assert type(session.run(y)) is np.float32
        assert str(session.run(y)) == "9.0"
        assert y.eval() == 9.0
        assert y.eval(session=session) == 9.0
    with pytest.raises(RuntimeError, match="Attempted to use a closed Session."):
        session.run(y)


def test_dtypes_are_tensorflows() -> None:
    assert tf.constant(1).dtype == tf.int32
    assert tf.constant(1.0).dtype == tf.float32
    assert tf.constant(np.zeros(2)).dtype == tf.float64
    assert tf.constant([True]).dtype == tf.bool
    x = tf.placeholder(tf.float32, shape=(2,))
    assert (x * np.array([1.0, 2.0])).dtype == tf.float32
    assert (np.array([1.0, 2.0]) - x).name == "sub:0"
    assert run(np.array([1.0, 2.0]) - x, feed_dict={x: np.array([0.25, 0.5])}).tolist() == [0.75, 1.5]
    with pytest.raises(TypeError, match="has type int32 that does not match type float32"):
        tf.add(x, tf.constant(1))
    assert run(tf.cast(x, tf.int32), feed_dict={x: [1.75, -1.75]}).tolist() == [1, -1]


def test_what_is_refused() -> None:
    x = tf.placeholder(tf.float32, shape=(None, 1000))
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError) as missing:
            session.run(x * 2.0)
        assert str(missing.value).splitlines()[0] == (
            "You must feed a value for placeholder tensor 'Placeholder' with dtype float and shape [?,1000]"
        )
        with pytest.raises(ValueError) as misfit:
            session.run(x, feed_dict={x: np.zeros((64, 999))})
        assert str(misfit.value) == (
            "Cannot feed value of shape (64, 999) for Tensor 'Placeholder:0', which has shape '(?, 1000)'"
        )
        w = tf.Variable(1.0)
        with pytest.raises(tf.errors.FailedPreconditionError, match="Attempting to use uninitialized value Variable"):
            session.run(w)
        with pytest.raises(TypeError, match="Fetch argument 3 has invalid type <class 'int'>"):
            session.run(3)
        with pytest.raises(TypeError, match="Cannot interpret feed_dict key as Tensor"):
            session.run(x, feed_dict={3: 1.0})
        with pytest.raises(TypeError, match="The value of a feed cannot be a tf.Tensor object"):
            session.run(x, feed_dict={x: w})
        with tf.Graph().as_default():
            other = tf.constant(1.0)
        with pytest.raises(ValueError, match="is not an element of this graph"):
            session.run(other)
    with pytest.raises(TypeError, match="Using a `tf.Tensor` as a Python `bool` is not allowed"):
        bool(x)
    with pytest.raises(TypeError, match="only iterable when eager execution is enabled"):
        iter(x)
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 1000 and 3 for 'MatMul'"):
        tf.matmul(x, tf.zeros((3, 2)))
    with pytest.raises(AttributeError, match="module 'tensorflow' has no attribute 'while_loop': rushlight.graph has"):
        _ = tf.while_loop
    with pytest.raises(ValueError, match="No default session is registered"):
        w.eval()


def test_fetched_values_belong_to_the_caller() -> None:
    w = tf.Variable([1.0, 2.0])
    c = tf.constant([3.0])
    with tf.Session() as session:
        session.run(w.initializer)
        for fetch in (w, c):
            session.run(fetch)[:] = -1.0
        assert session.run(w).tolist() == [1.0, 2.0]
        assert session.run(c).tolist() == [3.0]


def test_random_numbers() -> None:
    tf.set_random_seed(3)
    z = tf.random_normal((1000,), mean=2.0, stddev=0.5)
    t = tf.truncated_normal((1000,))
    u = tf.random_uniform((1000,), -1.0, 1.0)
    with tf.Session() as session:
        first, second = session.run(z), session.run(z)
        inner, uniform = session.run([t, u])
    assert not (first == second).any()
    assert abs(first.mean() - 2.0) < 0.1
    assert abs(first.std() - 0.5) < 0.05
    assert np.abs(inner).max() <= 2.0
    assert np.abs(uniform).max() <= 1.0
    with tf.Session() as session:
        assert (session.run(z) == first).all(), "each session's streams begin anew"


def test_functions_against_numpy() -> None:
    x = np.array([[0.5, -1.5, 2.0], [1.0, 0.25, -0.75]])
    p = tf.placeholder(tf.float64, shape=(None, 3))
    cases = [
        (tf.exp(p), np.exp(x)),
        (tf.tanh(p), np.tanh(x)),
        (tf.sigmoid(p), 1 / (1 + np.exp(-x))),
        (tf.nn.relu(p), np.maximum(x, 0)),
        (tf.nn.softmax(p), np.exp(x) / np.exp(x).sum(1, keepdims=True)),
        (tf.log(tf.square(p)), np.log(x * x)),
        (tf.sqrt(tf.abs(p)), np.sqrt(np.abs(x))),
        (tf.reduce_mean(p), x.mean()),
        (tf.reduce_sum(p, axis=1), x.sum(1)),
        (tf.reduce_max(p, axis=[0], keepdims=True), x.max(0, keepdims=True)),
        (tf.minimum(p, 0.5), np.minimum(x, 0.5)),
        (tf.divide(p, 4), x / 4),
        (2.0**p, 2.0**x),
        (p @ tf.transpose(p), x @ x.T),
        (tf.matmul(p, p, transpose_a=True), x.T @ x),
        (tf.reshape(p, (3, -1)), x.reshape(3, -1)),
        (tf.argmax(p, 1), x.argmax(1)),
        (tf.cast(p > 0.0, tf.float64), (x > 0).astype(float)),
    ]
    for got, (_, want) in zip(run(*[node for node, _ in cases], feed_dict={p: x}), cases, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13)


def test_gradients() -> None:
    x = tf.placeholder(tf.float64, shape=(None,))
    z = tf.constant(1.0)
    slope, none = tf.gradients(tf.reduce_mean(x**2.0), [x, z])
    assert none is None
    assert run(slope, feed_dict={x: [1.0, 2.0]}).tolist() == [1.0, 2.0]
    assert run(slope, feed_dict={x: [3.0]}).tolist() == [6.0]
    (tie,) = tf.gradients(tf.maximum(x, 0.0), x)
    assert run(tie, feed_dict={x: [-1.0, 0.0, 1.0]}).tolist() == [0.0, 0.5, 1.0]
    (weighted,) = tf.gradients(x * x, x, grad_ys=[tf.constant(np.array([1.0, 10.0]))])
    assert run(weighted, feed_dict={x: [1.0, 2.0]}).tolist() == [2.0, 40.0]


def test_gradient_descent() -> None:
    w = tf.Variable([4.0, -2.0])
    kept = tf.Variable(1.0, trainable=False)
    steps = tf.Variable(0, trainable=False)
    step = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_sum(w * w) * kept, global_step=steps)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            assert session.run(step) is None
        values, count = session.run([w, steps])
    assert values.tolist() == [0.5, -0.25]
    assert count == 3


def test_assignments() -> None:
    w = tf.Variable([1.0, 2.0])
    grown = tf.assign_add(w, [1.0, 1.0])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(grown).tolist() == [2.0, 3.0]
        w.load([7.0, 8.0], session)
        assert session.run(w).tolist() == [7.0, 8.0]
    with pytest.raises(ValueError, match=r"Shapes are \[2\] and \[3\]. for 'Assign' \(op: 'Assign'\)"):
        w.assign([1.0, 2.0, 3.0])


def test_plans_are_kept() -> None:
    x = tf.placeholder(tf.float32, shape=(None,))
    y = tf.reduce_sum(x)
    with tf.Session() as session:
        for size in (2, 3, 2, 2):
            assert session.run(y, {x: np.ones(size)}) == size
        assert session._core.plans == (2, 2)


def test_the_name_in_tensorflow_2() -> None:
    import rushlight.graph.compat.v1 as tf1

    tf1.disable_v2_behavior()
    assert tf1.Session is tf.Session
