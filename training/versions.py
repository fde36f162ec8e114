"""Versions of PyTorch and cuDNN that are known to compute 3-D convolutions wrongly or slowly."""

from collections.abc import Iterator

import torch


def version_warnings(version: str = torch.__version__, cudnn: int | None = None) -> Iterator[str]:
    """A sentence for each known fault of these versions; `cudnn` is as `torch.backends.cudnn.version()` gives it.

    Training itself runs on 2-D layers (nets/planar.py) and is not touched; evaluation and export run 3-D ones.
    """
    if version.startswith("2.9."):
        yield f"PyTorch {version} is up to 4 times slower at 3-D convolutions in bf16 (pytorch#166122); 2.10 is not"
    if cudnn is not None and 90800 <= cudnn < 91500:
        shown = f"{cudnn // 10000}.{cudnn // 100 % 100}.{cudnn % 100}"
        yield f"cuDNN {shown} gives wrong 3-D convolutions in bf16 (pytorch#163539, #167024); 9.15 or newer does not"
