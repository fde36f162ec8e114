"""The kernels as the passes of a network; importing this needs Triton."""

from training.kernels.depthwise import fused_depthwise
from training.kernels.product import fused_product
from videoxception.nets.planar import Passes

FUSED = Passes(fused_depthwise, fused_product)
