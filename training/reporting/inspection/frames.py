"""Frames as they stand inside the page."""

from base64 import b64encode
from dataclasses import replace
from html import escape
from pathlib import Path

from training.data.inspected_files import Media, Place, read_media
from videoxception.clip import ClipSpec
from videoxception.video import VideoError
from videoxception.video.jpeg import encode_jpegs

_SIZE = (96, 96)
_FRAMES = 10


def thumbnail(media: Media) -> str:
    """Return the middle frame of a clip as an image."""
    clip, middle = media.clip, len(media.clip.frames) // 2
    shown = replace(clip, frames=clip.frames[middle : middle + 1])
    (jpeg,) = encode_jpegs(shown, ClipSpec(frames=1, size=_SIZE))
    return _image(jpeg, media.place.path)


def strip(path: Path) -> str:
    """Return ten frames of a video, or a still, as images; nothing if it cannot be read any more."""
    spec = ClipSpec(frames=_FRAMES, size=_SIZE)
    try:
        clip = read_media(Place(path, "", ""), spec).clip
    except (VideoError, OSError):
        return ""
    return "".join(_image(jpeg, path) for jpeg in encode_jpegs(clip, spec))


def _image(jpeg: bytes, path: Path) -> str:
    return f'<img src="data:image/jpeg;base64,{b64encode(jpeg).decode()}" alt="frame of {escape(path.name)}">'
