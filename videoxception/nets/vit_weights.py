"""Weights of a ViT, as torchvision, timm or Hugging Face name them, by the names of ViViT's spatial encoder.

ViViT's input is (x - 0.5) / 0.5 of x in 0..1, as that of the ViTs of timm and Hugging Face mostly is. torchvision's
were trained on ImageNet's mean and deviation: their patch kernel is converted, which is exact, since patches have no
padding.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from videoxception.nets.registry import IMAGENET_COLOURS
from videoxception.nets.vivit import ViViT, central_frame

Weights = dict[str, Tensor]

_EMBEDDING = "patch_embed.proj"
_POSITIONS = "spatial.tokens.pos_embed"

# Patterns of names -> ViViT's; the first that fits the whole name counts. timm's are ViViT's but for their place.
_TIMM = (
    (r"patch_embed\.proj\.(weight|bias)", r"patch_embed.proj.\1"),
    (r"(cls_token|pos_embed)", r"spatial.tokens.\1"),
    (r"(blocks\..*|norm\..*)", r"spatial.\1"),
)
_LAYER = r"encoder\.layers\.encoder_layer_(\d+)\."
_TORCHVISION = (
    (r"conv_proj\.(weight|bias)", r"patch_embed.proj.\1"),
    (r"class_token", "spatial.tokens.cls_token"),
    (r"encoder\.pos_embedding", "spatial.tokens.pos_embed"),
    (_LAYER + r"ln_([12])\.(\w+)", r"spatial.blocks.\1.norm\2.\3"),
    (_LAYER + r"self_attention\.in_proj_(\w+)", r"spatial.blocks.\1.attn.qkv.\2"),
    (_LAYER + r"self_attention\.out_proj\.(\w+)", r"spatial.blocks.\1.attn.proj.\2"),
    (_LAYER + r"mlp\.(?:0|linear_1)\.(\w+)", r"spatial.blocks.\1.mlp.fc1.\2"),
    (_LAYER + r"mlp\.(?:3|linear_2)\.(\w+)", r"spatial.blocks.\1.mlp.fc2.\2"),
    (r"encoder\.ln\.(\w+)", r"spatial.norm.\1"),
)
_LAYER = r"encoder\.layer\.(\d+)\."
_HUGGING_FACE = (
    (r"embeddings\.patch_embeddings\.projection\.(weight|bias)", r"patch_embed.proj.\1"),
    (r"embeddings\.cls_token", "spatial.tokens.cls_token"),
    (r"embeddings\.position_embeddings", "spatial.tokens.pos_embed"),
    (_LAYER + r"layernorm_before\.(\w+)", r"spatial.blocks.\1.norm1.\2"),
    (_LAYER + r"layernorm_after\.(\w+)", r"spatial.blocks.\1.norm2.\2"),
    (_LAYER + r"attention\.attention\.(query|key|value)\.(\w+)", r"spatial.blocks.\1.attn.\2.\3"),
    (_LAYER + r"attention\.output\.dense\.(\w+)", r"spatial.blocks.\1.attn.proj.\2"),
    (_LAYER + r"intermediate\.dense\.(\w+)", r"spatial.blocks.\1.mlp.fc1.\2"),
    (_LAYER + r"output\.dense\.(\w+)", r"spatial.blocks.\1.mlp.fc2.\2"),
    (r"layernorm\.(\w+)", r"spatial.norm.\1"),
)
_OF_TORCHVISION = "conv_proj.weight"
_HEADS = r"(?:head|heads|classifier|pooler|pre_logits|fc_norm)\b.*"


def vivit_weights(weights: Mapping[str, Tensor], net: ViViT) -> Weights:
    """Return weights of a ViT by ViViT's names, the patch kernel as a tubelet kernel that sees the middle frame.

    Position embeddings of another number of patches are interpolated. The temporal encoder and the head have none.

    Raises:
        ValueError: a name is not one of a ViT's, or the patch kernel or position embeddings are missing or unfit.
    """
    weights = {name.removeprefix("vit."): tensor for name, tensor in weights.items()}
    found = _joined({_own(name): tensor for name, tensor in weights.items() if not re.fullmatch(_HEADS, name)})
    if missing := {f"{_EMBEDDING}.weight", f"{_EMBEDDING}.bias", _POSITIONS} - found.keys():
        raise ValueError(f"ViViT's {min(missing)} is missing")
    if _OF_TORCHVISION in weights:
        found |= _for_signed_input(found)
    found[f"{_EMBEDDING}.weight"] = central_frame(found[f"{_EMBEDDING}.weight"], net.grid.tubelet)
    found[_POSITIONS] = _resampled(found[_POSITIONS], net.grid.side)
    return found


def _own(name: str) -> str:
    """Return ViViT's name of a ViT's weight. Raises `ValueError`."""
    for pattern, own in (*_TORCHVISION, *_HUGGING_FACE, *_TIMM):
        if re.fullmatch(pattern, name):
            return re.sub(pattern, own, name)
    raise ValueError(f"unknown parameter {name!r}")


def _joined(weights: Weights) -> Weights:
    """Join queries, keys and values that have weights of their own, as Hugging Face's."""
    joined = dict(weights)
    for name in weights:
        if ".attn.query." in name:
            parts = [joined.pop(name.replace("query", part)) for part in ("query", "key", "value")]
            joined[name.replace("query", "qkv")] = torch.cat(parts)
    return joined


def _for_signed_input(weights: Weights) -> Weights:
    """Return the patch kernel (D, 3, p, p) and its bias for (x - 0.5) / 0.5 in place of (x - mean) / std."""
    weight, bias = weights[f"{_EMBEDDING}.weight"], weights[f"{_EMBEDDING}.bias"]
    mean, std = (weight.new_tensor(IMAGENET_COLOURS[name]).view(3, 1, 1) for name in ("mean", "std"))
    shift = (weight * (0.5 - mean) / std).sum((1, 2, 3))
    return {f"{_EMBEDDING}.weight": weight * 0.5 / std, f"{_EMBEDDING}.bias": bias + shift}


def _resampled(positions: Tensor, side: int) -> Tensor:
    """Interpolate position embeddings (1, 1 + N, D), the class token's first, to 1 + side * side."""
    count = positions.shape[1] - 1
    if count == side**2:
        return positions
    old = round(count**0.5)
    if old * old != count:
        raise ValueError(f"its {count} position embeddings are of no square of patches")
    grid = positions[:, 1:].transpose(1, 2).reshape(1, -1, old, old)
    grid = F.interpolate(grid, (side, side), mode="bicubic", align_corners=False)
    return torch.cat([positions[:, :1], grid.flatten(2).transpose(1, 2)], 1)
