"""What can be wrong with a video file. `kind` is the service's kind of problem (videoxception.api.problems).

VideoError
├── NotAVideo      not a kind of file that is taken: text, a still, audio, a container or codec that is not allowed
├── NoFrames       a video, but without a single frame in it
├── Undecodable    a video with frames, none of which could be decoded
├── TooLarge       more bytes than the limits allow
├── TooManyPixels  larger frames than the limits allow
├── TooLong        more seconds, packets or work than the limits allow
├── TooManyWindows more windows than the limits allow
└── Stopped        the caller asked for the decoding to stop
"""

from typing import ClassVar


class VideoError(Exception):
    """A file that no clip could be made from; `str()` of it is one sentence that can be shown to its sender."""

    kind: ClassVar[str]


class NotAVideo(VideoError):
    """The file is not a video, or is one of a kind that is not taken."""

    kind = "not-a-video"


class NoFrames(VideoError):
    """The file holds a video stream without frames."""

    kind = "no-frames"


class Undecodable(VideoError):
    """The file holds frames, but none of them could be decoded."""

    kind = "undecodable"


class TooLarge(VideoError):
    """The file is over the limit on bytes."""

    kind = "too-large"


class TooManyPixels(VideoError):
    """The video's frames are over the limit on pixels."""

    kind = "too-many-pixels"


class TooLong(VideoError):
    """The file is over a limit on duration, packets or the work of decoding."""

    kind = "too-long"


class TooManyWindows(VideoError):
    """The video has more windows of the length and step that are asked for than the limits allow."""

    kind = "too-many-windows"


class OverBudget(Exception):
    """Decoding would cost more than the budget that it was given; nothing is wrong with the file."""


class Stopped(VideoError):
    """The caller stopped the decoding before it was done."""

    kind = "not-ready"  # while the service is shutting down
