"""torchvision's other video networks, under its own names, so that its weights of Kinetics-400 load key for key."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import video
from torchvision.models.video.mvit import MSBlockConfig, MViT
from torchvision.models.video.swin_transformer import SwinTransformer3d

# MViTv2-S: blocks and heads of each stage, and the stride of keys and values. A head has 96 channels; the first block
# of a later stage halves height and width.
_MVIT_STAGES = ((1, 1, 8), (2, 2, 4), (11, 4, 2), (2, 8, 1))
_HEAD_CHANNELS = 96
_MOMENTUM = 0.1  # torchvision's S3D has 0.001: of a thousand steps its statistics would still show the beginning


class _AveragePool(nn.Module):
    """S3D's last pooling, whose window is no larger than what there is to pool: at 224 pixels it is torchvision's."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> the means of windows of 2 x 7 x 7."""
        _, _, frames, height, width = x.shape
        return F.avg_pool3d(x, (min(2, frames), min(7, height), min(7, width)), stride=1)


def s3d(num_classes: int, dropout: float = 0.2) -> nn.Module:
    """Separable 3-D Inception (https://arxiv.org/abs/1712.04851), I3D's lighter sibling."""
    net: Any = video.s3d(num_classes=num_classes, dropout=dropout)
    net.avgpool = _AveragePool()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.momentum = _MOMENTUM
    return net  # type: ignore[no-any-return]


def mvit_v2_s(
    num_classes: int,
    dropout: float = 0.5,
    stochastic_depth: float = 0.2,
    width: float = 1.0,
    frames: int = 16,
    size: int = 224,
) -> nn.Module:
    """Multiscale vision transformer, version 2, small (https://arxiv.org/abs/2112.01526), for clips of any shape."""
    net: nn.Module = MViT(
        spatial_size=(size, size),
        temporal_size=frames,
        block_setting=_mvit_blocks(round(_HEAD_CHANNELS * width)),
        residual_pool=True,
        residual_with_cls_embed=False,
        rel_pos_embed=True,
        proj_after_attn=True,
        dropout=dropout,
        stochastic_depth_prob=stochastic_depth,
        num_classes=num_classes,
    )
    return net


def _mvit_blocks(channels: int) -> list[MSBlockConfig]:
    """Return the blocks of MViTv2-S, with a number of channels a head."""
    blocks, inputs = [], channels
    for stage, (count, heads, stride_kv) in enumerate(_MVIT_STAGES):
        for number in range(count):
            stride = 2 if stage > 0 and number == 0 else 1
            outputs = heads * channels
            blocks.append(
                MSBlockConfig(
                    num_heads=heads,
                    input_channels=inputs,
                    output_channels=outputs,
                    kernel_q=[3, 3, 3],
                    kernel_kv=[3, 3, 3],
                    stride_q=[1, stride, stride],
                    stride_kv=[1, stride_kv, stride_kv],
                )
            )
            inputs = outputs
    return blocks


def swin3d_t(num_classes: int, dropout: float = 0.0, stochastic_depth: float = 0.1, width: float = 1.0) -> nn.Module:
    """Video Swin transformer, tiny (https://arxiv.org/abs/2106.13230)."""
    heads = (3, 6, 12, 24)
    net: Any = SwinTransformer3d(
        patch_size=[2, 4, 4],
        embed_dim=heads[0] * round(32 * width),
        depths=[2, 2, 6, 2],
        num_heads=list(heads),
        window_size=[8, 7, 7],
        stochastic_depth_prob=stochastic_depth,
        num_classes=num_classes,
    )
    net.avgpool = nn.Sequential(net.avgpool, nn.Dropout(dropout))  # torchvision would drop in every layer
    return net  # type: ignore[no-any-return]
