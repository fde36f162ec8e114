"""Settings of the clip that the released model is shown."""

from dataclasses import dataclass

from training.config.option import option
from training.errors import TrainingError
from videoxception.clip import ClipSpec, Crop, Fit, ResizeCrop, Sampling, Segments, Window
from videoxception.nets.registry import info


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipConfig:
    """The clip that the released model is shown; what is not given is the architecture's own."""

    clip_frames: int | None = option(
        None, "frames of the clip that the released model is shown (default: the architecture's: videoxception nets)"
    )
    clip_size: int | None = option(None, "height and width of that clip in pixels (default: the architecture's)")
    clip_window: float | None = option(
        None, "seconds around the middle of a video that the clip is of; 0: the whole video (default: as made for)"
    )

    def __post_init__(self) -> None:
        for name in ("clip_frames", "clip_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise TrainingError(f"--{name.replace('_', '-')} must be at least 1, but got {value}")
        if self.clip_window is not None and not 0 <= self.clip_window < float("inf"):
            raise TrainingError(f"--clip-window must be at least 0 seconds, but got {self.clip_window}")

    def spec(self, architecture: str) -> ClipSpec:
        """Return the clip as a released model describes it. Raises `ValueError` for an unknown architecture."""
        own = info(architecture).clip
        size = own.size if self.clip_size is None else (self.clip_size, self.clip_size)
        frames = self.clip_frames or own.frames
        fit, sampling = _scaled(own, size[0]), self._sampling(own, frames)
        return own.model_copy(update={"frames": frames, "size": size, "fit": fit, "sampling": sampling})

    def _sampling(self, own: ClipSpec, frames: int) -> Sampling:
        """Return the window that is asked for; else the architecture's own, at its own step."""
        if self.clip_window == 0:
            return Segments()
        if self.clip_window is not None:
            return Window(length=self.clip_window, step=self.clip_window / frames)
        if isinstance(own.sampling, Window):
            return Window(length=frames * own.sampling.step, step=own.sampling.step)
        return own.sampling


def _scaled(own: ClipSpec, size: int) -> Fit:
    """Return how frames become clips of another size: what is cut out of them stays the same share."""
    factor = size / own.size[0]
    if isinstance(own.fit, Crop):
        return Crop(short_side=round(own.fit.short_side * factor))
    if isinstance(own.fit, ResizeCrop):
        return ResizeCrop(height=round(own.fit.height * factor), width=round(own.fit.width * factor))
    return own.fit


def describe(spec: ClipSpec) -> str:
    """Say a clip in words: "10 frames of 128x128"."""
    return f"{spec.frames} frames of {spec.size[0]}x{spec.size[1]}"
