"""Field-coded H.264 (PAFF), which no free encoder writes: every frame is two fields of I_PCM macroblocks."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

from tests.videos import RATE, level

_WIDTH, _HEIGHT = 4, 2  # of a field, in macroblocks: the frames have 64 x 64 pixels
_LOG2_MAX_FRAME_NUM, _LOG2_MAX_POC = 4, 16
_I_PCM = 25  # mb_type in an I slice, table 7-11


class _Bits:
    """Bits of a NAL unit's payload."""

    def __init__(self) -> None:
        self._bits = ""

    def u(self, width: int, value: int) -> "_Bits":
        self._bits += f"{value:0{width}b}"
        return self

    def ue(self, *values: int) -> "_Bits":
        for value in values:
            digits = f"{value + 1:b}"
            self._bits += "0" * (len(digits) - 1) + digits
        return self

    def aligned(self) -> "_Bits":
        self._bits += "0" * (-len(self._bits) % 8)
        return self

    def raw(self, content: bytes) -> "_Bits":
        self._bits += "".join(f"{byte:08b}" for byte in content)
        return self

    def nal(self, header: int) -> bytes:
        """The NAL unit, with its stop bit, emulation prevention and start code."""
        self.u(1, 1).aligned()
        payload, escaped = int(self._bits, 2).to_bytes(len(self._bits) // 8, "big"), bytearray()
        for byte in payload:
            if escaped[-2:] == b"\0\0" and byte <= 3:
                escaped.append(3)
            escaped.append(byte)
        return b"\0\0\0\1" + bytes([header]) + bytes(escaped)


def _parameter_sets(high: bool) -> bytes:
    sps = _Bits().u(8, 100 if high else 77).u(8, 0).u(8, 30).ue(0)
    if high:
        _high_profile(sps)
    sps.ue(_LOG2_MAX_FRAME_NUM - 4, 0, _LOG2_MAX_POC - 4, 1).u(1, 0)
    sps.ue(_WIDTH - 1, _HEIGHT - 1).u(1, 0).u(1, 0).u(1, 1).u(1, 0).u(1, 0)  # frame_mbs_only_flag is the first 0
    pps = _Bits().ue(0, 0).u(1, 0).u(1, 0).ue(0, 0, 0).u(1, 0).u(2, 0).ue(0, 0, 0).u(3, 0)
    return sps.nal(0x67) + pps.nal(0x68)


def _high_profile(sps: _Bits) -> None:
    """4:2:0, 8 bits, and of the eight scaling lists a flat one, and one that stops at once to be the default."""
    sps.ue(1, 0, 0).u(1, 0).u(1, 1)
    sps.u(1, 1).ue(*[0] * 16).u(5, 0)
    sps.u(1, 1).ue(16).u(1, 0)  # delta_scale -8, as a signed number


def _field(k: int, bottom: bool, gop: int, high: bool) -> bytes:
    """One field of frame k, all of its grey. The first field of a group is an IDR picture, the others refer to none."""
    key = k % gop == 0 and not bottom
    number = k % gop % 2**_LOG2_MAX_FRAME_NUM
    slice_ = (
        _Bits().ue(0, 7, 0).u(_LOG2_MAX_FRAME_NUM, number).u(1, 1).u(1, bottom)
    )  # field_pic_flag, bottom_field_flag
    if key:
        slice_.ue(k // gop % 2)  # idr_pic_id
    slice_.u(_LOG2_MAX_POC, k % gop * 2 + bottom)
    slice_.u(2 if key else 1, 0)  # dec_ref_pic_marking
    slice_.ue(0)  # slice_qp_delta, as a signed 0
    luma = bytes([16 + round(level(k) * 219 / 255)])
    for _ in range(_WIDTH * _HEIGHT):
        slice_.ue(_I_PCM).aligned().raw(luma * 256 + b"\x80" * 128)
    return (_parameter_sets(high) if key else b"") + slice_.nal(0x65 if key else 0x61)


def _packets(frames: int, gop: int, together: bool, high: bool) -> Iterator[tuple[Fraction, bytes, bool]]:
    """Time in frames, content and whether it is a key, of each packet."""
    for k in range(frames):
        first, second = _field(k, False, gop, high), _field(k, True, gop, high)
        if together:
            yield Fraction(k), first + second, k % gop == 0
        else:
            yield Fraction(k), first, k % gop == 0
            yield k + Fraction(1, 2), second, False


def fields_of(k: int) -> tuple[bytes, bytes]:
    """The two packets of frame k, behind the parameter sets if it is a key frame."""
    return _field(k, False, 10, False), _field(k, True, 10, False)


def make_paff(path: Path, frames: int = 40, gop: int = 10, *, together: bool = True, high: bool = False) -> Path:
    """A field-coded video, as `make_video` makes others: both fields of a frame in a packet, or each in its own."""
    raw = path.with_suffix(".raw")
    raw.write_bytes(b"".join(content for _, content, _ in _packets(frames, gop, True, high)))
    if path.suffix == ".h264":
        return raw.rename(path)
    with av.open(str(raw), format="h264") as template, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(template.streams.video[0])
        for time, content, key in _packets(frames, gop, together, high):
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 2 * RATE), key
            packet.pts = packet.dts = int(2 * time)
            packet.duration = 2 if together else 1
            output.mux(packet)
    return path
