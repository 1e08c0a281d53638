"""Training loops, as introductions write them: a classifier with pictures, a net by hand, a function of our own."""

import torch

# case: logistic regression with pictures
import matplotlib.pyplot as plt
import numpy as np

torch.manual_seed(4)
count, mean, shift = 60, 1.5, 0.5
ones = torch.ones(count, 2)
x0 = torch.normal(mean * ones, 1) + shift
y0 = torch.zeros(count)
x1 = torch.normal(-mean * ones, 1) + shift
y1 = torch.ones(count)
train_x = torch.cat([x0, x1], 0)
train_y = torch.cat([y0, y1], 0)


class Classifier(torch.nn.Module):
    def __init__(self):
        super(Classifier, self).__init__()
        self.features = torch.nn.Linear(2, 1)
        self.sigmoid = torch.nn.Sigmoid()

    def forward(self, x):
        return self.sigmoid(self.features(x))


net = Classifier()
loss_fn = torch.nn.BCELoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
for iteration in range(400):
    predicted = net(train_x)
    loss = loss_fn(predicted.squeeze(), train_y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    if iteration % 20 == 0:
        mask = predicted.ge(0.5).float().squeeze()
        correct = (mask == train_y).sum()
        accuracy = correct.item() / train_y.size(0)
        plt.scatter(x0.data.numpy()[:, 0], x0.data.numpy()[:, 1], c="r", label="class 0")
        plt.scatter(x1.data.numpy()[:, 0], x1.data.numpy()[:, 1], c="b", label="class 1")
        w0, w1 = net.features.weight[0]
        w0, w1 = float(w0.item()), float(w1.item())
        b = float(net.features.bias[0].item())
        line_x = np.arange(-5, 5, 0.1)
        plt.plot(line_x, (-w0 * line_x - b) / w1)
        plt.title("Iteration: {}\nw0:{:.2f} w1:{:.2f} b: {:.2f} accuracy:{:.2%} loss:{:.4f}".format(iteration, w0, w1, b, accuracy, loss.data.numpy()))
        plt.legend()
        print(plt.gca().get_title())
        plt.close()
        if accuracy > 0.99:
            break

# case: the same in a Sequential, without pictures
torch.manual_seed(9)
x = torch.cat([torch.randn(50, 2) + 2, torch.randn(50, 2) - 2])
y = torch.cat([torch.zeros(50), torch.ones(50)])
net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Sigmoid())
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
loss_fn = torch.nn.BCELoss()
for step in range(60):
    loss = loss_fn(net(x).squeeze(), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    if step % 10 == 0:
        print("{} {:.4f} {:.2%}".format(step, loss.data.numpy(), ((net(x).squeeze() > 0.5) == y.bool()).float().mean().item()))
print(net)

# case: a net of two layers by hand
# tolerance: 1e-3 relative, sums of hundreds of products in another order, over many steps
from torch.autograd import Variable

torch.manual_seed(2)
dtype = torch.FloatTensor
n, d_in, hidden, d_out = 16, 100, 30, 5
x = Variable(torch.randn(n, d_in).type(dtype), requires_grad=False)
y = Variable(torch.randn(n, d_out).type(dtype), requires_grad=False)
w1 = Variable(torch.randn(d_in, hidden).type(dtype), requires_grad=True)
w2 = Variable(torch.randn(hidden, d_out).type(dtype), requires_grad=True)
rate = 1e-5
for t in range(100):
    predicted = x.mm(w1).clamp(min=0).mm(w2)
    loss = (predicted - y).pow(2).sum()
    show(loss.item())
    loss.backward()
    w1.data -= rate * w1.grad.data
    w2.data -= rate * w2.grad.data
    w1.grad.data.zero_()
    w2.grad.data.zero_()

# case: a net of two layers by hand, with the loss read as it was
from torch.autograd import Variable

x = Variable(torch.ones(4, 3))
w = Variable(torch.ones(3, 2), requires_grad=True)
for t in range(3):
    loss = (x.mm(w) - 1).pow(2).sum()
    print(t, loss.data[0])

# case: a rectifier of our own
# tolerance: 1e-3 relative, sums of hundreds of products in another order, over many steps
from torch.autograd import Variable


class Rectify(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return input.clamp(min=0)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input < 0] = 0
        return grad_input


torch.manual_seed(2)
x = Variable(torch.randn(16, 100), requires_grad=False)
y = Variable(torch.randn(16, 5), requires_grad=False)
w1 = Variable(torch.randn(100, 30), requires_grad=True)
w2 = Variable(torch.randn(30, 5), requires_grad=True)
for t in range(50):
    loss = (Rectify.apply(x.mm(w1)).mm(w2) - y).pow(2).sum()
    loss.backward()
    show(loss.item())
    w1.data -= 1e-5 * w1.grad.data
    w2.data -= 1e-5 * w2.grad.data
    w1.grad.data.zero_()
    w2.grad.data.zero_()

# case: the rectifier against clamp
class Rectify(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return input.clamp(min=0)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input < 0] = 0
        return grad_input


a = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
b = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
Rectify.apply(a).sum().backward()
b.clamp(min=0).sum().backward()
print(a.grad, b.grad, Rectify.apply(a))

# case: data from a table
import random

import pandas as pd

random.seed(11)


def datum(wanted):
    while True:
        height, mass = random.randint(40, 70) / 10.0, random.randint(100, 300)
        if (38 * height - mass - 100 > 0) == wanted:
            return {"offset": 1, "height": height, "mass": mass, "response": int(wanted)}


frame = pd.DataFrame([datum(i % 2 == 0) for i in range(20)])
columns = [c for c in frame.columns if c != "response"]
print(frame[:4])
print(torch.from_numpy(frame[columns].values)[:4])
print(torch.from_numpy(frame["response"].values)[:4])

# case: descent with a gradient by hand and by autograd
# tolerance: 1e-9 relative, hundreds of steps in double precision
# tolerance: 1e-9 absolute, the same near zero
X = torch.tensor([[1.0, 0.5, -1.0], [1.0, 2.0, 0.3], [1.0, -1.5, 0.8], [1.0, 0.1, -0.4]], dtype=torch.float64)
y = torch.tensor([0, 1, 0, 1]).double()


def by_hand(w):
    return torch.mv(torch.t(X), torch.sigmoid(torch.mv(X, w.double())) - y)


def by_autograd(w):
    leaf = w.clone().detach().requires_grad_(True)
    xw = torch.mv(X.clone().detach(), leaf)
    loss = torch.sum(torch.dot(1 - y.clone().detach(), xw) / 4 - torch.log(torch.sigmoid(xw)))
    loss.backward()
    return leaf.grad


def adagrad(rate, gradient, w, steps):
    total = torch.zeros_like(w)
    for _ in range(steps):
        g = gradient(w)
        total = total + g * g
        w = w - rate * g / torch.sqrt(total + 1e-8)
    return w


start = torch.ones(X.shape[1], dtype=torch.float64)
show(by_hand(start), by_autograd(start), adagrad(0.9, by_hand, start, 300), adagrad(0.9, by_autograd, start, 300))

# case: descent that keeps the graph alive
w = torch.ones(3, dtype=torch.float64, requires_grad=True)
steps = [w]
for _ in range(5000):
    steps.append(steps[-1] - 0.001 * torch.cos(steps[-1].detach()))
print(len(steps), steps[-1].requires_grad, steps[-1])
del steps, w

# case: labels and threshold
scores = torch.tensor([[0.1], [0.5], [0.7]])
labels = torch.tensor([0.0, 0.0, 1.0])
mask = scores.ge(0.5).float().squeeze()
print(mask, (mask == labels).sum(), (mask == labels).sum().item() / labels.size(0))
w0, w1 = torch.tensor([[1.5, -2.5]])[0]
print(w0, w1, float(w0.item()))
