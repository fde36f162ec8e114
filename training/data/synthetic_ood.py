"""Clips of nothing that a camera ever saw: what people post by mistake, and what a classifier should turn away.

Everything is drawn by seeded code at twice the size and averaged down, which is how a video of it would arrive.

python -m training.data.synthetic_ood DIR
    writes stills of these kinds, other ones than those that are measured, as a class folder to train on:
    --auxiliary-data DIR --auxiliary Drawn

Two kinds are never written, so that they tell what a model that was trained on the others makes of something new.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.errors import TrainingError
from videoxception.clip import ClipSpec, Frames

DRAWN = "Drawn"  # the class that stills to train on have
CLIPS = 24  # of each kind, to measure with
_STILLS = 160  # of each kind, to train on
_STILL_SIZES = ((192, 256), (96, 128))  # what a trainer's cache holds of a still, and of a coarser one
_OVER = 2  # drawn larger by so much
_GLYPH = (5, 3)  # of a letter, in dots

Frame = npt.NDArray[np.float64]
"""(h, w, 3), from 0 to 255."""
Color = npt.NDArray[np.float64]


def draw_synthetic_ood(kind: str, number: int, spec: ClipSpec) -> Frames:
    """The clip (F, H, W, 3) of a kind that has this number: the same everywhere and always."""
    kinds = KINDS | NEW_KINDS
    rng = np.random.RandomState([list(kinds).index(kind), number])
    height, width = spec.size[0] * _OVER, spec.size[1] * _OVER
    frame = kinds[kind](rng, height, width)
    times = (np.arange(spec.frames) + 0.5) / spec.frames
    return np.stack([_shrunk(frame(time)) for time in times])


def _shrunk(frame: Frame) -> Frames:
    parts = [frame[y::_OVER, x::_OVER] for y in range(_OVER) for x in range(_OVER)]
    return np.asarray(np.mean(parts, 0).round().clip(0, 255), np.uint8)


Draw = Callable[[float], Frame]
"""The frame at a time from 0 to 1."""


def _screen(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """A screen recording: windows with title bars over a plain desktop; the text of one scrolls."""
    desktop, scroll = _filled(height, width, _colour(rng)), rng.uniform(0.5, 3)
    windows = [_window(rng, height, width) for _ in range(rng.randint(1, 4))]

    def draw(time: float) -> Frame:
        shown = desktop.copy()
        for number, (top, left, bar, page) in enumerate(windows):
            is_last = number == len(windows) - 1
            tall, wide = len(page) // 4, page.shape[1]
            shift = int(time * scroll * tall) if is_last else 0
            shown[top : top + 8, left : left + wide] = bar
            shown[top + 8 : top + 8 + tall, left : left + wide] = page[shift : shift + tall]
        return shown[:height, :width]

    return draw


def _window(rng: np.random.RandomState, height: int, width: int) -> tuple[int, int, Color, Frame]:
    """Where a window lies, the colour of its title bar, and its page of text, four times as long as what is seen."""
    tall, wide = rng.randint(height // 3, height - 8), rng.randint(width // 3, width)
    top, left = rng.randint(0, height - 8 - tall + 1), rng.randint(0, width - wide + 1)
    dark = rng.rand() < 0.4
    paper, ink = (rng.uniform(10, 50, 3), rng.uniform(170, 250, 3))[:: 1 if dark else -1]
    return top, left, _colour(rng), _text(rng, 4 * tall, wide, paper, ink)


def _text(rng: np.random.RandomState, height: int, width: int, paper: Color, ink: Color) -> Frame:
    """Lines of words of made-up letters."""
    page, size = _filled(height, width, paper), rng.randint(1, 3)
    letters = rng.rand(26, *_GLYPH) < 0.55
    step, line = size * (_GLYPH[1] + 1), size * (_GLYPH[0] + 3)
    for y in range(line, height - line, line):
        indent, end = rng.choice([4, 4, 12]), rng.uniform(0.2, 1) * width - step
        for x in range(indent, max(indent, int(end)), step):
            if rng.rand() > 0.18:  # else a space
                dots = letters[rng.randint(26)].repeat(size, 0).repeat(size, 1)
                page[y : y + dots.shape[0], x : x + dots.shape[1]][dots] = ink
    return page


def _cartoon(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Flat shapes with dark outlines that move over a sky and a ground."""
    sky, ground, horizon = _colour(rng), _colour(rng), rng.uniform(0.4, 0.9)
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    scene = np.where((y < horizon)[..., None], sky, ground)
    shapes = [
        (rng.uniform(0, 1, 2), rng.uniform(-0.7, 0.7, 2), rng.uniform(0.05, 0.2), rng.choice([1, 2, 8]), _colour(rng))
        for _ in range(rng.randint(3, 9))
    ]

    def draw(time: float) -> Frame:
        shown = scene.copy()
        for place, way, size, power, color in shapes:  # power 1: a diamond, 2: a disc, 8: nearly a square
            at = (place + way * time) % 1
            distance = (abs(y - at[0]) ** power + abs(x - at[1]) ** power) ** (1 / power)
            shown[distance < size * 1.12] = 20
            shown[distance < size] = color
        return shown

    return draw


