"""Things that move on a plain background: windows on a desktop, cartoon shapes."""

import numpy as np

from training.data.synthetic_ood.canvas import Color, Draw, Frame, filled, random_color

_GLYPH = (5, 3)  # rows and columns of dots of a letter


def screen(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Draw a screen recording: windows with title bars over a plain desktop; the text of one scrolls."""
    desktop, scroll = filled(height, width, random_color(rng)), rng.uniform(0.5, 3)
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
    """Draw where a window lies, the colour of its title bar, and its page of text, four times as long as is seen."""
    tall, wide = rng.randint(height // 3, height - 8), rng.randint(width // 3, width)
    top, left = rng.randint(0, height - 8 - tall + 1), rng.randint(0, width - wide + 1)
    dark = rng.rand() < 0.4
    paper, ink = (rng.uniform(10, 50, 3), rng.uniform(170, 250, 3))[:: 1 if dark else -1]
    return top, left, random_color(rng), _text(rng, 4 * tall, wide, paper, ink)


def _text(rng: np.random.RandomState, height: int, width: int, paper: Color, ink: Color) -> Frame:
    """Draw lines of words of made-up letters."""
    page, size = filled(height, width, paper), rng.randint(1, 3)
    letters = rng.rand(26, *_GLYPH) < 0.55
    step, line = size * (_GLYPH[1] + 1), size * (_GLYPH[0] + 3)
    for y in range(line, height - line, line):
        indent, end = rng.choice([4, 4, 12]), rng.uniform(0.2, 1) * width - step
        for x in range(indent, max(indent, int(end)), step):
            if rng.rand() > 0.18:  # else a space
                dots = letters[rng.randint(26)].repeat(size, 0).repeat(size, 1)
                page[y : y + dots.shape[0], x : x + dots.shape[1]][dots] = ink
    return page


def cartoon(rng: np.random.RandomState, height: int, width: int) -> Draw:
    """Draw flat shapes with dark outlines that move over a sky and a ground."""
    sky, ground, horizon = random_color(rng), random_color(rng), rng.uniform(0.4, 0.9)
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    scene = np.where((y < horizon)[..., None], sky, ground)
    shapes = [
        (
            rng.uniform(0, 1, 2),
            rng.uniform(-0.7, 0.7, 2),
            rng.uniform(0.05, 0.2),
            rng.choice([1, 2, 8]),
            random_color(rng),
        )
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
