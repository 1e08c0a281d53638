"""What a line cannot tell apart and two layers can: people who are either under- or overweight."""

from __future__ import annotations

from common import progress, progress_done

import rushlight as torch
from rushlight import nn


def network_by_hand() -> None:
    """A network whose weights are thought out, and what its gradients say to right and to wrong answers."""
    w1 = torch.tensor(
        [[-120.0, 0.0, 1.0], [40.0, -45.0, 0.0], [-1.0, 1.0, 0.0]], dtype=torch.float64, requires_grad=True
    )
    w2 = torch.tensor([[1.0], [1.0], [-1.0]], dtype=torch.float64, requires_grad=True)
    for offset, height, mass in ((1.0, 6.6, 120.0), (1.0, 5.0, 250.0), (1.0, 6.0, 200.0)):
        person = torch.tensor([offset, height, mass], dtype=torch.float64)
        hidden = torch.clamp(torch.mv(w1.t(), person), min=0)
        evidence = torch.mv(w2.t(), hidden)
        print(f"height {height}, mass {mass}: evidence {evidence.item():.1f}, ill {evidence.item() > 0}")
    print("gradients of the last person's first weights:")
    for answer in (0.0, 1.0):
        loss = nn.functional.binary_cross_entropy_with_logits(evidence, torch.tensor([answer], dtype=torch.float64))
        (gradient,) = torch.autograd.grad(loss, w1, retain_graph=True)
        print(f"  answer {answer:.0f}: loss {loss.item():.4f}, sum {gradient.abs().sum().item():.4f}")


def people(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Heights and masses, standardised, (count, 2); and who is ill, (count, 1)."""
    height = torch.randint(40, 71, (count,)) / 10
    mass = torch.randint(100, 301, (count,)).float()
    underweight = 40 * height - mass - 120 > 0
    overweight = mass - 45 * height > 0
    features = torch.stack([(height - 5.5) / 0.9, (mass - 200) / 58], dim=1)
    return features, (underweight | overweight).float().unsqueeze(1)


def train(name: str, model: nn.Module) -> None:
    """Train on 1000 people, test on 1000 others."""
    features, ill = people(1000)
    loss_fn = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.1)
    for step in range(400):
        optimizer.zero_grad()
        loss = loss_fn(model(features), ill)
        loss.backward()
        optimizer.step()
        progress(f"{name}: step {step}, loss {loss.item():.4f}")
    progress_done()
    features, ill = people(1000)
    with torch.no_grad():
        right = ((model(features) > 0).float() == ill).float().mean()
    print(f"{name}: accuracy {right.item():.3f}")


torch.manual_seed(1)
network_by_hand()
train("a line", nn.Linear(2, 1))
train("two layers", nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)))
