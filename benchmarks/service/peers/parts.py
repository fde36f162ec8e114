"""The two steps of an answer, in the usual form and in this project's: decode a file, classify clips."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import torch
from torch.nn import functional as F

from videoxception import answer, engine
from videoxception.clip import ClipSpec, Frames, choose, make_timeline
from videoxception.engine.base import Logits
from videoxception.nets.served import load_served
from videoxception.store import ModelStore, Release
from videoxception.video.decode import decode_file

Said = dict[str, object]
"""A service's answer: label and probabilities."""


class Parts:
    """A way to make a clip of a file, and one to get logits of clips."""

    def __init__(
        self, release: Release, decode: Callable[[BinaryIO, ClipSpec], Frames], infer: Callable[[Frames], Logits]
    ) -> None:
        self._release = release
        self._decode = decode
        self._infer = infer

    def clip(self, file: BinaryIO) -> Frames:
        """Decode an open video to a clip, uint8 (F, H, W, 3)."""
        return self._decode(file, self._release.manifest.clip)

    def clip_at(self, path: Path) -> Frames:
        """Decode the video at a path to a clip."""
        with path.open("rb") as file:
            return self.clip(file)

    def answers(self, clips: Frames) -> list[Said]:
        """Return an answer for each of clips uint8 (B, F, H, W, 3)."""
        said = [answer.answer(self._release.manifest, row) for row in self._infer(clips)]
        return [{"label": each.label, "probabilities": each.probabilities} for each in said]


def naive() -> Parts:
    """Convert all frames to RGB; eager PyTorch."""
    return Parts(released(), every_frame, eager(released()))


def usual() -> Parts:
    """Convert the clip's frames to RGB; eager PyTorch."""
    return Parts(released(), wanted_frames, eager(released()))


def ours() -> Parts:
    """Use this project's decoder, in the caller's process, and its engine."""
    quick = engine.create(released(), "cpu")
    return Parts(released(), lambda file, spec: decode_file(file, spec).frames, quick.predict)


def released() -> Release:
    """Load the model that all contestants use."""
    return ModelStore.from_path(os.environ.get("VX_MODEL_STORE", "")).load(os.environ["VX_MODEL"])


def eager(release: Release) -> Callable[[Frames], Logits]:
    """Return the trained network in PyTorch, f32, as a function of whole batches."""
    net = load_served(release)

    def infer(clips: Frames) -> Logits:
        with torch.inference_mode():
            return net(torch.from_numpy(clips)).numpy()

    return infer


def every_frame(file: BinaryIO, spec: ClipSpec) -> Frames:
    """Decode all frames to RGB in full size, then select those of the clip and scale them."""
    with av.open(file, "r") as container:
        shown = [(frame.pts, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
        stream = container.streams.video[0]
        timeline = make_timeline([pts for pts, _ in shown], None, stream.time_base, stream.average_rate)
    return scaled([shown[k][1] for k in choose(timeline, spec)], spec)


def wanted_frames(file: BinaryIO, spec: ClipSpec) -> Frames:
    """Count the frames, decode up to the clip's last frame, and convert only those of the clip."""
    with av.open(file, "r") as container:
        stream = container.streams.video[0]
        times = [packet.pts for packet in container.demux(stream) if packet.size]
        wanted = choose(make_timeline(times, None, stream.time_base, stream.average_rate), spec)
    file.seek(0)
    kept: list[np.ndarray] = []
    with av.open(file, "r") as container:
        for k, frame in enumerate(container.decode(video=0)):
            kept += [frame.to_ndarray(format="rgb24")] * wanted.count(k)
            if k == wanted[-1]:
                break
    return scaled(kept, spec)


def scaled(frames: list[np.ndarray], spec: ClipSpec) -> Frames:
    """Scale frames (H, W, 3) of any size to a clip by PyTorch's bicubic interpolation."""
    shown = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)
    small = F.interpolate(shown, spec.size, mode="bicubic", antialias=True)
    return small.permute(0, 2, 3, 1).contiguous().numpy()
