"""The single-frame baseline: what a model predicts without any motion, which one with a sense of time must beat.

Each frame of a clip is shown by itself, as a clip that repeats it. Whatever the mean of those answers gets right
needs no sense of time, for it does not know in which order the frames came.
"""

import numpy as np
import numpy.typing as npt

from training.evaluation.bootstrap import Floats, Ints, SourceVideos, interval, rounded
from training.evaluation.calibration import ViewLogits, mean_probabilities
from videoxception.answer import Probabilities
from videoxception.clip import Frames
from videoxception.manifest import Baselines, Comparison


def frame_clips(clip: Frames) -> Frames:
    """Return clips (F, F, H, W, 3), each of one frame of a clip (F, H, W, 3), repeated."""
    return np.broadcast_to(clip[:, None], (len(clip), *clip.shape))


def measure_baselines(
    rows: Probabilities, frames: ViewLogits, truth: Ints, videos: SourceVideos, temperature: float
) -> Baselines:
    """Compare the model's probabilities (N, K) with its predictions for single frames, logits (N, F, K)."""
    middle = frames.shape[1] // 2
    right = rows.argmax(1) == truth

    def compared(shown: ViewLogits) -> Comparison:
        return compare(right, mean_probabilities(shown, temperature).argmax(1) == truth, videos)

    return Baselines(mean_of_frames=compared(frames), middle_frame=compared(frames[:, middle : middle + 1]))


def compare(model: npt.NDArray[np.bool_], baseline: npt.NDArray[np.bool_], videos: SourceVideos) -> Comparison:
    """Compare right answers (N,) of the same items: the gain of one over the other."""
    scored, gain = baseline.astype(np.float64), _difference(model, baseline)
    return Comparison(
        top1=rounded(scored.mean()),
        interval=interval(videos.means(scored)),
        gain=rounded(gain.mean()),
        gain_interval=interval(videos.means(gain)),
    )


def _difference(model: npt.NDArray[np.bool_], baseline: npt.NDArray[np.bool_]) -> Floats:
    return model.astype(np.float64) - baseline.astype(np.float64)
