"""cuDNN held to the same bits each time, and to all of f32's."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def exact_cudnn() -> Iterator[None]:
    """Let cuDNN choose by shapes alone, among algorithms that repeat their bits, and keep f32 from becoming tf32.

    What is recorded meanwhile keeps its kernels. The newer setting of precision by operator would make torch.export
    fail in this process: it reads the older one, which PyTorch refuses once both were used.
    """
    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32
    cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32 = False, True, False
    try:
        yield
    finally:
        cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32 = before
