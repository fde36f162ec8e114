"""What is known of each architecture before it is built. Imports no torch.

A builder is named, not imported: `create` imports the family that it is asked for, and the others cost nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from videoxception.clip import ClipSpec, Crop, ResizeCrop, Window
from videoxception.nearest import did_you_mean

Argument = int | float | str | bool
PublishedWeights = Literal["imagenet", "kinetics"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """The size at which an architecture is tried out: `arguments` of its own, and the clip's frames and pixels."""

    arguments: Mapping[str, Argument] = field(default_factory=dict)
    frames: int = 8
    size: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class NetInfo:
    """An architecture.

    Attributes:
        builder: FILE:FUNCTION in `videoxception.nets`, called with the number of outputs, `preset` and arguments.
        source: where it was described, for people.
        clip: what it is made for.
        preset: arguments that make one architecture of several that share a builder.
        clip_arguments: which of "frames" and "size" of the clip the network is built for.
        weights: published weights that it can begin with.
        heads: names of its last layers, whose rows are the outputs.
        frozen: the name of a part that is never trained.
        small: its reduced size.
    """

    builder: str
    source: str
    clip: ClipSpec = field(default_factory=ClipSpec)
    preset: Mapping[str, Argument] = field(default_factory=dict)
    clip_arguments: tuple[Literal["frames", "size"], ...] = ()
    weights: tuple[PublishedWeights, ...] = ()
    heads: tuple[str, ...] = ("head",)
    frozen: str = ""
    small: Small = field(default_factory=Small)


_KINETICS_COLOURS = {"mean": (0.43216, 0.394666, 0.37645), "std": (0.22803, 0.22145, 0.216989)}
IMAGENET_COLOURS = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
"""What torchvision's networks of frames were trained on, in 0..1."""
_HALF_COLOURS = {"mean": (0.45, 0.45, 0.45), "std": (0.225, 0.225, 0.225)}


def _clip(
    frames: int, size: int, fit: Crop | ResizeCrop, colours: Mapping[str, tuple[float, float, float]]
) -> ClipSpec:
    return ClipSpec(frames=frames, size=(size, size), fit=fit, mean=colours["mean"], std=colours["std"])


_RESNET_CLIP = _clip(16, 112, ResizeCrop(height=128, width=171), _KINETICS_COLOURS)
_PHOTO_CLIP = _clip(16, 224, Crop(short_side=256), IMAGENET_COLOURS)

_VIDEOXCEPTION = {
    "videoxception-a": NetInfo(
        builder="videoxception:videoxception_a", source="VideoXception (Rikkyo University, 2023)"
    ),
    "videoxception-b": NetInfo(
        builder="videoxception:videoxception_b", source="VideoXception (Rikkyo University, 2023)", small=Small(size=128)
    ),
    "videoxception-c": NetInfo(
        builder="videoxception_c:videoxception_c",
        source="this project, on EfficientNet-Lite0",
        weights=("imagenet",),
        small=Small(size=64),
    ),
    "videoxception-d": NetInfo(
        builder="videoxception_c:videoxception_d",
        source="this project, on EfficientNet-Lite2",
        clip=ClipSpec(frames=5, size=(260, 260)),
        weights=("imagenet",),
        small=Small(frames=5, size=64),
    ),
}

_TRAN = "Tran et al., arXiv 1711.11248; torchvision's blocks"
_TORCHVISION_RESNETS = ("r2plus1d_18", "r3d_18", "mc3_18")


def _resnet(kind: str, depth: int) -> NetInfo:
    name = f"{kind}_{depth}"
    return NetInfo(
        builder="resnet:video_resnet",
        source=_TRAN,
        clip=_RESNET_CLIP,
        preset={"kind": kind, "depth": depth},
        clip_arguments=("frames",) if kind == "r2d" else (),
        weights=("kinetics",) if name in _TORCHVISION_RESNETS else (),
        heads=("fc",),
        small=Small(arguments={"width": 0.25}),
    )


_MIXED = [f"{order}{group}" for order in ("mc", "rmc") for group in (2, 3, 4, 5)]
_RESNETS = {
    f"{kind}_{depth}": _resnet(kind, depth)
    for kind, depths in {
        **dict.fromkeys(("r2plus1d", "r3d"), (18, 34)),
        **dict.fromkeys(_MIXED, (18,)),
        **dict.fromkeys(("r2d", "fr2d"), (18, 34)),
    }.items()
    for depth in depths
}

_TORCHVISION = {
    "s3d": NetInfo(
        builder="torchvision_video:s3d",
        source="Xie et al., arXiv 1712.04851; torchvision",
        clip=_clip(16, 224, ResizeCrop(height=256, width=256), _KINETICS_COLOURS),
        weights=("kinetics",),
        heads=("classifier.1",),
        small=Small(size=64),
    ),
    "mvit_v2_s": NetInfo(
        builder="torchvision_video:mvit_v2_s",
        source="Li et al., arXiv 2112.01526; torchvision",
        clip=_clip(16, 224, Crop(short_side=256), _HALF_COLOURS),
        clip_arguments=("frames", "size"),
        weights=("kinetics",),
        heads=("head.1",),
        small=Small(arguments={"width": 0.25}),
    ),
    "swin3d_t": NetInfo(
        builder="torchvision_video:swin3d_t",
        source="Liu et al., arXiv 2106.13230; torchvision",
        clip=_PHOTO_CLIP,
        weights=("kinetics",),
        small=Small(arguments={"width": 0.25}, size=64),
    ),
}

