"""Several views of one video: the clip at shifted moments, and mirrored. Their probabilities are averaged."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.errors import TrainingError
from videoxception.clip import ClipSpec, Frames, Window


@dataclass(frozen=True, slots=True)
class Views:
    """`count` views: an odd number of moments, or twice an odd number, half of them mirrored.

    Odd, so that one of the moments is the service's own. Raises `TrainingError` for other numbers.
    """

    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1 or self.count % 4 == 0:
            raise TrainingError(
                f"--views must be odd (moments), or twice an odd number (moments, each also mirrored), such as 1, 2, 3,"
                f" 6 or 10, but got {self.count}"
            )

    @property
    def mirrored(self) -> bool:
        """Whether each moment is also shown mirrored."""
        return self.count % 2 == 0

    @property
    def moments(self) -> int:
        """How many shifts in time."""
        return self.count // 2 if self.mirrored else self.count

    def __str__(self) -> str:
        if self.count == 1:
            return "single view"
        shown = [f"{self.moments} shifts in time"] if self.moments > 1 else []
        shown += ["each also mirrored" if shown else "as it is and mirrored"] if self.mirrored else []
        return f"{self.count} views ({', '.join(shown)}; probabilities averaged)"

    def clips(self, spec: ClipSpec, read: Callable[[ClipSpec], Frames]) -> Frames:
        """Return the views (V, F, H, W, 3) of a video; `read` gives the clip (F, H, W, 3) that a spec asks for."""
        shifted = read(spec)[None]
        if self.moments > 1:
            own, shifted = shifted[0], self._split(read(self._all_moments(spec)))
            shifted[self.moments // 2] = own  # a window's step, split, is a rounded number, and may miss by a frame
        return np.concatenate([shifted, shifted[..., ::-1, :]]) if self.mirrored else shifted

    def own(self, clips: Frames) -> Frames:
        """Return the clip (F, H, W, 3) that the service would see, among the views."""
        clip: Frames = clips[self.moments // 2]
        return clip

    def _all_moments(self, spec: ClipSpec) -> ClipSpec:
        """Return the frames of all moments as one clip, evenly spread."""
        sampling = spec.sampling
        if isinstance(sampling, Window):
            sampling = sampling.model_copy(update={"step": sampling.step / self.moments})
        return spec.model_copy(update={"frames": spec.frames * self.moments, "sampling": sampling})

    def _split(self, frames: Frames) -> Frames:
        """Split frames of all moments: (F * moments, H, W, 3) -> (moments, F, H, W, 3)."""
        return frames.reshape(-1, self.moments, *frames.shape[1:]).swapaxes(0, 1).copy()
