"""Operations of two tensors, with broadcasting."""

import torch

x = torch.tensor([[0.3, -0.8, 0.55], [1.21, 0.94, -0.67]], dtype=torch.float64, requires_grad=True)
y = torch.tensor([1.4, 0.6, -1.1], dtype=torch.float64, requires_grad=True)
p = torch.tensor([[True, False, True], [False, True, True]])

# tolerance: 1e-12 relative, rules may group the same products and sums otherwise
# tolerance: 1e-14 absolute, where terms cancel
# template graph: graph({line})
# template gradient: gradient(lambda x, y: {line}, x, y)
# template nodes: gradient_nodes(lambda x, y: {line}, x, y)
# template forward: forward_mode(lambda x, y: {line}, x, y)
# lines
x + y
torch.add(x, y)
x.add(y)
torch.add(x, y, alpha=3)
x - y
torch.sub(x, y)
torch.sub(x, y, alpha=3)
torch.rsub(x, y)
x * y
torch.mul(x, y)
x / y
torch.div(x, y)
torch.div(x, y, rounding_mode="floor")
torch.div(x, y, rounding_mode="trunc")
x // y
x % y
torch.fmod(x, y)
torch.remainder(x, y)
x.abs() ** y
x.abs().pow(y)
torch.float_power(x.abs(), y)
x * y + y
x * x
x + x
(x + y) * (y + 1)
torch.atan2(x, y)
torch.hypot(x, y)
torch.maximum(x, y)
torch.minimum(x, y)
torch.max(x, y)
torch.min(x, y)
torch.fmax(x, y)
torch.fmin(x, y)
torch.logaddexp(x, y)
torch.logaddexp2(x, y)
torch.copysign(x, y)
torch.lerp(x, y, 0.3)
torch.lerp(x, y, x)
torch.addcmul(x, y, y, value=2)
torch.addcdiv(x, x, y, value=2)
torch.where(p, x, y)
torch.where(p, x, 0.0)
torch.where(p, 0.0, x) * y
x.where(p, y)
x.masked_fill(p, y[0])
torch.clamp(x, min=y)
torch.clamp(x, y - 1, y)
torch.xlogy(x, y.abs())
torch.heaviside(x, y)
torch.mul(x, y.float())
x.float() * y
x.expand_as(x) + y.expand_as(x)
x.clone().add_(y)
x.clone().add_(y, alpha=2)
x.clone().sub_(y)
x.clone().mul_(y)
x.clone().div_(y)
x.abs().clone().pow_(y)
x.clone().copy_(y)
x.clone().lerp_(y.expand(2, 3), 0.3)
x.clone().addcmul_(y, y)
x.clone().masked_fill_(p, y[1])
x.clone().mul_(x) * y
x.clone().add_(x).mul_(y)
torch.cross(x, y.expand(2, 3), dim=1)
torch.dist(x, y)
torch.nn.functional.mse_loss(x, y.expand(2, 3))
torch.nn.functional.mse_loss(x, y.expand(2, 3), reduction="sum")
torch.nn.functional.mse_loss(x, y.expand(2, 3), reduction="none")
torch.nn.functional.l1_loss(x, y.expand(2, 3))
torch.nn.functional.smooth_l1_loss(x, y.expand(2, 3))
torch.nn.functional.huber_loss(x, y.expand(2, 3))
torch.nn.functional.binary_cross_entropy(x.sigmoid(), y.sigmoid().expand(2, 3))
torch.nn.functional.binary_cross_entropy(x.sigmoid(), p.double())
torch.nn.functional.binary_cross_entropy_with_logits(x, p.double())
torch.nn.functional.binary_cross_entropy_with_logits(x, y.sigmoid().expand(2, 3))
torch.nn.functional.cross_entropy(x, torch.tensor([2, 0]))
torch.nn.functional.cross_entropy(x * y, torch.tensor([2, 0]), reduction="sum")
torch.nn.functional.cross_entropy(x, torch.softmax(y, 0).expand(2, 3))
torch.nn.functional.nll_loss(x, torch.tensor([2, 0]))
torch.nn.functional.nll_loss(torch.log_softmax(x * y, 1), torch.tensor([1, 1]), reduction="none")
torch.nn.functional.kl_div(x, y.sigmoid().expand(2, 3), reduction="sum")
torch.nn.functional.cosine_similarity(x, y.expand(2, 3))
torch.nn.functional.pairwise_distance(x, y)
torch.nn.functional.prelu(x, y[:1])
torch.cat([x, y[None]])
