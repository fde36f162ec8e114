"""The frames of a clip as the answer shows them."""

import asyncio
from base64 import b64encode

from videoxception.api.schemas import FrameImage
from videoxception.clip import Clip, ClipSpec
from videoxception.video.jpeg import encode_jpegs


async def frames_of(clip: Clip, spec: ClipSpec) -> list[FrameImage]:
    """Return the frames of a clip as data URLs; they are encoded beside the event loop."""
    jpegs = await asyncio.to_thread(encode_jpegs, clip, spec)
    return [
        FrameImage(timestamp=timestamp, image=f"data:image/jpeg;base64,{b64encode(jpeg).decode()}")
        for timestamp, jpeg in zip(clip.timestamps, jpegs, strict=True)
    ]
