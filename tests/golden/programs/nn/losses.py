"""Losses: values, gradients, reductions."""

import torch
import torch.nn as nn
import torch.nn.functional as F

p = torch.tensor([[0.2, 0.9, 0.5], [0.999, 0.001, 0.4]], requires_grad=True)
t = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.3]])
z = torch.tensor([[2.0, -1.0, 0.5], [-30.0, 40.0, 0.0]], requires_grad=True)
k = torch.tensor([2, 0])


def check(loss, value):
    show(loss)
    loss.sum().backward()
    show(value.grad)
    graph(loss)


# tolerance: 8 ulp, log and exp have a few ulp each and are summed in any order
# tolerance: 1e-7 absolute, where exp of large numbers is subtracted from one
# lines
check(nn.BCELoss()(p, t), p)
check(nn.BCELoss(reduction="sum")(p, t), p)
check(nn.BCELoss(reduction="none")(p, t), p)
check(nn.BCELoss(weight=torch.tensor([1.0, 2.0, 3.0]))(p, t), p)
check(nn.BCELoss()(p.squeeze(), t), p)
check(nn.BCEWithLogitsLoss()(z, t), z)
check(nn.BCEWithLogitsLoss(reduction="sum")(z, t), z)
check(nn.BCEWithLogitsLoss(reduction="none")(z, t), z)
check(nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 2.0, 3.0]))(z, t), z)
check(nn.BCEWithLogitsLoss(weight=torch.tensor([1.0, 2.0, 3.0]))(z, t), z)
check(nn.MSELoss()(z, t), z)
check(nn.MSELoss(reduction="sum")(z, t), z)
check(nn.MSELoss(reduction="none")(z, t), z)
check(nn.L1Loss()(z, t), z)
check(nn.SmoothL1Loss()(z, t), z)
check(nn.SmoothL1Loss(beta=0.5)(z, t), z)
check(nn.HuberLoss()(z, t), z)
check(nn.CrossEntropyLoss()(z, k), z)
check(nn.CrossEntropyLoss(reduction="sum")(z, k), z)
check(nn.CrossEntropyLoss(reduction="none")(z, k), z)
check(nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))(z, k), z)
check(nn.CrossEntropyLoss(ignore_index=0)(z, k), z)
check(nn.CrossEntropyLoss(label_smoothing=0.1)(z, k), z)
check(nn.CrossEntropyLoss()(z, torch.softmax(t, 1)), z)
check(nn.CrossEntropyLoss()(z[0], torch.tensor(1)), z)
check(nn.NLLLoss()(F.log_softmax(z, 1), k), z)
check(nn.NLLLoss(reduction="sum")(z, k), z)
check(nn.NLLLoss(weight=torch.tensor([1.0, 2.0, 3.0]))(z, k), z)
check(nn.KLDivLoss(reduction="batchmean")(F.log_softmax(z, 1), F.softmax(t, 1)), z)
check(F.mse_loss(z, t), z)
check(F.binary_cross_entropy(p, t), p)
check(F.binary_cross_entropy_with_logits(z, t), z)
check(F.cross_entropy(z, k), z)
check(F.nll_loss(z, k), z)
check(nn.BCELoss()(torch.sigmoid(z), t), z)
check((z - t).pow(2).sum(), z)
check(-(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean(), p)

# case: BCELoss at zero and one
x = torch.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
y = torch.tensor([0.0, 1.0, 1.0, 0.0])
loss = nn.BCELoss(reduction="none")(x, y)
show(loss)
loss.sum().backward()
show(x.grad)

# case: mean of nothing
print(nn.MSELoss()(torch.ones(0), torch.ones(0)))

# case: unknown reduction
nn.MSELoss(reduction="average")(torch.ones(1), torch.ones(1))

# case: target that requires grad
x = torch.ones(2, requires_grad=True)
y = torch.zeros(2, requires_grad=True)
nn.MSELoss()(x, y).backward()
show(x.grad, y.grad)

# case: double precision
x = torch.tensor([0.3, 0.8], dtype=torch.float64, requires_grad=True)
loss = nn.BCELoss()(x, torch.tensor([0.0, 1.0], dtype=torch.float64))
loss.backward()
show(loss, x.grad)
print(loss, loss.item())
