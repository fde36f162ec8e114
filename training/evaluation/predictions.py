"""What a model predicts for every item of a data set: logits of its views, and of each of its frames alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from training.data.dataset import DataSet, Item
from training.data.decode import read_all, read_clip
from training.data.readers.image_folder import is_still
from training.errors import TrainingError
from training.evaluation.assignment import EngineOf
from training.evaluation.calibration import ViewLogits
from training.evaluation.single_frame import frame_clips
from training.evaluation.views import Views
from videoxception.clip import ClipSpec, Frames
from videoxception.engine.base import Logits

ReadClip = Callable[[Path, ClipSpec], Frames]


@dataclass(frozen=True, slots=True)
class Scores:
    """Outputs (N, V, K or K + 1) for the items' views, and logits (N, F, K) of their frames, each alone (None for
    stills). An output more than there are classes is the background's.
    """

    data: DataSet
    views: Views
    outputs: ViewLogits
    frames: ViewLogits | None
    skipped: list[str]  # a line for each file that could not be read

    @property
    def logits(self) -> ViewLogits:
        """Of the classes alone, (N, V, K)."""
        return self.outputs[..., : len(self.data.classes)]

    @property
    def kind(self) -> str:
        """In words, what the model was shown."""
        if self.frames is not None:
            return f"video, {self.views}"
        seen = "" if self.views.count == 1 else f", {self.views}"
        return f"mid-frame accuracy (each still as all frames of its clip){seen}"


@dataclass(frozen=True, slots=True)
class OodOutputs:
    """Outputs (N, V, K or K + 1) for the views of items that show none of the classes."""

    data: DataSet
    outputs: ViewLogits

    def where(self, wanted: Callable[[Item], bool]) -> "OodOutputs":
        """Return the items for which `wanted` is true, with their outputs."""
        rows = [row for row, item in enumerate(self.data.items) if wanted(item)]
        items = tuple(self.data.items[row] for row in rows)
        return OodOutputs(replace(self.data, items=items), self.outputs[rows])


def score(
    engine_of: EngineOf,
    spec: ClipSpec,
    data: DataSet,
    skip_bad: bool,
    views: Views | None = None,
    read: ReadClip = read_clip,
) -> Scores:
    """Predict every item of the classes. Raises `TrainingError`."""
    views = views or Views()
    stills = is_still(data.items[0].path)
    if stills and views.moments > 1:
        raise TrainingError(f"--views {views.count}: a still looks the same at every moment; use 1, or 2 to mirror it")

    def predict(item: Item) -> Logits:
        clips = views.clips(spec, lambda wanted: read(item.path, wanted))
        shown = clips if stills else np.concatenate([clips, frame_clips(views.own(clips))])
        return engine_of(item).predict(np.ascontiguousarray(shown))

    outputs, kept, skipped = read_all(data, predict, skip_bad)
    frames = None if stills else outputs[:, views.count :, : len(data.classes)]
    return Scores(kept, views, outputs[:, : views.count], frames, skipped)


def predict_ood(
    engine_of: EngineOf, spec: ClipSpec, data: DataSet, skip_bad: bool, views: Views, read: ReadClip = read_clip
) -> tuple[OodOutputs, list[str]]:
    """Predict every item of an OOD set. Returns the outputs, and a line for each file that was skipped."""

    def predict(item: Item) -> Logits:
        return engine_of(item).predict(views.clips(spec, lambda wanted: read(item.path, wanted)))

    outputs, kept, skipped = read_all(data, predict, skip_bad)
    return OodOutputs(kept, outputs), skipped
