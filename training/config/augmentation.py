"""Settings of augmentation: how a training clip is changed at random."""

from dataclasses import dataclass

from training.config.option import check_shares, option
from training.errors import TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class CameraConfig:
    """How the virtual camera moves over a frame (or over every frame of a video, in step)."""

    min_area: float = option(0.3, "smallest share of the frame that the camera takes in")
    aspect: float = option(0.35, "largest change of shape, as a log of width over height")
    angle: float = option(8.0, "tilt of the camera in degrees, standard deviation")
    still_prob: float = option(0.3, "share of clips in which the camera does not move")
    cut_prob: float = option(0.2, "share of clips with a cut to another view")
    drift: float = option(0.3, "how far the camera travels within a clip, in shares of its view, standard deviation")
    flip: bool = option(True, "mirror half of the clips")

    def __post_init__(self) -> None:
        if not 0 < self.min_area <= 1:
            raise TrainingError(f"--min-area must be above 0 and at most 1, but got {self.min_area}")
        check_shares(self, "still_prob", "cut_prob")


@dataclass(frozen=True, kw_only=True, slots=True)
class ColorJitterConfig:
    """How colours change from clip to clip; within one clip they stay as they are."""

    brightness: float = option(0.4, "largest relative change of brightness")
    contrast: float = option(0.4, "largest relative change of contrast")
    saturation: float = option(0.4, "largest relative change of saturation")
    tint: float = option(0.1, "largest relative change of one colour channel against the others")
    gray_prob: float = option(0.1, "share of clips in black and white")
    erase_prob: float = option(0.3, "share of clips with a rectangle covered")

    def __post_init__(self) -> None:
        check_shares(self, "brightness", "contrast", "saturation", "tint", "gray_prob", "erase_prob")


@dataclass(frozen=True, kw_only=True, slots=True)
class RandAugmentConfig:
    """RandAugment: operations on light, colour and sharpness, drawn for each clip."""

    rand_ops: int = option(0, "operations of RandAugment on each clip")
    rand_magnitude: float = option(0.5, "their strength, from 0 to 1")
    rand_drift: float = option(0.5, "largest relative change of that strength towards a clip's first and last frame")

    def __post_init__(self) -> None:
        if self.rand_ops < 0:
            raise TrainingError(f"--rand-ops must be at least 0, but got {self.rand_ops}")
        check_shares(self, "rand_magnitude", "rand_drift")


@dataclass(frozen=True, kw_only=True, slots=True)
class CompressionConfig:
    """What small size and compression take away from a video."""

    downscale_prob: float = option(0.0, "share of clips that are blurred as if filmed up to three times smaller")
    compress_prob: float = option(0.0, "share of clips with the blocks of a codec")

    def __post_init__(self) -> None:
        check_shares(self, "downscale_prob", "compress_prob")


@dataclass(frozen=True, kw_only=True, slots=True)
class MixupConfig:
    """Mixup and cutmix: clips of two videos in one."""

    mixup: float = option(0.0, "alpha of mixup's beta distribution (small: mostly one video; 1: any mixture); 0: none")
    cutmix: float = option(0.0, "alpha of cutmix's beta distribution; 0: none")
    mix_prob: float = option(1.0, "share of batches that are mixed")

    def __post_init__(self) -> None:
        for name in ("mixup", "cutmix"):
            if not getattr(self, name) >= 0:
                raise TrainingError(f"--{name} must be at least 0, but got {getattr(self, name)}")
        check_shares(self, "mix_prob")
