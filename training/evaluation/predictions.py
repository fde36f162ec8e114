"""What a model says to every item of a data set: logits of its views, and of each of its frames alone."""

from dataclasses import dataclass

import numpy as np

from training.data.dataset import DataSet, Item
from training.data.decode import read_all, read_clip
from training.data.readers.image_folder import is_still
from training.errors import TrainingError
from training.evaluation.assignment import EngineOf
from training.evaluation.calibration import ViewLogits
from training.evaluation.single_frame import frame_clips
from training.evaluation.views import Views
from videoxception.clip import ClipSpec
from videoxception.engine.base import Logits


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
        return f"mid-frame accuracy (each still as its frame ten times){seen}"


def score(engine_of: EngineOf, spec: ClipSpec, data: DataSet, skip_bad: bool, views: Views | None = None) -> Scores:
    """Has every item judged. Raises `TrainingError`."""
    views = views or Views()
    stills = is_still(data.items[0].path)
    if stills and views.moments > 1:
        raise TrainingError(f"--views {views.count}: a still looks the same at every moment; use 1, or 2 to mirror it")

    def read(item: Item) -> Logits:
        clips = views.clips(spec, lambda asked: read_clip(item.path, asked))
        shown = clips if stills else np.concatenate([clips, frame_clips(views.own(clips))])
        return engine_of(item).predict(np.ascontiguousarray(shown))

    outputs, kept, skipped = read_all(data, read, skip_bad)
    frames = None if stills else outputs[:, views.count :, : len(data.classes)]
    return Scores(kept, views, outputs[:, : views.count], frames, skipped)
