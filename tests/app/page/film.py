"""A film that is drawn: bowling, a rider whom the models do not know, and tennis. Nobody's footage."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT, RATE = 640, 480, 10
_SKIN = "#d9a47c"


def draw_film(path: Path) -> Path:
    """Write the film as H.264."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for image in _frames():
            output.mux(stream.encode(av.VideoFrame.from_image(image)))
        output.mux(stream.encode(None))
    return path


def _frames() -> Iterator[Image.Image]:
    """Yield every frame, a little blurred and grainy as a camera's are."""
    noise = np.random.default_rng(0)
    scenes: list[tuple[Callable[[float], Image.Image], int]] = [(_bowling, 10), (_riding, 3), (_tennis, 4)]
    for scene, seconds in scenes:
        for k in range(seconds * RATE):
            frame = np.asarray(scene(k / RATE).filter(ImageFilter.GaussianBlur(1.1)), np.float32)
            yield Image.fromarray(np.clip(frame + noise.normal(0, 5, frame.shape), 0, 255).astype(np.uint8))


def _bowling(time: float) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), "#2a2320")
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, WIDTH, 120], fill="#3b2a55")
    for k, colour in enumerate(("#b33", "#36c", "#dc4") * 2 + ("#b33",)):
        draw.rectangle([20 + k * 90, 20, 90 + k * 90, 60], fill=colour)
    for lane in range(-2, 3):
        _lane(draw, 320 + lane * 105, 320 + lane * 210)
    _person(draw, (300, 330), 1.35, ("#c23b3b", "#222"), 1.2 + 0.7 * math.sin(time * 2), time * 3)
    y = 300 - (time * 60) % 150
    draw.ellipse([340, y, 372, y + 32], fill="#1c2a8a")
    return image


def _lane(draw: ImageDraw.ImageDraw, top: float, bottom: float) -> None:
    draw.polygon([(top - 42, 150), (top + 42, 150), (bottom + 95, HEIGHT), (bottom - 95, HEIGHT)], fill="#d6a565")
    for board in range(-3, 4):
        draw.line([(top + board * 12, 150), (bottom + board * 27, HEIGHT)], fill="#b98745", width=2)
    draw.polygon([(top + 42, 150), (top + 55, 150), (bottom + 115, HEIGHT), (bottom + 95, HEIGHT)], fill="#333")
    for row in range(4):
        for pin in range(row + 1):
            x, y = top - row * 7 + pin * 14, 150 - row * 5
            draw.ellipse([x - 5, y - 26, x + 5, y], fill="white")
            draw.line([x - 3, y - 19, x + 3, y - 19], fill="#c22", width=2)


def _riding(time: float) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), "#9cc7ea")
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 220, WIDTH, HEIGHT], fill="#c9b083")
    draw.polygon([(0, 220), (120, 150), (260, 215), (400, 140), (640, 220)], fill="#5d8a4f")
    for k in range(0, WIDTH + 80, 80):
        x = k - (time * 60) % 80
        draw.rectangle([x, 240, x + 8, 330], fill="#f2f2f2")
    draw.rectangle([0, 262, WIDTH, 274], fill="#f2f2f2")
    x, y, coat = 320, 300 + 6 * math.sin(time * 8), "#6b3f22"
    draw.ellipse([x - 110, y - 50, x + 90, y + 40], fill=coat)
    draw.polygon([(x + 50, y - 30), (x + 120, y - 120), (x + 150, y - 100), (x + 90, y + 10)], fill=coat)
    draw.polygon([(x + 110, y - 130), (x + 185, y - 90), (x + 180, y - 66), (x + 120, y - 86)], fill=coat)
    for hip, phase in ((-85, 0), (-60, 2), (55, 1), (78, 3)):
        draw.line([x + hip, y + 20, x + hip + 30 * math.sin(time * 8 + phase), y + 120], fill=coat, width=18)
    _person(draw, (x - 5, y - 46), 1.15, ("#e8e8f4", "#ded6c4"), 0.9, 0)
    return image


def _tennis(time: float) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), "#2c5d3a")
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, WIDTH, 110], fill="#24402f")
    draw.polygon([(90, 130), (550, 130), (760, 480), (-120, 480)], fill="#3a6ea5")
    for line in ((90, 130, -120, 480), (550, 130, 760, 480), (90, 130, 550, 130), (40, 215, 600, 215)):
        draw.line(line, fill="white", width=4)
    for line in ((140, 130, -30, 480), (500, 130, 670, 480), (320, 215, 320, 130), (-60, 380, 700, 380)):
        draw.line(line, fill="white", width=4)
    draw.rectangle([30, 160, 610, 196], fill="#1d2b33")
    draw.line([30, 158, 610, 158], fill="white", width=5)
    swing = -1.6 + 1.9 * math.sin(time * 2.2)
    hand = _person(draw, (330 + 30 * math.sin(time), 340), 1.5, ("#f4f4f4", "#22304f"), swing, time * 4)
    x, y = hand[0] + 52 * math.cos(swing), hand[1] + 52 * math.sin(swing)
    draw.line([*hand, x, y], fill="#222", width=6)
    draw.ellipse([x - 22, y - 26, x + 22, y + 26], outline="#c33", width=5, fill="#cfd6cf")
    return image


def _person(
    draw: ImageDraw.ImageDraw,
    hips: tuple[float, float],
    size: float,
    clothes: tuple[str, str],
    arm: float,
    stride: float,
) -> tuple[float, float]:
    """Draw somebody in a shirt and trousers, one arm at an angle, and return where that hand is."""
    (x, y), step = hips, 6 * size * math.sin(stride)
    for side in (-1, 1):
        draw.line([x, y, x + side * (10 * size + step), y + 52 * size], fill=_SKIN, width=int(10 * size))
    draw.rectangle([x - 16 * size, y - 8 * size, x + 16 * size, y + 18 * size], fill=clothes[1])
    draw.rounded_rectangle([x - 17 * size, y - 62 * size, x + 17 * size, y], radius=8 * size, fill=clothes[0])
    draw.ellipse([x - 12 * size, y - 90 * size, x + 12 * size, y - 62 * size], fill=_SKIN)
    draw.pieslice([x - 13 * size, y - 92 * size, x + 13 * size, y - 62 * size], 180, 360, fill="#3a2a1c")
    hand = (x + 42 * size * math.cos(arm), y - 50 * size + 42 * size * math.sin(arm))
    draw.line([x + 12 * size, y - 54 * size, *hand], fill=_SKIN, width=int(9 * size))
    draw.line([x - 14 * size, y - 54 * size, x - 34 * size, y - 30 * size], fill=_SKIN, width=int(9 * size))
    return hand
