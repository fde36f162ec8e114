"""What can be wrong with a video file.

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


class VideoError(Exception):
    """A file that no clip could be made from; `str()` of it is one sentence that can be shown to its sender."""


class NotAVideo(VideoError):
    """The file is not a video, or is one of a kind that is not taken."""


class NoFrames(VideoError):
    """The file holds a video stream without frames."""


class Undecodable(VideoError):
    """The file holds frames, but none of them could be decoded."""


class TooLarge(VideoError):
    """The file is over the limit on bytes."""


class TooManyPixels(VideoError):
    """The video's frames are over the limit on pixels."""


class TooLong(VideoError):
    """The file is over a limit on duration, packets or the work of decoding."""


class TooManyWindows(VideoError):
    """The video has more windows of the length and step that are asked for than the limits allow."""


class OverBudget(Exception):
    """Decoding would cost more than the budget that it was given; nothing is wrong with the file."""


class Stopped(VideoError):
    """The caller stopped the decoding before it was done."""
