"""Views, joins, splits and copies."""

import torch

x = torch.tensor([[0.3, -0.8, 0.55], [1.21, 0.94, -0.67]], dtype=torch.float64, requires_grad=True)
z = torch.arange(8, dtype=torch.float64).reshape(2, 2, 2).sin().detach().requires_grad_()

# tolerance: 1e-12 relative, rules may group the same products and sums otherwise
# tolerance: 1e-14 absolute, where terms cancel
# template graph: graph({line})
# template gradient: gradient(lambda x, z: {line}, x, z)
# template forward: forward_mode(lambda x, z: {line}, x, z)
# lines
x.view(3, 2)
x.view(-1)
x.view_as(torch.ones(6))
x.reshape(6)
x.t().reshape(6)
x.reshape(2, 3)
x.reshape_as(torch.ones(3, 2))
x.flatten()
x.flatten(0)
z.flatten(1)
z.transpose(0, 2).flatten()
x.t()
x.T
x.mT
z.mT
x.H
x.transpose(0, 1)
x.swapaxes(0, 1)
x.movedim(0, 1)
z.permute(2, 0, 1)
torch.permute(z, (1, 0, 2))
x.unsqueeze(0)
x.unsqueeze(-1)
x.unsqueeze(0).squeeze()
x.unsqueeze(0).squeeze(0)
x.unsqueeze(0).squeeze((0,))
x.squeeze()
x.expand(2, 2, 3)
x[:1].expand(4, 3)
x.expand_as(torch.ones(2, 2, 3))
torch.broadcast_to(x, (2, 2, 3))
x.repeat(2, 1)
x.tile(2)
x.repeat_interleave(2)
x.repeat_interleave(2, dim=1)
x.narrow(1, 1, 2)
x.select(1, 0)
x.diagonal()
x.diag()
torch.diag(x[0])
torch.diag_embed(x)
x.unbind()
x.unbind(1)
x.split(2, 1)
x.split([1, 2], 1)
torch.split(x, 1)
x.chunk(2)
x.chunk(2, 1)
x.tensor_split(2, 1)
x.hsplit(3)
x.unfold(1, 2, 1)
x.as_strided((2, 2), (1, 2))
x.contiguous()
x.t().contiguous()
x.clone()
x[0]
x[0, 1]
x[:, 1]
x[:, ::2]
x[..., 0]
x[None]
x[1:, 1:]
x[0][1]
x[torch.tensor([0, 0, 1])]
x[[0, 1], [2, 0]]
x[:, torch.tensor([2, 0])]
x[x > 0]
x[torch.tensor([True, False])]
torch.cat([x, x])
torch.cat([x, x.sin()], 1)
torch.cat([x, torch.ones(1, 3, dtype=torch.float64)])
torch.stack([x, x])
torch.stack([x, x.exp()], dim=2)
torch.hstack([x, x])
torch.vstack([x, x])
torch.flip(x, [0, 1])
torch.roll(x, 1)
torch.roll(x, 1, 1)
torch.rot90(x)
torch.tril(x)
torch.triu(x, 1)
torch.nn.functional.pad(x, (1, 1))
torch.nn.functional.pad(x, (1, 0, 0, 1), value=2.0)
torch.meshgrid(x[0], x[1], indexing="ij")
torch.block_diag(x, x)
x.unflatten(1, (3, 1))
x.ravel()
x.view(torch.float64)
list(x)
x.gather(1, torch.tensor([[0, 2], [1, 1]]))
x.index_select(1, torch.tensor([2, 0]))
x.take(torch.tensor([0, 5]))
torch.take_along_dim(x, torch.tensor([[0], [1]]), 1)
x.masked_select(x > 0)
x.masked_scatter(x > 0, x.flatten())
x.scatter(1, torch.tensor([[0], [1]]), 5.0)
x.scatter(1, torch.tensor([[0], [1]]), x[:, :1].exp())
x.scatter_add(1, torch.tensor([[0], [1]]), x[:, 1:2].exp())
x.index_add(0, torch.tensor([0, 0]), x.exp())
x.index_fill(1, torch.tensor([0]), 2.0)
x.index_copy(0, torch.tensor([1]), x[:1].exp())
x.index_put((torch.tensor([0]), torch.tensor([1])), torch.tensor(3.0, dtype=torch.float64))
x.select_scatter(x[1], 0, 0)
x.slice_scatter(x[:, :1], 1, 2, 3)
torch.nn.functional.embedding(torch.tensor([1, 0, 1]), x)
torch.where(x > 0, x, x * 2)
torch.combinations(x[0])
torch.cartesian_prod(x[0], x[1])
torch.einsum("ij->ji", x)
torch.atleast_2d(x[0])
torch.movedim(z, 0, -1)
torch.unsqueeze(x, 1)
torch.squeeze(x[:1])
torch.t(x)
