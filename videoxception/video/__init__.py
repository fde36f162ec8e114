"""Video file -> Clip. The only part of the project that imports av."""

from videoxception.video.decode import decode
from videoxception.video.errors import (
    NoFrames,
    NotAVideo,
    Stopped,
    TooLarge,
    TooLong,
    TooManyPixels,
    TooManyWindows,
    Undecodable,
    VideoError,
)
from videoxception.video.limits import Limits

__all__ = [
    "Limits",
    "NoFrames",
    "NotAVideo",
    "Stopped",
    "TooLarge",
    "TooLong",
    "TooManyPixels",
    "TooManyWindows",
    "Undecodable",
    "VideoError",
    "decode",
]
