"""What counts as a video wherever one is asked for: by the library, the client, and the command line."""

from os import PathLike
from typing import BinaryIO

Source = str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""A path, a video's bytes, or a file object opened in binary mode, of which the rest is read."""

VIDEO_SUFFIXES = (
    *(".mp4", ".mp4v", ".m4v", ".mov", ".qt", ".3gp", ".3g2", ".f4v", ".mj2"),
    *(".mkv", ".webm", ".avi", ".divx", ".xvid", ".gif"),
    *(".mpg", ".mpeg", ".mpe", ".m1v", ".m2v", ".mpv", ".vob", ".mod", ".tod"),
    *(".ts", ".mts", ".m2ts", ".m2t", ".trp"),
    *(".flv", ".wmv", ".asf", ".ogv", ".ogm"),
    *(".h264", ".264", ".hevc", ".h265", ".265"),
)
"""What files are called whose containers the decoder takes (`videoxception.video.limits.CONTAINERS`)."""
