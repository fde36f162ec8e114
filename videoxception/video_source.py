"""What counts as a video wherever one is asked for: by the library, the client, and the command line."""

from os import PathLike
from typing import BinaryIO

Source = str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""A path, a video's bytes, or a file object opened in binary mode, of which the rest is read."""
