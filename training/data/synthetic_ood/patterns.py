"""Patterns that fill the frame: noise, plain colours, bars, gradients, clouds, waves."""

import numpy as np
import numpy.typing as npt

from training.data.synthetic_ood.canvas import Draw, Frame, filled, random_color


def noise(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Draw static, new in each frame; of single dots or of larger ones, grey or coloured."""
    cell, channels = rng.choice([2, 4, 8, 16]), rng.choice([1, 3])
    size = (-(-height // cell), -(-width // cell), channels)

    def draw(time: float) -> Frame:
        dots = rng.uniform(0, 255, size).repeat(cell, 0).repeat(cell, 1)
        return np.asarray(np.broadcast_to(dots[:height, :width], (height, width, 3)), np.float64)

    return draw


def black(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Draw nearly black frames, with the faint noise of a covered lens."""
    return _plain(rng, height, width, rng.uniform(0, 16))


def white(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Draw nearly white frames."""
    return _plain(rng, height, width, rng.uniform(239, 255))


def _plain(rng: np.random.RandomState, height: int, width: int, level: float) -> Draw:
    spread = rng.uniform(0, 6)
    return lambda time: (level + rng.normal(0, spread, (height, width, 3))).clip(0, 255)


def bars(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Draw colour bars, as a test frame has them, upright or lying."""
    corners = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], np.float64)
    colors = corners[rng.permutation(8)[: rng.randint(4, 9)]] * rng.uniform(150, 255)
    upright = rng.rand() < 0.7
    number = np.arange(width if upright else height) * len(colors) // (width if upright else height)
    line = colors[number]
    shown = np.broadcast_to(line[None] if upright else line[:, None], (height, width, 3)).copy()
    return lambda time: shown


def gradient(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Draw one colour that runs into another, along a line that turns."""
    first, last, start, turn = random_color(rng), random_color(rng), rng.uniform(0, 2 * np.pi), rng.uniform(-1, 1)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]

    def draw(time: float) -> Frame:
        angle = start + turn * time
        share = (x * np.cos(angle) + y * np.sin(angle) + 1.5) / 3
        return np.asarray(first + (last - first) * share[..., None].clip(0, 1), np.float64)

    return draw


def color_alone(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Draw one colour, with the faint noise of a camera."""
    shown, spread = filled(height, width, random_color(rng)), rng.uniform(0, 10)
    return lambda time: (shown + rng.normal(0, spread, shown.shape)).clip(0, 255)


def clouds(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Draw blotches of all sizes between two colours, which slide past: fog, marble, a blurred background."""
    wide = np.zeros((height, width + width // 2))
    roughness = rng.uniform(0.3, 0.8)
    for octave in range(1, 7):
        dots = rng.normal(0, roughness**octave, (2**octave, 3 * 2 ** (octave - 1)))
        wide += _stretched(dots, *wide.shape)
    share = ((wide - wide.min()) / np.ptp(wide))[..., None]
    first, last = random_color(rng), random_color(rng)

    def draw(time: float) -> Frame:
        start = int(time * width / 2)
        return np.asarray(first + (last - first) * share[:, start : start + width], np.float64)

    return draw


def _stretched(dots: npt.NDArray[np.float64], height: int, width: int) -> npt.NDArray[np.float64]:
    """Enlarge a small array bilinearly."""
    rows, columns = (np.linspace(0, n - 1, m) for n, m in zip(dots.shape, (height, width), strict=True))
    tall = np.stack([np.interp(rows, np.arange(len(dots)), column) for column in dots.T], 1)
    return np.stack([np.interp(columns, np.arange(dots.shape[1]), row) for row in tall])


def checkerboard(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Draw a checkerboard of two colours."""
    side, first, last = rng.randint(8, 64), random_color(rng), random_color(rng)
    y, x = np.mgrid[0:height, 0:width] // side
    shown = np.where(((x + y) % 2 == 0)[..., None], first, last)
    return lambda time: shown


def waves(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Draw waves of colour that cross each other and run."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    ways, speeds = rng.uniform(-40, 40, (3, 3, 2)), rng.uniform(-9, 9, (3, 3))  # three waves a colour channel

    def draw(time: float) -> Frame:
        channels = [
            sum(np.sin(a * x + b * y + c * time) for (a, b), c in zip(way, speed, strict=True))
            for way, speed in zip(ways, speeds, strict=True)
        ]
        return np.asarray(127.5 + 42.5 * np.stack(channels, -1), np.float64)

    return draw
