"""Views: strides, offsets, and which operations share memory."""

import torch

x = torch.arange(24.0).reshape(2, 3, 4)
m = torch.arange(6.0).reshape(2, 3)
v = torch.arange(6)

# tolerance: 0 exact, views move no data
# template show: show({line})
# lines
x.view(6, 4)
x.view(-1)
x.view(2, -1)
x.view(4, 3, 2)
x.view((24,))
x.view(torch.Size([8, 3]))
x.view(1, 2, 3, 4, 1)
x.reshape(3, 8)
x.reshape((-1, 2))
x.transpose(0, 1)
x.transpose(-1, 0)
x.permute(2, 0, 1)
x.permute((1, 0, 2))
x.permute(-1, 0, 1)
x.transpose(1, 2).reshape(2, 12)
x.transpose(0, 1).contiguous()
m.t()
m.T
m.mT
m.mT.reshape(6)
v.t()
x.flatten()
x.flatten(1)
x.flatten(0, 1)
x.flatten(start_dim=1, end_dim=2)
torch.tensor(3.0).flatten()
x.unflatten(2, (2, 2))
x.unflatten(-1, (-1, 2))
x.unsqueeze(0)
x.unsqueeze(-1)
x.unsqueeze(1).shape
x.unsqueeze(3).shape
m.unsqueeze(1).squeeze(1)
torch.zeros(1, 2, 1, 3).squeeze()
torch.zeros(1, 2, 1, 3).squeeze(0)
torch.zeros(1, 2, 1, 3).squeeze(1)
torch.zeros(1, 2, 1, 3).squeeze(-2)
torch.zeros(1, 2, 1, 3).squeeze((0, 2))
torch.zeros(1, 1).squeeze()
torch.tensor([1.0]).expand(3)
torch.tensor([[1.0], [2.0]]).expand(2, 3)
torch.tensor([[1.0], [2.0]]).expand(-1, 3)
torch.tensor([1.0, 2.0]).expand(3, 2)
torch.tensor([1.0, 2.0]).expand(2, 3, 2)
torch.tensor(1.5).expand(2, 2)
torch.tensor([[1.0], [2.0]]).expand_as(torch.ones(2, 3))
torch.ones(1, 0).expand(3, 0)
m.narrow(1, 1, 2)
m.narrow(0, 1, 1)
torch.narrow(m, 1, 0, 2)
m.select(0, 1)
m.select(1, -1)
x.unbind(0)
m.unbind(1)
m.split(2, dim=1)
m.split([1, 2], dim=1)
torch.split(v, 4)
m.chunk(2)
v.chunk(4)
torch.chunk(x, 3, dim=-1)
v.tensor_split(4)
v.unfold(0, 2, 1)
v.unfold(0, 3, 2)
m.diagonal()
m.diagonal(1)
x.diagonal(0, 1, 2)
m.movedim(0, 1)
x.swapaxes(0, 1)
x.swapdims(0, 2).shape
x.movedim((0, 1), (1, 2)).shape
m.view_as(torch.ones(3, 2))
m.reshape_as(torch.ones(3, 2))
m.as_strided((2, 2), (1, 2))
m.as_strided((2,), (3,), 1)
m.ravel()
m[:, 1]
m[1]
m[:, ::2]
m[1:, 1:]
m[..., 0]
m[None]
m[:, None, 1]
x[1, 2, 3]
x[0, ..., 1]
x[-1, :2, -2:]
v[1:5:2]
v[5:2]
v[:0]
m.stride()
m.t().stride()
m.t().is_contiguous()
m[:, 1].storage_offset()
m[1].storage_offset()
x.stride(0)
x.stride(-1)
m.detach()
m.view(torch.int32)
torch.tensor([1.0]).view(torch.int32)
v.view(3, 2).t().flatten()
m.expand(2, 2, 3).reshape(4, 3)
m.real
m.positive()
torch.broadcast_to(torch.tensor([1, 2]), (2, 2))
torch.atleast_1d(torch.tensor(1))
torch.atleast_2d(torch.tensor([1, 2]))
torch.atleast_3d(torch.tensor([1, 2])).shape
x.mT.shape
x.adjoint().shape
m.T.T.is_contiguous()
torch.t(m)
torch.transpose(m, 0, 1)
torch.permute(m, (1, 0))
torch.swapaxes(m, 0, 1)

# case: a view shows its base
y = m.view(3, 2)
print(y._base is m, m._base, m.t()._base is m, y[0]._base is m, y._is_view(), m._is_view())

# case: a change of a view changes its base
y = m.view(3, 2)
y[0, 0] = 100
m[1, 2] = -1
show(m, y)

# case: reshape copies when it must
y = m.t().reshape(6)
y[0] = 100
z = m.reshape(6)
z[1] = 50
show(m, y)

# case: data pointers of views
print(m.data_ptr() == m.view(6).data_ptr(), m.data_ptr() == m.clone().data_ptr(), m[1].data_ptr() - m.data_ptr())

# case: detach shares memory
y = m.detach()
y.zero_()
show(m)

# case: expand shares memory
y = torch.zeros(1, 2)
z = y.expand(3, 2)
y[0, 1] = 5
show(z, z.stride())

# case: view of a non-contiguous tensor
m.t().view(6)

# case: view of the wrong size
m.view(4, 2)

# case: view of two unknown sizes
m.view(-1, -1)

# case: view of a negative size
m.view(-2, 3)

# case: reshape of the wrong size
m.reshape(5)

# case: reshape with an undivisible unknown
m.reshape(-1, 4)

# case: expand of a size that is not one
m.expand(2, 4)

# case: expand to fewer dimensions
m.expand(3)

# case: expand a new dimension by minus one
torch.ones(2).expand(-1, 2)

# case: t of three dimensions
x.t()

# case: T of three dimensions
x.T.shape

# case: transpose of a bad dim
m.transpose(0, 2)

# case: permute with too few dims
x.permute(0, 1)

# case: permute with repeated dims
x.permute(0, 0, 1)

# case: squeeze of a bad dim
m.squeeze(2)

# case: unsqueeze of a bad dim
m.unsqueeze(4)

# case: narrow past the end
m.narrow(1, 2, 2)

# case: select past the end
m.select(1, 3)

# case: split sizes that do not add up
m.split([1, 1], dim=1)

# case: chunk of zero
m.chunk(0)

# case: flatten in the wrong order
x.flatten(2, 1)

# case: as_strided out of bounds
m.as_strided((4, 4), (2, 2))

# case: unbind of a 0-d tensor
torch.tensor(1.0).unbind()
