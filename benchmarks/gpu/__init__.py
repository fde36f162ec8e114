"""VideoXception's speed on a GPU: `python -m benchmarks.gpu`, one command, in under eight minutes.

Every section is a process of its own with a time limit, so that one that fails, hangs or corrupts the GPU's state loses
its own rows only.
"""
