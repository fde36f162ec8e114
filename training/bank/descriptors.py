"""Descriptors of frames that tell one place and camera from another, by a shipped model's early and middle stages.

Of each stage's feature maps, the mean and the standard deviation of every channel over the frame, as in neural style
transfer (Huang and Belongie, https://arxiv.org/abs/1703.06868): colours, light, texture and sharpness, wherever they
are. Those stages are as ImageNet has left them; they know nothing of any action.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
import openvino as ov

from training.data.near_duplicates import Floats, similarities, whiten
from videoxception.clip import Frames
from videoxception.nets.efficientnet_lite import LITE2, block_specs
from videoxception.store import BUILT_IN, ModelStore

MODEL = "videoxception-d"
_PARTS = ((0, 1, 2), (3, 4), (5,))
"""Stages that are whitened together: each part has as much weight as another."""

Statistics = npt.NDArray[np.float32]
"""(N, C): of N frames."""


class FrameStatistics:
    """Computes the statistics of frames, by the graph of the shipped type D, whose clip is `spec`."""

    def __init__(self) -> None:
        release, core = ModelStore(built_in=BUILT_IN).load(MODEL), ov.Core()
        self.spec = release.manifest.clip
        model = core.read_model(release.graph)
        model.reshape({0: [1, *self.spec.shape]})
        maps = [_last_map(model, self.spec.frames, stage) for part in _PARTS for stage in part]
        inner = ov.Model(maps, model.get_parameters())
        self._request = core.compile_model(inner, "CPU", {"PERFORMANCE_HINT": "LATENCY"}).create_infer_request()

    def __call__(self, clip: Frames) -> list[Statistics]:
        """Compute statistics float32 (F, C) of a clip uint8 (F, H, W, 3) for each of the parts."""
        maps = iter(self._request.infer([np.ascontiguousarray(clip)[None]]).to_tuple())  # (F, C, h, w) of each stage
        return [np.concatenate([_mean_and_deviation(next(maps)) for _ in part], 1) for part in _PARTS]


def _mean_and_deviation(maps: npt.NDArray[np.float32]) -> Statistics:
    """Return the mean and the standard deviation of each channel: (F, C, h, w) -> (F, 2C)."""
    return np.concatenate([maps.mean((2, 3)), maps.std((2, 3))], 1)


def _last_map(model: ov.Model, frames: int, stage: int) -> ov.Output:
    """Return the feature maps (frames, C, h, w) that a stage ends with."""
    channels = {spec.stage: spec.out_channels for spec in block_specs(LITE2)}[stage]
    outputs = [node.output(0) for node in model.get_ordered_ops() if node.get_output_size()]
    shapes = [list(each.shape) if each.partial_shape.is_static else [] for each in outputs]
    maps = [
        each for each, shape in zip(outputs, shapes, strict=True) if len(shape) == 4 and shape[:2] == [frames, channels]
    ]
    return maps[-1]


def clip_similarities(clips: Iterable[Frames], statistics: FrameStatistics) -> Floats:
    """Return how alike clips are (N, N), each uint8 (F, H, W, 3) of `statistics.spec`, with any number of frames."""
    parts, counts = run_on_frames(clips, statistics, statistics.spec.frames)
    return np.asarray(np.mean([similarities(whiten(part), counts) for part in parts], 0), np.float32)


def run_on_frames(
    clips: Iterable[Frames], run: Callable[[Frames], list[Statistics]], step: int
) -> tuple[list[Statistics], list[int]]:
    """Run what takes `step` frames at a time, and does not mix them, on the frames of clips, one after the other.

    Returns:
        Each of its outputs for all frames, (frames of all clips, C), and how many frames each clip has.
    """
    counts: list[int] = []
    found = [run(frames) for frames in _in_steps(clips, step, counts)]
    return [np.concatenate(each)[: sum(counts)] for each in zip(*found, strict=True)], counts


def _in_steps(clips: Iterable[Frames], step: int, counts: list[int]) -> Iterator[Frames]:
    """Yield the frames of clips by `step`, the last ones padded; add each clip's number of frames to `counts`."""
    waiting: list[Frames] = []
    for clip in clips:
        counts.append(len(clip))
        waiting.extend(clip)
        while len(waiting) >= step:
            yield np.stack(waiting[:step])
            waiting = waiting[step:]
    if waiting:
        yield np.stack([*waiting, *[waiting[-1]] * (step - len(waiting))])