_QUARTER = Small(arguments={"width": 0.25})


def _eco(full: bool) -> NetInfo:
    return NetInfo(
        builder="eco:eco",
        source="Zolfaghari et al., arXiv 1804.09066",
        clip=ClipSpec(
            frames=16,
            size=(224, 224),
            fit=Crop(short_side=224),
            channels="BGR",
            scale=1.0,
            mean=(104.0, 117.0, 123.0),
        ),
        preset={"full": full},
        heads=("fc_final",),
        small=Small(arguments={"width": 0.25}, size=64),
    )


_SIGNED_COLOURS = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}  # -1 to 1
_SIGNED_CLIP = _clip(16, 224, Crop(short_side=256), _SIGNED_COLOURS)

_EARLIER = {
    "eco_lite": _eco(full=False),
    "eco_full": _eco(full=True),
    "c3d": NetInfo(
        builder="c3d:c3d",
        source="Tran et al., arXiv 1412.0767",
        clip=_RESNET_CLIP,
        heads=("head.fc8",),
        small=Small(arguments={"width": 0.25}, frames=16),
    ),
    "slow_fusion": NetInfo(
        builder="slow_fusion:slow_fusion",
        source="Karpathy et al., CVPR 2014",
        clip=_clip(10, 170, Crop(short_side=200), _KINETICS_COLOURS),
        clip_arguments=("frames",),
        heads=("head.fc8",),
        small=Small(arguments={"width": 0.25}, frames=10),
    ),
    "cnn_lstm": NetInfo(
        builder="cnn_lstm:cnn_lstm",
        source="Ng et al., arXiv 1503.08909",
        clip=_SIGNED_CLIP,
        weights=("imagenet",),
        heads=("fc",),
        small=_QUARTER,
    ),
    "two_stream": NetInfo(
        builder="two_stream:two_stream",
        source="Simonyan and Zisserman, arXiv 1406.2199",
        clip=_clip(11, 224, Crop(short_side=256), _SIGNED_COLOURS).model_copy(
            update={"sampling": Window(length=0.44, step=0.04)}
        ),
        clip_arguments=("frames",),
        heads=("spatial.head.fc8", "temporal.head.fc8"),
        small=_QUARTER,
    ),
    "i3d": NetInfo(
        builder="i3d:i3d",
        source="Carreira and Zisserman, arXiv 1705.07750",
        clip=_SIGNED_CLIP,
        weights=("imagenet",),
        heads=("fc",),
        small=_QUARTER,
    ),
}

_SMALL_VIVIT = Small(arguments={"width": 0.5, "layers": 3, "patch": 8})


def _vivit(family: str, variant: str) -> NetInfo:
    sources = {"vivit": "Arnab et al., arXiv 2103.15691", "mini_vivit": "Zhang et al., arXiv 2204.07154, on ViViT"}
    return NetInfo(
        builder="vivit:vivit",
        source=sources[family],
        clip=_SIGNED_CLIP,
        preset={"variant": variant, "multiplexed": family == "mini_vivit"},
        clip_arguments=("frames", "size"),
        small=_SMALL_VIVIT,
    )


_TRANSFORMERS = {
    f"{family}_{variant}": _vivit(family, variant)
    for family in ("vivit", "mini_vivit")
    for variant in ("tiny", "small", "base")
}


def _frozen(backbone: str, clip: ClipSpec) -> NetInfo:
    return NetInfo(
        builder="frozen_transformer:frozen_transformer",
        source="ResNet-50 and temporal ViT of kietngt00/video-classification",
        clip=clip,
        preset={"backbone": backbone},
        clip_arguments=("frames",),
        weights=("imagenet",),
        frozen="backbone",
        small=Small(arguments={"channels": 64}, size=64),
    )


_FROZEN = {
    "resnet50_transformer": _frozen("resnet50", ClipSpec(size=(224, 224))),
    "lite0_transformer": _frozen("lite0", ClipSpec(size=(160, 160))),
    "lite2_transformer": _frozen("lite2", ClipSpec(size=(260, 260))),
}

ARCHITECTURES: Mapping[str, NetInfo] = {
    **_VIDEOXCEPTION,
    **_RESNETS,
    **_TORCHVISION,
    **_EARLIER,
    **_TRANSFORMERS,
    **_FROZEN,
}
"""All architectures by name, family by family."""


def clip_arguments(name: str, clip: ClipSpec) -> dict[str, int]:
    """Return what an architecture must be told of the clips that it is built for. Raises `ValueError`."""
    whole = {"frames": clip.frames, "size": clip.size[0]}
    return {argument: whole[argument] for argument in info(name).clip_arguments}


def info(name: str) -> NetInfo:
    """Return what is known of an architecture. Raises `ValueError` for an unknown name."""
    if name not in ARCHITECTURES:
        near = did_you_mean(name, ARCHITECTURES)
        raise ValueError(f"no architecture is called {name!r}{near}; there are {', '.join(sorted(ARCHITECTURES))}")
    return ARCHITECTURES[name]
