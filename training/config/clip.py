"""Settings of the clip that the released model is shown."""

from dataclasses import dataclass

from training.config.option import option
from training.errors import TrainingError
from videoxception.clip import ClipSpec

_OWN = {"videoxception-d": ClipSpec(frames=5, size=(260, 260))}
"""Of the architectures that are not made for `ClipSpec()`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipConfig:
    """The clip that the released model is shown; what is not given is the architecture's own."""

    clip_frames: int | None = option(
        None, "frames of the clip that the released model is shown (default: 10, of videoxception-d 5)"
    )
    clip_size: int | None = option(
        None, "height and width of that clip in pixels (default: 128, of videoxception-d 260)"
    )

    def __post_init__(self) -> None:
        for name in ("clip_frames", "clip_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise TrainingError(f"--{name.replace('_', '-')} must be at least 1, but got {value}")

    def spec(self, architecture: str) -> ClipSpec:
        """Return the clip as a released model describes it."""
        own = _OWN.get(architecture, ClipSpec())
        size = own.size if self.clip_size is None else (self.clip_size, self.clip_size)
        return own.model_copy(update={"frames": self.clip_frames or own.frames, "size": size})


def describe(spec: ClipSpec) -> str:
    """Say a clip in words: "10 frames of 128x128"."""
    return f"{spec.frames} frames of {spec.size[0]}x{spec.size[1]}"
