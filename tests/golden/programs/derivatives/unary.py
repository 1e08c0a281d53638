"""Operations of one tensor, element by element: node names, both derivatives, forward mode."""

import torch

x = torch.tensor([[0.3, 0.8, 0.55], [0.21, 0.94, 0.67]], dtype=torch.float64, requires_grad=True)
s = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)

# tolerance: 1e-12 relative, rules may group the same products and sums otherwise
# tolerance: 1e-14 absolute, where terms cancel
# template graph: graph({line})
# template gradient: gradient(lambda x: {line}, x)
# template nodes: gradient_nodes(lambda x: {line}, x)
# template forward: forward_mode(lambda x: {line}, x)
# lines
x.exp()
torch.exp(x)
x.exp2()
x.expm1()
x.log()
x.log2()
x.log10()
x.log1p()
x.sqrt()
x.rsqrt()
x.sin()
x.cos()
x.tan()
x.asin()
x.acos()
x.atan()
x.sinh()
x.cosh()
x.tanh()
x.asinh()
(x + 1).acosh()
x.atanh()
x.sigmoid()
torch.nn.functional.sigmoid(x)
x.relu()
torch.nn.functional.relu(x - 0.5)
x.abs()
(-x).abs()
abs(x)
x.neg()
-x
+x
x.sign()
x.square()
x.reciprocal()
x.floor()
x.ceil()
x.round()
x.trunc()
x.frac()
x.erf()
x.erfc()
x.clone()
x.float()
x.float().double()
x.double()
x.to(torch.float32)
x.half()
x.contiguous()
x.detach()
x.pow(2)
x**2
x**3
x**0.5
x**-1
x**0
x**1
x**1.5
torch.pow(x, 3)
2**x
torch.pow(2, x)
x.pow(torch.tensor(2.0))
x**x
x.pow(x)
x * 2
2 * x
x / 2
2 / x
1 / x
x + 1
1 + x
x - 1
1 - x
x // 0.3
x % 0.3
x.add(1, alpha=2)
x.sub(1)
torch.rsub(x, 1)
torch.mul(x, 2)
torch.div(x, 2)
torch.div(x, 2, rounding_mode="trunc")
torch.div(x, 2, rounding_mode="floor")
torch.remainder(x, 0.3)
torch.fmod(x, 0.3)
torch.true_divide(x, 3)
x + True
x * 0
x.clamp(min=0.5)
x.clamp(max=0.5)
x.clamp(0.4, 0.8)
x.clamp_min(0.5)
x.clamp_max(0.5)
x.clip(0.4, 0.8)
torch.nn.functional.leaky_relu(x - 0.5)
torch.nn.functional.elu(x - 0.5)
torch.nn.functional.gelu(x)
torch.nn.functional.silu(x)
torch.nn.functional.softplus(x)
torch.nn.functional.logsigmoid(x)
torch.nn.functional.hardtanh(x, -0.5, 0.5)
torch.nn.functional.threshold(x, 0.5, 0.0)
torch.nn.functional.relu6(x)
torch.nn.functional.softsign(x)
torch.nn.functional.tanhshrink(x)
x.logit()
x.nan_to_num()
x.deg2rad()
x.sinc()
x.lgamma()
x.digamma()
x.erfinv()
x.positive()
x.real
x.clone().add_(1)
x.clone().mul_(2)
x.clone().sub_(1)
x.clone().div_(2)
x.clone().pow_(2)
x.clone().neg_()
x.clone().exp_()
x.clone().log_()
x.clone().sqrt_()
x.clone().sin_()
x.clone().cos_()
x.clone().tanh_()
x.clone().sigmoid_()
x.clone().relu_()
x.clone().abs_()
x.clone().clamp_(0.4, 0.8)
x.clone().clamp_min_(0.5)
x.clone().fill_(3)
x.clone().zero_()
x.clone().reciprocal_()
x.clone().square_()
x.clone().add_(1).mul_(2)
x.clone().t_()
x.sin().exp().log1p()
x.sin().cos() * x
x.new_ones(2) * x[:, :2]
x.type(torch.float32)
x.type_as(torch.ones(1))
x.masked_fill(x > 0.5, 0)
x.cumsum(1)
x.cumprod(1)
x.logcumsumexp(1)
x.softmax(1)
torch.softmax(x, 0)
x.log_softmax(1)
torch.nn.functional.softmin(x, 1)
torch.nn.functional.normalize(x)
torch.nn.functional.layer_norm(x, (3,))
x.tril()
x.triu()
x.diff()
x.flip(0)
x.roll(1, 0)
x.renorm(2, 0, 0.5)
x.float().bfloat16().double()
x.requires_grad_()
x.cpu()
x.view_as(x)
x.bool()
x > 0.5
x.long()
x.isnan()
x.argmax()
