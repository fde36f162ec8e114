"""Long videos like a phone's, made quickly: a few seconds are encoded, and their packets repeated."""

from fractions import Fraction
from pathlib import Path

import av

from tests.videos import moving_frame

_SIZE, _RATE = (1280, 720), 30
_OPTIONS = {"preset": "veryfast", "bf": "0"}  # a key frame a second and no B-frames, as phones write


def phone_video(path: Path, minutes: float, bit_rate: int, encoded: int = 20) -> Path:
    """Write a 720p H.264 video of so many minutes and bits a second, of which so many seconds are encoded.

    Return its path.
    """
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=_RATE, options=_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = *_SIZE, "yuv420p"
        stream.bit_rate, stream.codec_context.gop_size = bit_rate, _RATE
        packets = []
        for k in range(_RATE * encoded):
            frame = av.VideoFrame.from_ndarray(moving_frame(k, *_SIZE), format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, _RATE)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        coded = [(bytes(packet), packet.is_keyframe) for packet in packets]
        for k in range(round(minutes * 60 * _RATE)):
            content, key = coded[k % len(coded)]
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, _RATE), key
            packet.pts = packet.dts = k
            packet.duration = 1
            output.mux(packet)
    return path
