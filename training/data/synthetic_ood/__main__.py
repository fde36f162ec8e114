"""Write stills of synthetic OOD clips as a class folder to train on: --auxiliary-data DIR --auxiliary Drawn.

python -m training.data.synthetic_ood DIR

They are other ones than those that are measured, of all kinds but two.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from errno import EEXIST
from pathlib import Path
from tempfile import mkdtemp

from training.data.synthetic_ood import CLIPS, DRAWN, KINDS, draw_synthetic_ood
from training.errors import TrainingError
from videoxception.clip import ClipSpec

_STILLS = 160  # of each kind
_STILL_SIZES = ((192, 256), (96, 128))  # what a trainer's cache holds of a still, and of a coarser one


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.data.synthetic_ood`."""
    parser = argparse.ArgumentParser(
        prog="python -m training.data.synthetic_ood",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the class folder Drawn is made in it")
    try:
        print(f"{write_stills(parser.parse_args(arguments).folder)} stills written")
    except TrainingError as error:
        sys.exit(f"error: {error}")


def write_stills(folder: Path) -> int:
    """Write `Drawn/v_Drawn_gGGG_cCC.jpg`, CC the kind, none of them a frame of a clip that is measured.

    Returns:
        How many.

    Raises:
        TrainingError: there is such a folder; what an earlier version drew may be the same under other names.
    """
    import torch
    from torchvision.io import write_jpeg

    home = folder / DRAWN
    try:
        if home.exists():
            raise FileExistsError(EEXIST, os.strerror(EEXIST))
        folder.mkdir(parents=True, exist_ok=True)
        partial = Path(mkdtemp(prefix=f".{DRAWN}-", dir=folder))
    except OSError as error:
        raise TrainingError(f"{home} cannot be made: {error.strerror}; remove it, or name another folder") from error
    for number in range(_STILLS):
        spec = ClipSpec(frames=1, size=_STILL_SIZES[number % len(_STILL_SIZES)])
        for i, kind in enumerate(KINDS, 1):
            (frame,) = draw_synthetic_ood(kind, CLIPS + number, spec)
            path = partial / f"v_{DRAWN}_g{number + 1:03d}_c{i:02d}.jpg"
            write_jpeg(torch.from_numpy(frame.transpose(2, 0, 1).copy()), str(path), quality=90)
    partial.chmod(0o755)
    partial.rename(home)
    return len(KINDS) * _STILLS


if __name__ == "__main__":
    main()
