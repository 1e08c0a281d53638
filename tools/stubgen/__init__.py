"""Writes `python/rushlight/_C.pyi`, the types and docstrings of the compiled module, and `docs/operations.md`.

The registry (DESIGN 4) holds each operation's signatures in PyTorch's schema notation. `schema` reads that notation,
`signature` turns it into typed overloads, `module` looks at the running module for what is not in the registry, and
`stub` puts the text together. `handwritten.pyi` holds what neither tells: operators, and functions whose type is more
exact than a schema can say; it takes precedence, and names in it that the module lacks are an error.
"""
