"""How golden programs are cut into cases, run, recorded and compared.

A case runs in a worker process (`worker.py`), under PyTorch to make the reference and under Rushlight to be tested.
Nothing here imports either at the top, so that both sides use the same files.
"""
