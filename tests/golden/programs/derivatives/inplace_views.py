"""In-place operations on views and through them: CopySlices and regenerated views."""

import torch

x = torch.tensor([[0.3, -0.8, 0.55], [1.21, 0.94, -0.67]], dtype=torch.float64, requires_grad=True)
y = torch.tensor([1.4, 0.6, -1.1], dtype=torch.float64, requires_grad=True)


def row_multiplied(x, y):
    b = x.clone()
    b[0].mul_(y)
    return b


def row_multiplied_view(x, y):
    b = x.clone()
    v = b[0]
    v.mul_(y)
    return v


def base_multiplied_view(x, y):
    b = x.clone()
    v = b[0]
    b.mul_(y)
    return v


def assigned(x, y):
    b = x.clone()
    b[0] = y
    return b


def assigned_column(x, y):
    b = x.clone()
    b[:, 1] = y[0] * 2
    return b


def assigned_mask(x, y):
    b = x.clone()
    b[b > 0] = 0
    return b * y


def assigned_index(x, y):
    b = x.clone()
    b[torch.tensor([1, 0])] = y
    return b


def two_views(x, y):
    b = x.clone()
    u, v = b[0], b[:, 1]
    u.mul_(y)
    v.add_(1)
    return u, v, b


def view_of_view(x, y):
    b = x.clone()
    b.t()[1].mul_(3)
    return b.sin() * y


def into_zeros(x, y):
    b = torch.zeros(2, 3, dtype=torch.float64)
    b[0] = y
    b[1] = x[0] * y
    return b


def accumulated(x, y):
    b = torch.zeros(3, dtype=torch.float64)
    for row in x:
        b += row * y
    return b


def zeroed_row(x, y):
    b = x * y
    b[1].zero_()
    return b


def copied(x, y):
    b = torch.empty(2, 3, dtype=torch.float64)
    b.copy_(x * y)
    return b


def copied_into_view(x, y):
    b = x.clone()
    b[:, :2].copy_(x[:, 1:] * y[0])
    return b


def relu_in_place(x, y):
    return (x * y).relu_()


def chain(x, y):
    b = x * y
    b.sin_()
    b += x
    b *= 2
    return b


def unsqueezed(x, y):
    b = x.clone()
    b.unsqueeze_(0)
    return b * y


def transposed(x, y):
    b = (x * y).t_()
    b[0] += 1
    return b


def detached_view(x, y):
    b = x.clone()
    d = b.detach()
    d.zero_()
    return b * y


def out_of_no_grad_view(x, y):
    b = x.clone()
    with torch.no_grad():
        v = b[0]
    b.mul_(y)
    return b


def diagonal_filled(x, y):
    b = x.clone()
    b.diagonal().fill_(2.0)
    return b * y


def masked_filled(x, y):
    b = x.clone()
    b[0].masked_fill_(y > 0, 5.0)
    return b


def expanded(x, y):
    return (x[:1].expand(2, 3) * y).add_(x)


def swapped(x, y):
    b = x.clone()
    b[0], b[1] = b[1].clone(), b[0].clone()
    return b * y


# tolerance: 1e-12 relative, rules may group the same products and sums otherwise
# tolerance: 1e-14 absolute, where terms cancel
# template graph: graph({line}(x, y))
# template gradient: gradient({line}, x, y)
# template forward: forward_mode({line}, x, y)
# lines
row_multiplied
row_multiplied_view
base_multiplied_view
assigned
assigned_column
assigned_mask
assigned_index
two_views
view_of_view
into_zeros
accumulated
zeroed_row
copied
copied_into_view
relu_in_place
chain
unsqueezed
transposed
detached_view
out_of_no_grad_view
diagonal_filled
masked_filled
expanded
swapped
