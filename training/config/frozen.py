"""Settings of what is not trained: the first stages of a pretrained network, and the bank of what they give."""

from dataclasses import dataclass

from training.config.option import option
from training.errors import TrainingError

ALL_BUT_HEAD = 8
"""Of `frozen_stages`: seven stages, and the last convolution."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenConfig:
    """How much of a pretrained network is kept as it is, and what is computed of it once."""

    frozen_stages: int = option(
        0,
        "first stages of videoxception-c or -d that are not trained: 1 to 7; 8: all but the head. Running statistics of"
        " all batch norms are fixed then; scale and shift behind these stages are trained",
    )
    views: int = option(
        0,
        "views of each still that all epochs, networks and teachers share; what frozen stages make of them is kept in a"
        " bank. With --frozen-stages and stages of several frames, views of each clip. 0: new views in each epoch",
    )
    auxiliary_views: int = option(0, "the same for stills of auxiliary classes (default: as --views)")

    def __post_init__(self) -> None:
        if not 0 <= self.frozen_stages <= ALL_BUT_HEAD:
            raise TrainingError(f"--frozen-stages must be from 0 to {ALL_BUT_HEAD}, but got {self.frozen_stages}")
        for name in ("views", "auxiliary_views"):
            if getattr(self, name) < 0:
                raise TrainingError(f"--{name.replace('_', '-')} must be at least 0, but got {getattr(self, name)}")
        if self.auxiliary_views and not self.views:
            raise TrainingError("--auxiliary-views means nothing without --views")

    def views_of(self, auxiliary: bool) -> int:
        """Return how many views an item has in the bank."""
        return self.auxiliary_views or self.views if auxiliary else self.views
