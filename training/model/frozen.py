"""Frozen stages: which weights of a pretrained network are not trained, and how deep in it the others lie."""

from torch import Tensor, nn

from training.config.frozen import ALL_BUT_HEAD
from training.errors import TrainingError
from videoxception.nets.efficientnet_lite import STAGES, MBConv
from videoxception.nets.frozen_transformer import FrozenTransformer
from videoxception.nets.videoxception_c import VideoXceptionC

HEAD_DEPTH = STAGES + 1


def depth_of(net: VideoXceptionC, name: str) -> int:
    """Return how deep a weight lies: 0 in stem and first stage, up to 7 in the last convolution, 8 in the head."""
    part, _, rest = name.partition(".")
    if part != "blocks":
        return {"stem": 0, "top": STAGES, "head": HEAD_DEPTH}[part]
    block = net.blocks[int(rest.partition(".")[0])]
    assert isinstance(block, MBConv)
    return block.spec.stage


def frozen_names(net: nn.Module, stages: int) -> list[str]:
    """Return the names of the weights, statistics of batch norms among them, that are not trained.

    Those of a network's first `stages`; of a network made on a frozen one, that one's.

    Raises:
        TrainingError: the network is not one whose stages can be frozen.
    """
    if isinstance(net, FrozenTransformer):
        if stages:
            raise TrainingError("--frozen-stages: the network of frames is frozen as a whole here; leave it out")
        return [name for name in net.state_dict() if name.startswith("backbone.")]
    if not stages:
        return []
    lite = as_lite(net)
    return [name for name in lite.state_dict() if depth_of(lite, name) < stages]


def freeze(net: nn.Module, stages: int) -> None:
    """Make the weights that `frozen_names` returns constant. Raises `TrainingError`."""
    frozen = set(frozen_names(net, stages))
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name not in frozen)


def begin_training(net: nn.Module, stages: int) -> None:
    """Put a network into training mode; frozen stages give what they give untrained, as a bank has it.

    With frozen stages, all batch norms keep to their running statistics.
    """
    net.train()
    if not stages:
        return
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d) or (isinstance(module, MBConv) and module.spec.stage < stages):
            module.eval()


def resume(net: nn.Module, x: Tensor, stages: int) -> Tensor:
    """Return logits (B, K) from what the frozen part of a network gave. Raises `TrainingError` if it has none.

    Args:
        x: of a network's first `stages`, (B, C, h, w), or (B, T, C, h, w) of clips, without h and w where all but the
            head is frozen; of a frozen network of frames, (B, T, C).
    """
    if isinstance(net, FrozenTransformer):
        return net.classify(x)
    if x.dim() == (3 if stages == ALL_BUT_HEAD else 5):
        return as_lite(net).resume(x.flatten(0, 1), stages, frames=x.shape[1])
    return as_lite(net).resume(x, stages)


def as_lite(net: nn.Module) -> VideoXceptionC:
    """Return the network if it has stages. Raises `TrainingError`."""
    if not isinstance(net, VideoXceptionC):
        raise TrainingError("--frozen-stages and --layer-decay are for videoxception-c and -d, which begin pretrained")
    return net