def _noise(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Static, new in each frame; of single dots or of larger ones, grey or coloured."""
    cell, channels = rng.choice([2, 4, 8, 16]), rng.choice([1, 3])
    size = (-(-height // cell), -(-width // cell), channels)

    def draw(time: float) -> Frame:
        dots = rng.uniform(0, 255, size).repeat(cell, 0).repeat(cell, 1)
        return np.asarray(np.broadcast_to(dots[:height, :width], (height, width, 3)), np.float64)

    return draw


def _black(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Nearly black, with the faint noise of a covered lens."""
    return _plain(rng, height, width, rng.uniform(0, 16))


def _white(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Nearly white."""
    return _plain(rng, height, width, rng.uniform(239, 255))


def _plain(rng: np.random.RandomState, height: int, width: int, level: float) -> Draw:
    spread = rng.uniform(0, 6)
    return lambda time: (level + rng.normal(0, spread, (height, width, 3))).clip(0, 255)


def _bars(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Colour bars, as a test frame has them, upright or lying."""
    corners = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], np.float64)
    colors = corners[rng.permutation(8)[: rng.randint(4, 9)]] * rng.uniform(150, 255)
    upright = rng.rand() < 0.7
    number = np.arange(width if upright else height) * len(colors) // (width if upright else height)
    line = colors[number]
    shown = np.broadcast_to(line[None] if upright else line[:, None], (height, width, 3)).copy()
    return lambda time: shown


def _gradient(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """One colour that runs into another, along a line that turns."""
    first, last, start, turn = _colour(rng), _colour(rng), rng.uniform(0, 2 * np.pi), rng.uniform(-1, 1)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]

    def draw(time: float) -> Frame:
        angle = start + turn * time
        share = (x * np.cos(angle) + y * np.sin(angle) + 1.5) / 3
        return np.asarray(first + (last - first) * share[..., None].clip(0, 1), np.float64)

    return draw


