"""What the headers of H.264 say about fields: which packets hold one, and which two make a frame (ITU-T H.264, 7.3).

Interlaced cameras and broadcasts may code a frame as two fields (PAFF), each with a packet of its own.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

_SLICE, _PARTITION, _IDR_SLICE, _SPS, _PPS = 1, 2, 5, 7, 8  # nal_unit_type
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_MOST = 1000  # NAL units of a packet that are looked at
_SPS_NUMBERS, _PPS_NUMBERS = 32, 256  # that there may be (7.4.2.1.1 and 7.4.2.2)
_HEADER = 32  # bytes that hold the beginning of a slice header, whatever it says


class _Bits:
    """Reads the bits of a NAL unit. Raise `ValueError` at its end."""

    def __init__(self, nal: bytes) -> None:
        payload = nal[1:].replace(b"\0\0\3", b"\0\0")  # without emulation prevention
        self._bits = f"{int.from_bytes(payload):0{8 * len(payload)}b}" if payload else ""
        self._at = 0

    def u(self, width: int) -> int:
        """Read a number of so many bits."""
        self._at += width
        if self._at > len(self._bits):
            raise ValueError("the NAL unit is too short")
        return int(self._bits[self._at - width : self._at] or "0", 2)

    def ue(self) -> int:
        """Read an Exp-Golomb number."""
        one = self._bits.find("1", self._at)
        if not 0 <= one - self._at <= 32:
            raise ValueError("an Exp-Golomb number is too long")
        width = one - self._at + 1
        self._at = one
        return self.u(width) - 1

    def skip_ue(self, count: int) -> None:
        """Pass over Exp-Golomb numbers, signed ones too: they are as long."""
        for _ in range(count):
            self.ue()

    def se(self) -> int:
        """Read a signed Exp-Golomb number."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -code // 2


@dataclass(frozen=True, slots=True)
class _Sps:
    """Of a sequence parameter set, what a slice header is read by."""

    interlaced: bool  # fields are possible
    frame_num_bits: int
    planes: bool  # separate_colour_plane_flag


def _read_sps(bits: _Bits) -> tuple[int, _Sps]:
    """Return the number of a sequence parameter set, and what it says."""
    profile = bits.u(24) >> 16
    number, planes = bits.ue(), False
    if profile in _HIGH_PROFILES:
        planes = _skip_high_profile(bits)
    frame_num_bits = bits.ue() + 4
    _skip_order_count(bits)
    bits.ue()
    bits.u(1)
    bits.skip_ue(2)
    return number, _Sps(bits.u(1) == 0, frame_num_bits, planes)


def _skip_high_profile(bits: _Bits) -> bool:
    """Pass over what high profiles add; return whether the colour planes are separate."""
    chroma = bits.ue()
    planes = chroma == 3 and bits.u(1) == 1
    bits.skip_ue(2)
    bits.u(1)
    if bits.u(1):
        for i in range(8 if chroma != 3 else 12):
            if bits.u(1):
                _skip_scaling_list(bits, 16 if i < 6 else 64)
    return planes


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    scale = 8
    for _ in range(size):
        scale = (scale + bits.se()) % 256
        if scale == 0:
            return


def _skip_order_count(bits: _Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.u(1)
        bits.skip_ue(2)
        bits.skip_ue(min(bits.ue(), 255))


@dataclass(frozen=True, slots=True)
class _Field:
    """A slice's field: the number of its frame, and which of the two it is."""

    frame: int
    bottom: bool


class FieldReader:
    """Tells packets that hold the second field of a frame from all others. Packets are read in the file's order."""

    def __init__(self, extradata: bytes | None) -> None:
        extradata = extradata or b""
        self._length = extradata[4] % 4 + 1 if extradata[:1] == b"\1" and len(extradata) > 6 else 0
        self._sps: dict[int, _Sps] = {}
        self._sps_of: dict[int, int] = {}  # pps -> sps
        self._first: _Field | None = None  # whose second field is still to come
        self._field_of_all(_avcc_sets(extradata) if self._length else _annex_b(extradata))

    @property
    def may_find(self) -> bool:
        """Whether there may be fields at all. Streams that bring their parameters along may begin with them later."""
        return self._interlaced or self._length == 0

    @property
    def _interlaced(self) -> bool:
        return any(sps.interlaced for sps in self._sps.values())

    def is_second(self, packet: memoryview, key: bool) -> bool:
        """Return whether the packet holds nothing but the second field of the frame of the one before."""
        if not self._interlaced and not (key and self._length == 0):
            return False
        fields = self._field_of_all(self._nals(bytes(packet)))
        first, self._first = self._first, None
        if not fields:
            return False
        if len(fields) == 1 and first and fields[0].frame == first.frame and fields[0].bottom != first.bottom:
            return True
        self._first = fields[0] if len(fields) == 1 else None
        return False

    def _nals(self, packet: bytes) -> Iterator[bytes]:
        return _prefixed(packet, self._length) if self._length else _annex_b(packet)

    def _field_of_all(self, nals: Iterator[bytes]) -> list[_Field]:
        """Return the different fields among the slices; nothing for a frame. Parameter sets are remembered."""
        fields: list[_Field] = []
        for nal in filter(None, islice(nals, _MOST)):
            with suppress(ValueError, KeyError):  # damage: the decoder will say so
                kind = nal[0] & 31
                if kind in (_SLICE, _PARTITION, _IDR_SLICE):
                    field = self._field(_Bits(nal[:_HEADER]))
                    fields += [field] if field and field not in fields else []
                    if field is None or len(fields) == 2:
                        break
                else:
                    self._remember(kind, nal)
        return fields

    def _remember(self, kind: int, nal: bytes) -> None:
        """Note a parameter set."""
        if kind == _SPS:
            number, sps = _read_sps(_Bits(nal))
            if number < _SPS_NUMBERS:
                self._sps[number] = sps
        elif kind == _PPS:
            bits = _Bits(nal[:_HEADER])
            pps, sps_number = bits.ue(), bits.ue()
            if pps < _PPS_NUMBERS:
                self._sps_of[pps] = sps_number

    def _field(self, bits: _Bits) -> _Field | None:
        """Return the field that a slice belongs to; None if it is of a frame. Raise `KeyError` without its sets."""
        bits.skip_ue(2)
        sps = self._sps[self._sps_of[bits.ue()]]
        if not sps.interlaced:
            return None
        if sps.planes:
            bits.u(2)
        frame = bits.u(sps.frame_num_bits)
        return _Field(frame, bits.u(1) == 1) if bits.u(1) else None


def _avcc_sets(extradata: bytes) -> Iterator[bytes]:
    """Yield the parameter sets of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1)."""
    at = 5
    for mask in (31, 255):  # sequence parameter sets, then picture parameter sets
        count, at = (extradata[at : at + 1] or b"\0")[0] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2])
            at += 2
            if nal := extradata[at : at + size]:
                yield nal
            at += size


def _prefixed(packet: bytes, length: int) -> Iterator[bytes]:
    """Yield the beginnings of NAL units that each follow their size."""
    at = 0
    while at + length < len(packet):
        end = at + length + int.from_bytes(packet[at : at + length])
        yield packet[at + length : min(end, at + length + 1024)]
        at = end


def _annex_b(packet: bytes) -> Iterator[bytes]:
    """Yield the beginnings of NAL units that each follow a start code."""
    at = packet.find(b"\0\0\1")
    while 0 <= at < len(packet) - 3:
        yield packet[at + 3 : at + 1027]
        at = packet.find(b"\0\0\1", at + 3)
