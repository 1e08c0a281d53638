"""The two programs in TensorFlow's words: PyTorch cannot run them, so arithmetic is their reference."""

from __future__ import annotations

from typing import Any

_INITIALISE = "sess.run(tf.global_variables_initializer())"
_STEPS, _CLOSE_STEPS = 500, 200


def instrumented(source: str) -> str:
    """The program, made to remember what its variables begin with."""
    lines = []
    for line in source.splitlines():
        lines.append(line)
        if line.strip() == _INITIALISE:
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f"{indent}initial_weights = sess.run([w1, w2])")
    return "\n".join(lines) + "\n"


def faults(record: dict[str, Any], namespace: dict[str, Any]) -> list[str]:
    """What a run of one of the programs got wrong, in words."""
    if "error" in record:
        return [f"raised {record['error'][0]}: {record['error'][1]}"]
    printed = str(record.get("stdout", "")).splitlines()
    if "initial_weights" not in namespace:
        wanted = ['Tensor("Mul:0", shape=(), dtype=float32)', "6.0"]
        return [] if printed == wanted else [f"printed {printed}, not {wanted}"]
    losses = [float(line) for line in printed]
    initial = namespace.pop("initial_weights")
    expected = losses_of_training(
        namespace["np"], initial, namespace["x_value"], namespace["y_value"], namespace["learning_rate"]
    )
    return compare_losses(losses, expected)


def compare_losses(losses: list[float], expected: list[float]) -> list[str]:
    """Losses against those in double precision: 1e-3 relative, and later 1e-9 of the first loss besides."""
    if len(losses) != len(expected):
        return [f"{len(losses)} losses were printed, not {len(expected)}"]
    for step, (loss, want) in enumerate(zip(losses, expected, strict=True)):
        slack = 1e-3 * abs(want) + (1e-9 * expected[0] if step >= _CLOSE_STEPS else 0.0)
        if not abs(loss - want) <= slack:
            return [f"at step {step} the loss is {loss}, not {want}"]
    return []


def losses_of_training(numpy: Any, initial: Any, x: Any, y: Any, rate: float) -> list[float]:
    """The losses of five hundred steps on a net of two layers, in double precision and by the formulas."""
    w1, w2 = (numpy.asarray(weights, dtype=numpy.float64) for weights in initial)
    x, y = (numpy.asarray(values, dtype=numpy.float32).astype(numpy.float64) for values in (x, y))
    losses = []
    for _ in range(_STEPS):
        hidden = x @ w1
        active = numpy.maximum(hidden, 0.0)
        error = active @ w2 - y
        losses.append(float((error**2).sum()))
        slope = 2.0 * error
        new_w2 = w2 - rate * (active.T @ slope)
        w1 = w1 - rate * (x.T @ ((slope @ w2.T) * (hidden > 0)))
        w2 = new_w2
    return losses
