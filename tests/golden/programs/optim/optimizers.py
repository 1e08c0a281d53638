"""Optimizers: twenty steps each, state, groups, printing."""

import torch
import torch.nn as nn

# tolerance: 2e-6 relative, rounding of twenty steps adds up where sums are fused otherwise
# tolerance: 1e-6 absolute, the same near zero


def follow(make, dtype=torch.float32):
    """Twenty steps on a fixed function of a matrix and a vector."""
    w = torch.tensor([[0.5, -1.5], [2.0, 0.25]], dtype=dtype, requires_grad=True)
    b = torch.tensor([0.1, -0.2], dtype=dtype, requires_grad=True)
    x = torch.tensor([[1.0, 2.0], [-0.5, 0.3], [0.7, -1.1]], dtype=dtype)
    target = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], dtype=dtype)
    optimizer = make([w, b])
    for step in range(20):
        optimizer.zero_grad()
        loss = ((torch.tanh(x @ w + b) - target) ** 2).sum()
        loss.backward()
        optimizer.step()
        if step % 5 == 4:
            show(loss.detach(), w.detach().clone(), b.detach().clone())
    return optimizer


# template steps: follow(lambda p: {line})
# template double: follow(lambda p: {line}, torch.float64)
# lines
torch.optim.SGD(p, lr=0.1)
torch.optim.SGD(p)
torch.optim.SGD(p, 0.05)
torch.optim.SGD(p, lr=0.1, momentum=0.9)
torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True)
torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5)
torch.optim.SGD(p, lr=0.1, weight_decay=0.1)
torch.optim.SGD(p, lr=0.1, momentum=0.5, weight_decay=0.01, nesterov=True)
torch.optim.SGD(p, lr=0.1, maximize=True)
torch.optim.SGD(p, lr=0.1, momentum=0.9, foreach=False)
torch.optim.SGD([{"params": p[:1]}, {"params": p[1:], "lr": 0.5}], lr=0.01, momentum=0.9)
torch.optim.Adagrad(p, lr=0.5)
torch.optim.Adagrad(p)
torch.optim.Adagrad(p, lr=0.5, lr_decay=0.1)
torch.optim.Adagrad(p, lr=0.5, weight_decay=0.1)
torch.optim.Adagrad(p, lr=0.5, initial_accumulator_value=0.3, eps=1e-3)
torch.optim.Adam(p)
torch.optim.Adam(p, lr=0.1)
torch.optim.Adam(p, lr=0.1, betas=(0.5, 0.9))
torch.optim.Adam(p, lr=0.1, eps=1e-2)
torch.optim.Adam(p, lr=0.1, weight_decay=0.1)
torch.optim.Adam(p, lr=0.1, amsgrad=True)
torch.optim.Adam(p, lr=0.1, maximize=True)
torch.optim.AdamW(p, lr=0.1)
torch.optim.RMSprop(p, lr=0.05)
torch.optim.Adadelta(p)

# case: printing
w = [torch.ones(1, requires_grad=True)]
print(torch.optim.SGD(w, lr=0.1, momentum=0.9))
print(torch.optim.Adam(w))
print(torch.optim.Adagrad(w))

# case: printing of groups
a, b = torch.ones(1, requires_grad=True), torch.ones(2, requires_grad=True)
print(torch.optim.SGD([{"params": [a]}, {"params": b, "lr": 1}], lr=0.1))

# case: param_groups
w = torch.ones(1, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
print({k: v for k, v in optimizer.param_groups[0].items() if k != "params"}, optimizer.param_groups[0]["params"][0] is w)
print(optimizer.defaults)
optimizer.param_groups[0]["lr"] = 1.0
(w * 2).backward()
optimizer.step()
print(w, optimizer.state)

# case: add_param_group
a, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
optimizer = torch.optim.SGD([a], lr=0.1)
optimizer.add_param_group({"params": [b], "lr": 1.0})
(a * b).backward()
optimizer.step()
print(a, b, len(optimizer.param_groups))

# case: state_dict of SGD
w = torch.ones(2, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
print(optimizer.state_dict())
(w * 2).sum().backward()
optimizer.step()
print(optimizer.state_dict())

# case: state_dict of Adam
w = torch.ones(2, requires_grad=True)
optimizer = torch.optim.Adam([w], lr=0.1)
(w * 2).sum().backward()
optimizer.step()
print(optimizer.state_dict())

# case: state_dict of Adagrad
w = torch.ones(2, requires_grad=True)
optimizer = torch.optim.Adagrad([w], lr=0.1)
print(optimizer.state_dict())

# case: state goes on after loading
def make():
    torch.manual_seed(0)
    net = nn.Linear(2, 1)
    return net, torch.optim.Adam(net.parameters(), lr=0.1)


x, y = torch.ones(3, 2), torch.zeros(3, 1)


def run(net, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        ((net(x) - y) ** 2).mean().backward()
        optimizer.step()


a, opt_a = make()
run(a, opt_a, 10)
b, opt_b = make()
run(b, opt_b, 5)
c, opt_c = make()
c.load_state_dict(b.state_dict())
opt_c.load_state_dict(opt_b.state_dict())
run(c, opt_c, 5)
print(torch.equal(a.weight, c.weight))
show(a.weight, a.bias)

# case: zero_grad
w = torch.ones(2, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
(w * 2).sum().backward()
optimizer.zero_grad()
print(w.grad)
(w * 2).sum().backward()
optimizer.zero_grad(set_to_none=False)
print(w.grad)

# case: parameters without a gradient are left alone
a, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
optimizer = torch.optim.SGD([a, b], lr=0.1, momentum=0.9, weight_decay=0.1)
(a * 2).backward()
optimizer.step()
print(a, b)

# case: closure
w = torch.tensor([2.0], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)


def closure():
    optimizer.zero_grad()
    loss = (w**2).sum()
    loss.backward()
    return loss


print(optimizer.step(closure), w)

# case: step does not record
w = torch.ones(1, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
(w * 2).backward()
optimizer.step()
print(w, w.is_leaf, w.grad_fn, w._version)

# case: step invalidates an older graph
w = torch.ones(1, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
loss = (w * w).sum()
loss.backward(retain_graph=True)
optimizer.step()
loss.backward()

# case: named parameters
net = nn.Linear(1, 1)
optimizer = torch.optim.SGD(net.named_parameters(), lr=0.1)
print(optimizer.param_groups[0]["param_names"])

# case: schedulers
w = torch.ones(1, requires_grad=True)
for make in (
    lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.1),
    lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9),
    lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda e: 1 / (e + 1)),
    lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 4),
    lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [1, 3]),
):
    optimizer = torch.optim.SGD([w], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(5):
        optimizer.step()
        scheduler.step()
        rates.append(round(scheduler.get_last_lr()[0], 6))
    print(rates)

# case: clip_grad_norm_ and clip_grad_value_
w = torch.ones(4, requires_grad=True)
(w * 3).sum().backward()
print(nn.utils.clip_grad_norm_([w], 1.0), w.grad)
nn.utils.clip_grad_value_([w], 0.25)
print(w.grad)

# case: linear regression by hand and by SGD
x = torch.linspace(0, 1, 10).unsqueeze(1)
y = 3 * x - 1
w = torch.zeros(1, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr=0.5)
for step in range(50):
    loss = ((x @ w + b - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        show(loss.detach())
show(w.detach(), b.detach())
