"""What is worked out for an upload, and kept for others that send the same."""

from dataclasses import dataclass

from videoxception.api.schemas import ClipInfo, FrameImage
from videoxception.engine.base import Logits, Precision


@dataclass(frozen=True, slots=True)
class Answered:
    """The logits, their precision, and the clip of an upload; for the log, the seconds of each stage (named as in
    Server-Timing) and how it was decoded. Coverage changes none of these. Frames are there if they were asked for.
    """

    logits: Logits
    precision: Precision
    clip: ClipInfo
    stages: dict[str, float]
    way: str  # planned, straight or key-frames
    frames: list[FrameImage] | None = None
