"""A run's scalars for TensorBoard, in <run>/tensorboard, where tensorboard is installed; nothing where it is not."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from training.trainer.log import EpochReport, read_log

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


@contextmanager
def open_board(run: Path) -> Iterator[Callable[[EpochReport], None]]:
    """Yield a function that adds an epoch to the TensorBoard of the run in this folder.

    The board is written anew from the run's log first, so that after a resume no epoch is there twice and none is
    missing, whatever moment the run was killed at.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        yield lambda report: None
        return
    folder = run / "tensorboard"
    for old in folder.glob("events.out.tfevents.*"):
        old.unlink()
    # The purge step makes an open TensorBoard forget what it read from the old file.
    with SummaryWriter(str(folder), purge_step=0) as writer:
        for entry in read_log(run):
            _add(writer, entry)
        writer.flush()
        yield lambda report: _add(writer, dataclasses.asdict(report))


def _add(writer: "SummaryWriter", entry: Mapping[str, float | None]) -> None:
    for name, value in entry.items():
        if name != "epoch" and value is not None:
            tag = "held-out/top-1" if name == "validation" else f"training/{name}"
            writer.add_scalar(tag, value, entry["epoch"])
    writer.flush()
