"""HDR and wide colours -> those of BT.709, so that a model sees what it was trained on.

A frame is scaled first, to 16 bits a sample, and then mapped: the few pixels that are left cost next to nothing.
Everything but the tables is table look-ups, products, sums and square roots, which give the same bits on every CPU.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

Frame16 = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]

_WHITE = 203.0  # cd/m2 of white paper in HDR, ITU-R BT.2408: what SDR calls white
_PEAK = 1000.0  # cd/m2 of a display for HLG, ITU-R BT.2100; PQ may be brighter, and is cut there
_DISPLAY = 2.35  # exponent of an SDR display: between most screens (2.2) and ITU-R BT.1886 (2.4)
_KNEE = 0.95  # of the SDR signal: what is below stays as it is, what is above is squeezed into the rest
_STEPS = 4096  # of the tables
_WHITEST = 4080  # the step of the brightest signal: the white that swscale makes of YUV is 255 * 256 of 65,535
_BT2020_CL = 10  # AVCOL_SPC_BT2020_CL, which PyAV does not name

_HDR = {ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67}
_BT2020_TRANSFERS = {*_HDR, ColorTrc.BT2020_10, ColorTrc.BT2020_12}
_Rows = tuple[tuple[float, float, float], ...]
_SAME: _Rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
# Linear light of other primaries -> BT.709: from their chromaticities and D65, as in SMPTE RP 177.
_TO_BT709: dict[int, _Rows] = {
    ColorPrimaries.BT2020: (
        (1.6604910, -0.5876411, -0.0728499),
        (-0.1245505, 1.1328999, -0.0083494),
        (-0.0181508, -0.1005789, 1.1187297),
    ),
    ColorPrimaries.SMPTE432: (
        (1.2249402, -0.2249402, 0.0),
        (-0.0420570, 1.0420570, 0.0),
        (-0.0196376, -0.0786361, 1.0982736),
    ),
}


def needs_mapping(frame: VideoFrame) -> bool:
    """Return whether a frame's colours are HDR (PQ, HLG), or those of BT.2020."""
    return frame.color_trc in _HDR or _primaries(frame) == ColorPrimaries.BT2020


def _primaries(frame: VideoFrame) -> int:
    """Return the frame's primaries; where it names none, BT.2020 if its transfer or its matrix is of that family."""
    return _primaries_of(frame.color_primaries, frame.color_trc, frame.colorspace)


@cache  # of some hundred combinations
def _primaries_of(primaries: int, transfer: int, matrix: int) -> int:
    if primaries != ColorPrimaries.UNSPECIFIED:
        return primaries
    wide = transfer in _BT2020_TRANSFERS or matrix in (Colorspace.BT2020, _BT2020_CL)
    return ColorPrimaries.BT2020 if wide else ColorPrimaries.UNSPECIFIED


def map_colours(rgb: Frame16, frame: VideoFrame) -> npt.NDArray[np.uint8]:
    """Map a scaled frame, uint16 (H, W, 3), to BT.709, uint8 (H, W, 3); `frame` is the one that it was scaled from."""
    light = _light(int(frame.color_trc))
    channels = [np.take(light, rgb[..., i] >> 4) for i in range(3)]
    mapped = np.empty(rgb.shape, np.uint8)
    for i, row in enumerate(_TO_BT709.get(_primaries(frame), _SAME)):
        mapped[..., i] = _signal(_mixed(channels, row))
    return mapped


def _mixed(channels: list[Floats], row: tuple[float, float, float]) -> Floats:
    """Return the sum of the channels, each times its factor. Not a matrix product: BLAS adds in an order of its own."""
    mixed: Floats = channels[0] * np.float32(row[0])
    mixed += channels[1] * np.float32(row[1])
    mixed += channels[2] * np.float32(row[2])
    return mixed


def _signal(light: Floats) -> npt.NDArray[np.uint8]:
    """Return the BT.709 signals of light, which is 1 at SDR's white; `light` is overwritten."""
    np.clip(light, 0, _PEAK / _WHITE, out=light)
    np.sqrt(light, out=light)  # near to a signal, so that few steps do
    light *= np.float32(_STEPS / _BRIGHTEST)
    return np.take(_signals(), light.astype(np.intp))


@cache
def _light(transfer: int) -> Floats:
    """Return a table of the top twelve bits of a signal -> the display's light, in units of SDR's white."""
    of = _TRANSFERS.get(transfer, _bt1886)
    return np.array([of(min((step + 0.5) / _WHITEST, 1)) for step in range(_STEPS)], np.float32)


_BRIGHTEST = math.sqrt(_PEAK / _WHITE) + 1e-3


@cache
def _signals() -> npt.NDArray[np.uint8]:
    """Return a table of square roots of light, in _STEPS steps up to _BRIGHTEST -> BT.709 signals."""
    lights = (((step + 0.5) * _BRIGHTEST / _STEPS) ** 2 for step in range(_STEPS + 1))
    return np.array([round(255 * _squeezed(math.pow(light, 1 / _DISPLAY))) for light in lights], np.uint8)


def _squeezed(signal: float) -> float:
    """Return a signal, which is 1 at SDR's white and goes on above, within 0 to 1: straight up to the knee."""
    if signal <= _KNEE:
        return signal
    slope = (math.pow(_PEAK / _WHITE, 1 / _DISPLAY) - _KNEE) / (1 - _KNEE)
    part = min((signal - _KNEE) / (1 - _KNEE) / slope, 1.0)
    return _KNEE + (1 - _KNEE) * part * slope / (1 + (slope - 1) * part)


def _pq(signal: float) -> float:
    """SMPTE ST 2084's EOTF."""
    root = math.pow(signal, 32 / 2523)
    return 10_000 / _WHITE * math.pow(max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root), 16384 / 2610)


def _hlg(signal: float) -> float:
    """ARIB STD-B67's inverse OETF and system gamma for a display of 1,000 cd/m2, ITU-R BT.2100.

    The gamma is applied channel by channel, as most converters do, not by the luminance of the three.
    """
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = signal**2 / 3 if signal <= 0.5 else (math.exp((signal - c) / a) + b) / 12
    return _PEAK / _WHITE * math.pow(scene, 1.2)


def _bt1886(signal: float) -> float:
    return math.pow(signal, _DISPLAY)


_TRANSFERS: dict[int, Callable[[float], float]] = {ColorTrc.SMPTE2084: _pq, ColorTrc.ARIB_STD_B67: _hlg}
