"""The document runner: how it cuts, mends and compares, on documents of our own."""

from __future__ import annotations

import numpy
import pytest
from document_runner.blocks import blocks_of, mended
from document_runner.graph_programs import compare_losses, faults, instrumented, losses_of_training
from run_documents import differences

_MARKDOWN = """
Some prose.

```python
x = 1
x
```

```
1
```

1. a list
    ```ruby
    if x:
        y = 2
    ```
  and untagged code:
  ```
  z = x
  z
  ```\t
"""

_CELLS = '''# A title

In [1]:
import math
x = math.pi  # a comment

3.14159


Prose goes on.

In [2]:
def f(t):
    """
    Text with an empty line.

    """
    return t

print(f(x))
print('{}'.format(x))


3.14159
x: True

In [3]:
f(x)

tensor([[1., 2.],
        [3., 4.]])

More prose (with brackets).

In [4]:
class A:

    def g(self):
        return 1

A().g()

1
'''


def test_fenced_blocks_are_dedented_and_results_left_out() -> None:
    blocks = blocks_of(_MARKDOWN)
    assert [block.source for block in blocks] == ["x = 1\nx\n", "if x:\n    y = 2\n", "z = x\nz\n"]
    assert [block.line for block in blocks] == [5, 15, 20]


def test_cells_end_where_their_results_begin() -> None:
    sources = [block.source for block in blocks_of(_CELLS)]
    assert sources[0] == "import math\nx = math.pi  # a comment\n"
    assert sources[1].endswith("print(f(x))\nprint('{}'.format(x))\n")
    assert sources[2] == "f(x)\n"
    assert sources[3].endswith("A().g()\n")


def test_mending_makes_python() -> None:
    assert mended("f(a, retain-graph=None)\n") == "f(a, retain_graph=None)\n"
    broken = "class A(B):\ndef f(self):\n    return 1\n\ndef g(self):\n    return 2\n\na = A()\n# end\n"
    assert mended(broken) == (
        "class A(B):\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n\na = A()\n# end\n"
    )
    whole = "class A:\n    def f(self):\n        return 1\n\na = A()\n"
    assert mended(whole) == whole


def test_programs_for_tensorflow_are_known() -> None:
    static, eager = blocks_of("```python\nimport tensorflow as tf\n```\n\n```python\nimport torch\n```\n")
    assert static.is_tensorflow
    assert not eager.is_tensorflow
    assert "initial_weights" in instrumented("  sess.run(tf.global_variables_initializer())\n")


def test_the_first_program_has_to_print_two_lines() -> None:
    good = {"stdout": 'Tensor("Mul:0", shape=(), dtype=float32)\n6.0\n'}
    assert faults(good, {}) == []
    assert faults({"stdout": "6.0\n"}, {})
    assert faults({"error": ["NameError", "tf"]}, {}) == ["raised NameError: tf"]


def test_losses_in_double_precision_follow_the_formulas() -> None:
    generator = numpy.random.default_rng(0)
    x, y = generator.normal(size=(4, 6)), generator.normal(size=(4, 2))
    w1, w2 = generator.normal(size=(6, 5)), generator.normal(size=(5, 2))
    losses = losses_of_training(numpy, (w1, w2), x, y, 1e-3)
    assert len(losses) == 500
    assert losses[-1] < losses[0]
    # The first step against a difference quotient along the gradient: loss' = -rate |gradient|^2.
    smaller = losses_of_training(numpy, (w1, w2), x, y, 1e-9)
    assert (losses[0] - losses[1]) / 1e-3 == pytest.approx((smaller[0] - smaller[1]) / 1e-9, rel=0.2)
    assert compare_losses(losses, losses) == []
    assert compare_losses(losses[:-1], losses)
    assert compare_losses([loss * 1.01 for loss in losses], losses)


@pytest.mark.parametrize(
    ("expected", "actual", "agree"),
    [
        ({"stdout": "1\n"}, {"stdout": "1\n"}, True),
        ({"stdout": "1\n"}, {"stdout": "2\n"}, False),
        ({"warnings": [["UserWarning", "text", 3]]}, {"warnings": [["UserWarning", "text", 3]]}, True),
        ({"warnings": [["UserWarning", "text", 3]]}, {"warnings": [["UserWarning", "text", 4]]}, False),
        ({"warnings": [["UserWarning", "text", None]]}, {"warnings": [["UserWarning", "text", 4]]}, True),
        ({"warnings": [["UserWarning", "text", None]]}, {}, False),
        ({"error": ["RuntimeError", "a"]}, {"error": ["RuntimeError", "b"]}, False),
        ({"titles": ["a"]}, {}, False),
        ({}, {"tensorflow": True, "faults": []}, True),
        ({}, {"tensorflow": True}, False),
    ],
)
def test_differences(expected: dict[str, object], actual: dict[str, object], agree: bool) -> None:
    assert (differences(expected, actual) == []) is agree


def test_losses_of_the_repaired_loop_have_a_tolerance() -> None:
    lines = [f"{step} {1000.0 / (step + 1)}" for step in range(500)]
    expected = {"losses": True, "stdout": "\n".join(lines)}
    assert differences(expected, expected) == []
    late = [*lines[:300], *(f"{step} 5.0" for step in range(300, 500))]
    assert differences(expected, {"losses": True, "stdout": "\n".join(late)}) == []
    early = ["0 1002.0", *lines[1:]]
    assert differences(expected, {"losses": True, "stdout": "\n".join(early)})
    assert differences(expected, {"losses": True, "stdout": "\n".join(lines[:100])})