def _color_alone(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """One colour, with the faint noise of a camera."""
    shown, spread = _filled(height, width, _colour(rng)), rng.uniform(0, 10)
    return lambda time: (shown + rng.normal(0, spread, shown.shape)).clip(0, 255)


def _clouds(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Blotches of all sizes between two colours, which slide past: fog, marble, a blurred background."""
    wide = np.zeros((height, width + width // 2))
    roughness = rng.uniform(0.3, 0.8)
    for octave in range(1, 7):
        dots = rng.normal(0, roughness**octave, (2**octave, 3 * 2 ** (octave - 1)))
        wide += _stretched(dots, *wide.shape)
    share = ((wide - wide.min()) / np.ptp(wide))[..., None]
    first, last = _colour(rng), _colour(rng)

    def draw(time: float) -> Frame:
        start = int(time * width / 2)
        return np.asarray(first + (last - first) * share[:, start : start + width], np.float64)

    return draw


def _stretched(dots: npt.NDArray[np.float64], height: int, width: int) -> npt.NDArray[np.float64]:
    """A small array, read between its values."""
    rows, columns = (np.linspace(0, n - 1, m) for n, m in zip(dots.shape, (height, width), strict=True))
    tall = np.stack([np.interp(rows, np.arange(len(dots)), column) for column in dots.T], 1)
    return np.stack([np.interp(columns, np.arange(dots.shape[1]), row) for row in tall])


def _checks(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """A checkerboard of two colours."""
    side, first, last = rng.randint(8, 64), _colour(rng), _colour(rng)
    y, x = np.mgrid[0:height, 0:width] // side
    shown = np.where(((x + y) % 2 == 0)[..., None], first, last)
    return lambda time: shown


def _waves(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Waves of colour that cross each other and run."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    ways, speeds = rng.uniform(-40, 40, (3, 3, 2)), rng.uniform(-9, 9, (3, 3))  # three a colour channel

    def draw(time: float) -> Frame:
        channels = [
            sum(np.sin(a * x + b * y + c * time) for (a, b), c in zip(way, speed, strict=True))
            for way, speed in zip(ways, speeds, strict=True)
        ]
        return np.asarray(127.5 + 42.5 * np.stack(channels, -1), np.float64)

    return draw


def _filled(height: int, width: int, color: Color) -> Frame:
    return np.broadcast_to(color, (height, width, 3)).astype(np.float64)


def _colour(rng: np.random.RandomState) -> Color:
    return np.asarray(rng.uniform(0, 255, 3), np.float64)


KINDS: dict[str, Callable[[np.random.RandomState, int, int], Draw]] = {
    "screen recording": _screen,
    "cartoon": _cartoon,
    "noise": _noise,
    "black": _black,
    "white": _white,
    "colour bars": _bars,
    "gradient": _gradient,
    "one colour": _color_alone,
    "clouds": _clouds,
}
NEW_KINDS: dict[str, Callable[[np.random.RandomState, int, int], Draw]] = {"checkerboard": _checks, "waves": _waves}
"""Those that no stills are written of."""


def main() -> None:
    """The command `python -m training.data.synthetic_ood`."""
    parser = argparse.ArgumentParser(
        prog="python -m training.data.synthetic_ood",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the class folder Drawn is made in it")
    try:
        print(f"{write_stills(parser.parse_args().folder)} stills written")
    except TrainingError as error:
        sys.exit(f"error: {error}")


def write_stills(folder: Path) -> int:
    """Writes `Drawn/v_Drawn_gGGG_cCC.jpg`, CC the kind, none of them a frame of a clip that is measured. How many.

    Raises `TrainingError` if there is such a folder: what an earlier version drew may be the same under other names.
    """
    import torch  # measuring needs neither
    from torchvision.io import write_jpeg

    home = folder / DRAWN
    try:
        home.mkdir(parents=True)
    except OSError as error:
        raise TrainingError(f"{home} cannot be made: {error.strerror}; remove it, or name another folder") from error
    for number in range(_STILLS):
        spec = ClipSpec(frames=1, size=_STILL_SIZES[number % len(_STILL_SIZES)])
        for i, kind in enumerate(KINDS, 1):
            (frame,) = draw_synthetic_ood(kind, CLIPS + number, spec)
            path = home / f"v_{DRAWN}_g{number + 1:03d}_c{i:02d}.jpg"
            write_jpeg(torch.from_numpy(frame.transpose(2, 0, 1).copy()), str(path), quality=90)
    return len(KINDS) * _STILLS


if __name__ == "__main__":
    main()
