"""Where the Triton kernels are tested: on the GPU if there is one, else by Triton's interpreter on the CPU."""

import pytest
import torch


@pytest.fixture(scope="session")
def kernel_device() -> torch.device:
    """The device that kernels are run on."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
