"""Forward mode, gradcheck, functional derivatives, views and identity."""

import torch
import torch.autograd.forward_ad as fwAD

# case: dual numbers
with fwAD.dual_level():
    x = fwAD.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5]))
    y = x.sin() * x
    u = fwAD.unpack_dual(y)
    show(u.primal, u.tangent)
    print(type(u).__name__, y)

# case: tangent is gone after the level
with fwAD.dual_level():
    x = fwAD.make_dual(torch.tensor([1.0]), torch.tensor([1.0]))
print(x)

# case: dual outside of a level
fwAD.make_dual(torch.tensor([1.0]), torch.tensor([1.0]))

# case: unpack outside of a level
print(fwAD.unpack_dual(torch.tensor([1.0])))

# case: no tangent
with fwAD.dual_level():
    print(fwAD.unpack_dual(torch.tensor([1.0])))

# case: nested levels
with fwAD.dual_level():
    with fwAD.dual_level():
        pass

# case: tangent of another shape
with fwAD.dual_level():
    fwAD.make_dual(torch.ones(2), torch.ones(3))

# case: tangent of another dtype
with fwAD.dual_level():
    fwAD.make_dual(torch.ones(2), torch.ones(2, dtype=torch.float64))

# case: forward over reverse
x = torch.tensor([1.0, 2.0], requires_grad=True)
with fwAD.dual_level():
    d = fwAD.make_dual(x, torch.tensor([1.0, 0.0]))
    y = (d**3).sum()
    (g,) = torch.autograd.grad(y, d, create_graph=True)
    show(fwAD.unpack_dual(g).tangent)

# case: enter and exit a level
level = fwAD.enter_dual_level()
x = fwAD.make_dual(torch.tensor(2.0), torch.tensor(1.0))
print(fwAD.unpack_dual(x * x))
fwAD.exit_dual_level()

# case: gradcheck that passes
x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
print(torch.autograd.gradcheck(torch.sin, x), torch.autograd.gradgradcheck(torch.sin, (x,)))
print(torch.autograd.gradcheck(lambda a: (a * a).sum(), (x,), eps=1e-6, atol=1e-4))
print(torch.autograd.gradcheck(torch.mul, (x, x.detach().clone().requires_grad_()), check_forward_ad=True))

# case: gradcheck that fails
class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 3


x = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
print(torch.autograd.gradcheck(Wrong.apply, x, raise_exception=False))
torch.autograd.gradcheck(Wrong.apply, x)

# case: gradcheck of float32 warns
x = torch.tensor([0.5], requires_grad=True)
print(torch.autograd.gradcheck(torch.exp, x, eps=1e-2, atol=1e-1))

# case: gradcheck without inputs that require grad
torch.autograd.gradcheck(torch.sin, torch.ones(1, dtype=torch.float64))

# case: functional jacobian and hessian
x = torch.tensor([1.0, 2.0])
show(torch.autograd.functional.jacobian(lambda t: t**2, x))
show(torch.autograd.functional.hessian(lambda t: (t**3).sum(), x))
show(torch.autograd.functional.vjp(lambda t: t**2, x, torch.tensor([1.0, 10.0])))
show(torch.autograd.functional.jvp(lambda t: t**2, x, torch.tensor([1.0, 10.0])))
show(torch.autograd.functional.hvp(lambda t: (t**3).sum(), x, torch.tensor([1.0, 0.0])))

# case: torch.func
# tolerance: 4 ulp, one multiplication more or less
show(torch.func.grad(torch.sin)(torch.tensor(0.5)), torch.func.grad(torch.func.grad(torch.sin))(torch.tensor(0.5)))
show(torch.func.vmap(lambda t: t * 2)(torch.ones(3)))
show(torch.func.jacrev(lambda t: t**2)(torch.tensor([1.0, 2.0])))
show(torch.func.jacfwd(lambda t: t**2)(torch.tensor([1.0, 2.0])))

# case: identities
x = torch.ones(3, requires_grad=True)
y = x * 2
(y.sum()).backward()
print(x.grad is x.grad, y.grad_fn is y.grad_fn, x.view(3)._base is x, y.grad_fn.next_functions[0][0].variable is x)
x.grad.note = "kept"
print(x.grad.note)
x.mark = 5
print(x.mark, x.__dict__)

# case: subclasses
class Sub(torch.Tensor):
    pass


s = torch.ones(2).as_subclass(Sub)
print(type(s).__name__, type(s + 1).__name__, type(torch.ones(2) + s).__name__, type(s.sum()).__name__, s + 1)
p = torch.nn.Parameter(torch.ones(2))
print(type(p).__name__, type(p * 2).__name__, isinstance(p, torch.Tensor), p)

# case: __torch_function__ is honoured
class Logged(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        print(func.__name__)
        return super().__torch_function__(func, types, args, kwargs or {})


x = torch.ones(2).as_subclass(Logged)
y = torch.add(x, 1)
z = x * 2

# case: equality and hashing of tensors
x = torch.ones(1)
y = torch.ones(1)
table = {x: "x", y: "y"}
print(table[x], table[y], x in table, hash(x) == id(x))

# case: tensors made in a thread
import threading

results = []


def work():
    x = torch.tensor(2.0, requires_grad=True)
    (x * x).backward()
    results.append((x.grad, torch.is_grad_enabled()))


with torch.no_grad():
    t = threading.Thread(target=work)
    t.start()
    t.join()
print(results)
