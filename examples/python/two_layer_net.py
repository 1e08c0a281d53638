"""A network of two layers, trained by hand: every step is written out, and the rectifier is a function of our own."""

from __future__ import annotations

from typing import Any

from common import progress, progress_done

import rushlight as torch


class MyReLU(torch.autograd.Function):
    """max(0, x), with a derivative of our own."""

    @staticmethod
    def forward(ctx: Any, input: torch.Tensor) -> torch.Tensor:
        """Keep what backward needs."""
        ctx.save_for_backward(input)
        return input.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, grad_output: torch.Tensor) -> torch.Tensor:
        """Let gradients through where the input was not negative."""
        (input,) = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input < 0] = 0
        return grad_input


torch.manual_seed(0)
samples, inputs, hidden, outputs = 64, 1000, 100, 10
x = torch.randn(samples, inputs)
y = torch.randn(samples, outputs)
w1 = torch.randn(inputs, hidden, requires_grad=True)
w2 = torch.randn(hidden, outputs, requires_grad=True)

learning_rate = 1e-6
for step in range(500):
    y_pred = MyReLU.apply(x.mm(w1)).mm(w2)
    loss = (y_pred - y).pow(2).sum()
    progress(f"step {step}, loss {loss.item():.4f}")
    if step % 100 == 0:
        progress_done()
        print(f"step {step}: loss {loss.item():.4f}")
    loss.backward()
    # `.data` is the same memory outside of the graph: the update is no part of what is differentiated.
    w1.data -= learning_rate * w1.grad
    w2.data -= learning_rate * w2.grad
    w1.grad.zero_()
    w2.grad.zero_()
progress_done()
print(f"fits: {loss.item() < 1e-3}")
