"""Programs in TensorFlow's words, of our own: what they print, and what they compute against double precision."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy
import pytest


def run(program: str, tmp_path: Path) -> str:
    """What a program prints that says `import tensorflow as tf`."""
    path = tmp_path / "program.py"
    path.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "rushlight", str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_graph_is_built_first_and_run_later(tmp_path: Path) -> None:
    program = """
import tensorflow as tf
p = tf.constant(3.)
q = tf.constant(-5.)
a = tf.add(p, q)
b = tf.add(p, 2)
y = tf.multiply(a, b)
print(y)
print(a, b)
with tf.Session() as session:
    print(session.run(y))
    print(session.run([a, b]))
"""
    lines = run(program, tmp_path).splitlines()
    assert lines[0] == 'Tensor("Mul:0", shape=(), dtype=float32)'
    assert lines[1] == 'Tensor("Add:0", shape=(), dtype=float32) Tensor("Add_1:0", shape=(), dtype=float32)'
    assert lines[2] == "-10.0"


def test_operators_and_gradients(tmp_path: Path) -> None:
    program = """
import tensorflow as tf
x = tf.placeholder(tf.float32, shape=(None, 2))
w = tf.Variable(tf.zeros((2, 1)))
loss = tf.reduce_sum((tf.matmul(x, w) - 1.0) ** 2.0)
(slope,) = tf.gradients(loss, [w])
step = w.assign(w - 0.1 * slope)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for rows in ([[1., 0.]], [[0., 1.], [0., 2.]]):
        print(session.run([loss, slope], feed_dict={x: rows})[0])
        session.run(step, feed_dict={x: rows})
    print(session.run(w).tolist())
"""
    lines = run(program, tmp_path).splitlines()
    assert [float(line) for line in lines[:2]] == [1.0, 2.0]
    ((first,), (second,)) = json.loads(lines[2])
    assert first == pytest.approx(0.2)
    assert second == pytest.approx(0.6)


def test_training_follows_double_precision(tmp_path: Path) -> None:
    program = """
import json
import numpy as np
import tensorflow as tf

tf.set_random_seed(4)
np.random.seed(4)
count, wide, hidden, narrow = 20, 50, 15, 3
x = tf.placeholder(tf.float32, shape=(None, wide))
y = tf.placeholder(tf.float32, shape=(None, narrow))
w1 = tf.Variable(tf.random_normal((wide, hidden)))
w2 = tf.Variable(tf.random_normal((hidden, narrow)))
active = tf.maximum(tf.matmul(x, w1), tf.zeros(1))
loss = tf.reduce_sum((y - tf.matmul(active, w2)) ** 2.0)
slope1, slope2 = tf.gradients(loss, [w1, w2])
rate = 2e-5
step1, step2 = w1.assign(w1 - rate * slope1), w2.assign(w2 - rate * slope2)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    start = [value.tolist() for value in session.run([w1, w2])]
    xs, ys = np.random.randn(count, wide), np.random.randn(count, narrow)
    losses = [float(session.run([loss, step1, step2], feed_dict={x: xs, y: ys})[0]) for _ in range(150)]
print(json.dumps([start, xs.tolist(), ys.tolist(), losses]))
"""
    start, xs, ys, losses = json.loads(run(program, tmp_path))
    w1, w2, x, y = (numpy.array(values) for values in (*start, xs, ys))
    for step, loss in enumerate(losses):
        hidden = x @ w1
        active = numpy.maximum(hidden, 0.0)
        error = active @ w2 - y
        assert loss == pytest.approx((error**2).sum(), rel=1e-3), step
        slope = 2.0 * error
        slope1 = x.T @ ((slope @ w2.T) * (hidden > 0))
        w2 = w2 - 2e-5 * (active.T @ slope)
        w1 = w1 - 2e-5 * slope1
    assert losses[-1] < losses[0] / 10


def test_variables_are_read_at_the_start_of_a_run(tmp_path: Path) -> None:
    program = """
import tensorflow as tf
w = tf.Variable(tf.constant(2.))
doubled = w.assign(w * 2.0)
read = w + 0.0
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for _ in range(3):
        print(*session.run([read, doubled, read]))
"""
    assert run(program, tmp_path).splitlines() == ["2.0 4.0 2.0", "4.0 8.0 4.0", "8.0 16.0 8.0"]


def test_second_derivatives(tmp_path: Path) -> None:
    program = """
import tensorflow as tf
x = tf.placeholder(tf.float32, shape=())
y = x ** 3.0
(first,) = tf.gradients(y, [x])
(second,) = tf.gradients(first, [x])
with tf.Session() as session:
    print(*session.run([y, first, second], feed_dict={x: 2.0}))
"""
    assert [float(word) for word in run(program, tmp_path).split()] == [8.0, 12.0, 12.0]
