"""The activation of EfficientNet-Lite: what several kernels share."""

import triton
import triton.language as tl


@triton.jit
def apply_relu6(x):
    """Limit x to 0..6 (ReLU6)."""
    return tl.minimum(tl.maximum(x, 0.0), 6.0)
