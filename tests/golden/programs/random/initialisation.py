"""Initial values of layers and initialisers, bit for bit."""

import torch
import torch.nn as nn

# tolerance: 0 exact, initialisation is promised to the bit


def values(module):
    for name, parameter in module.named_parameters():
        print(name, parameter.shape)
        show(parameter)


# template init: torch.manual_seed(1); values({line})
# lines
nn.Linear(2, 1)
nn.Linear(3, 4)
nn.Linear(10, 5)
nn.Linear(100, 30)
nn.Linear(7, 3, bias=False)
nn.Linear(4, 2, dtype=torch.float64)
nn.LSTMCell(3, 4)
nn.LSTMCell(2, 2, bias=False)
nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Tanh())
nn.Bilinear(2, 3, 4)
nn.Embedding(5, 3)
nn.GRUCell(3, 4)
nn.RNNCell(3, 4)
nn.LSTM(3, 4)
nn.Conv2d(2, 3, 3)
nn.BatchNorm1d(3)
nn.LayerNorm(3)

# case: two layers draw one after the other
torch.manual_seed(1)
a, b = nn.Linear(2, 1), nn.Linear(2, 1)
show(a.weight, a.bias, b.weight, b.bias, torch.rand(1))

# case: reset_parameters
torch.manual_seed(3)
net = nn.Linear(3, 2)
net.reset_parameters()
show(net.weight, net.bias)

# case: initialisers
torch.manual_seed(0)
show(nn.init.uniform_(torch.empty(3, 2)), nn.init.uniform_(torch.empty(4), -2, 5), nn.init.normal_(torch.empty(3, 2)), nn.init.normal_(torch.empty(5, 5), 1.0, 0.1))
show(nn.init.constant_(torch.empty(2), 0.3), nn.init.ones_(torch.empty(2)), nn.init.zeros_(torch.empty(2)), nn.init.eye_(torch.empty(2, 3)))

# case: xavier and kaiming
torch.manual_seed(0)
show(nn.init.xavier_uniform_(torch.empty(3, 5)), nn.init.xavier_normal_(torch.empty(3, 5)), nn.init.xavier_uniform_(torch.empty(3, 5), gain=nn.init.calculate_gain("relu")))
show(nn.init.kaiming_uniform_(torch.empty(3, 5)), nn.init.kaiming_normal_(torch.empty(3, 5)), nn.init.kaiming_uniform_(torch.empty(3, 5), a=5**0.5), nn.init.kaiming_uniform_(torch.empty(3, 5), mode="fan_out", nonlinearity="relu"))

# case: trunc_normal and orthogonal
# tolerance: 1e-6 absolute, erfinv and a factorisation stand between the stream and the values
torch.manual_seed(0)
show(nn.init.trunc_normal_(torch.empty(3, 5)))

# case: gains
print([nn.init.calculate_gain(name) for name in ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu")])

# case: fan of a vector
nn.init.xavier_uniform_(torch.empty(3))

# case: initialisation in a loop over parameters
torch.manual_seed(2)
net = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1))
for p in net.parameters():
    if p.dim() > 1:
        nn.init.xavier_uniform_(p)
    else:
        p.data.fill_(0.01)
show(*net.parameters())

# case: apply an initialiser
def start(module):
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        nn.init.zeros_(module.bias)


torch.manual_seed(2)
net = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1)).apply(start)
show(*net.parameters())
