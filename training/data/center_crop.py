"""Crop class folders of stills to another aspect ratio: the largest crop from the middle.

    python -m training.data.center_crop ucf101_stills tall --shape 9:16
    python -m training.evaluate --model videoxception-a --layout stills --data tall --groups FOLDS.tsv:video --fold 4

So a model can be evaluated on them as if they had been filmed upright. Names stay as they are, and tables that lie
beside the folders are copied.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from torchvision.io import decode_image, write_jpeg

from training.data.readers.image_folder import is_still
from training.errors import TrainingError
from training.progress import track


def recrop(source: Path, target: Path, shape: Fraction) -> int:
    """Write the stills of `source`, cropped to `shape` (width / height); return how many. Raises `TrainingError`."""
    if target.resolve() == source.resolve():
        raise TrainingError(f"{source} would be written over; name another folder")
    frames = sorted(path for path in source.glob("*/*") if is_still(path))
    if not frames:
        raise TrainingError(f"{source} has no class folders with frames in them")
    for path in track(frames, "cutting"):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        frame = decode_image(str(path), mode="RGB")  # (3, h, w)
        _, tall, wide = frame.shape
        height, width = cut(tall, wide, shape)
        top, left = (tall - height) // 2, (wide - width) // 2
        write_jpeg(frame[:, top : top + height, left : left + width].contiguous(), str(place), quality=95)
    for table in source.glob("*.tsv"):
        shutil.copy(table, target)
    return len(frames)


def cut(height: int, width: int, shape: Fraction) -> tuple[int, int]:
    """Return the largest height and width of a shape that fit."""
    if width > height * shape:
        return height, max(1, round(height * shape))
    return max(1, round(width / shape)), width


def _shape(text: str) -> Fraction:
    width, _, height = text.partition(":")
    try:
        shape = Fraction(int(width), int(height))
    except (ValueError, ZeroDivisionError):
        shape = Fraction(0)
    if shape <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no shape; write WIDTH:HEIGHT, such as 9:16")
    return shape


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.data.center_crop`."""
    parser = argparse.ArgumentParser(
        prog="python -m training.data.center_crop",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path, metavar="DIR", help="class folders of frames")
    parser.add_argument("target", type=Path, metavar="DIR", help="where the cut ones go")
    parser.add_argument("--shape", type=_shape, required=True, metavar="W:H", help="such as 9:16 or 16:9")
    options = parser.parse_args(arguments)
    try:
        print(f"{recrop(options.source, options.target, options.shape)} frames written")
    except (TrainingError, OSError, RuntimeError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
