"""Small films to try the trainer on: a shape that falls, grows or turns. Real motion, and no download.

    python -m training.data.synthetic_videos DIR

Class folders of files named <class>_gNN_cNN.avi, where gNN is the source video: all clips of one have the same shape,
colours and background, so that a split must keep them together, as with real videos.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

GROUP_PATTERN = r"(\w+_g\d+)_c"
_SOURCES, _CLIPS = 8, 3  # source videos of each class, clips of each
_FRAMES, _RATE, _SIZE = 20, 10, 96

Mask = npt.NDArray[np.bool_]


def falling(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], time: float, side: float) -> Mask:
    """Return the pixels of a square on its way down; `x` and `y` are from -1 to 1, `time` from 0 to 1."""
    centre = 2 * time - 1
    return np.maximum(abs(x), abs(y - centre)) < side


def growing(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], time: float, side: float) -> Mask:
    """Return the pixels of a square that becomes larger."""
    return np.maximum(abs(x), abs(y)) < 0.1 + time * (side + 0.3)


def turning(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], time: float, side: float) -> Mask:
    """Return the pixels of a bar that turns."""
    angle = 2 * np.pi * time
    bar: Mask = abs(x * np.cos(angle) + y * np.sin(angle)) < side / 2
    return bar & (x**2 + y**2 < 0.8)


_MOTIONS: dict[str, Callable[..., Mask]] = {"Falling": falling, "Growing": growing, "Turning": turning}
CLASSES = tuple(_MOTIONS)


def make_videos(folder: Path) -> None:
    """Write the videos that are not there yet: 72 files, about 3 MB."""
    for name, motion in _MOTIONS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for source in range(_SOURCES):
            for clip in range(_CLIPS):
                path = folder / name / f"{name}_g{source:02}_c{clip:02}.avi"
                if not path.exists():
                    _write(path, motion, source, clip)


def _write(path: Path, motion: Callable[..., Mask], source: int, clip: int) -> None:
    """Write a video, under another name first, so that a file of the right name is whole."""
    from videoxception.video.encode import encode  # PyAV, which a machine that trains from a cache may lack

    partial = path.with_suffix(".partial.avi")
    encode(partial, _frames(motion, source, clip), (_SIZE, _SIZE), _RATE)
    partial.rename(path)


def _frames(motion: Callable[..., Mask], source: int, clip: int) -> Iterator[npt.NDArray[np.uint8]]:
    of_source, of_clip = np.random.default_rng([source, 0]), np.random.default_rng([source, 1, clip])
    side = of_source.uniform(0.2, 0.4)
    scene = of_source.integers(0, 120, (_SIZE // 8, _SIZE // 8, 3)).repeat(8, 0).repeat(8, 1)
    color = of_source.integers(130, 256, 3)
    left, top = of_clip.uniform(-0.3, 0.3, 2)
    start = of_clip.uniform(0, 0.2)
    x, y = np.meshgrid(np.linspace(-1, 1, _SIZE), np.linspace(-1, 1, _SIZE))
    for k in range(_FRAMES):
        shown = motion(x - left, y - top, start + (1 - start) * k / (_FRAMES - 1), side)
        yield np.where(shown[..., None], color, scene).astype(np.uint8)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.data.synthetic_videos`."""
    parser = argparse.ArgumentParser(
        prog="python -m training.data.synthetic_videos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the class folders are made in it")
    folder = parser.parse_args(arguments).folder
    try:
        make_videos(folder)
    except OSError as error:
        sys.exit(f"error: {folder} cannot be written: {error.strerror}")
    print(f"{len(CLASSES)} classes of {_SOURCES * _CLIPS} films in {folder}")


if __name__ == "__main__":
    main()
