"""Operations of one 0-d tensor."""

import torch

x = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)

# tolerance: 1e-12 relative, rules may group the same products and sums otherwise
# tolerance: 1e-14 absolute, where terms cancel
# template graph: graph({line})
# template gradient: gradient(lambda x: {line}, x)
# template forward: forward_mode(lambda x: {line}, x)
# lines
x * x
x**2
x**3 - 2 * x
x + torch.ones(2, dtype=torch.float64)
x * torch.tensor([[1.0], [2.0]], dtype=torch.float64)
x.sin() / x
x.exp().log()
x.sum()
x.mean()
x.norm()
x.view(1)
x.reshape(1, 1)
x.unsqueeze(0)
x.expand(3)
x.expand(2, 2).sum()
x.flatten()
x.squeeze()
x.t()
x.max()
x.var(unbiased=False)
x.prod()
x.repeat(2)
x[None]
x[...]
torch.stack([x, x])
torch.tanh(x) * torch.sigmoid(x)
x.softmax(0)
x.cumsum(0)
x.min(0)[0]
torch.where(torch.tensor([True, False]), x, 0.0)
x.clone().squeeze_()
