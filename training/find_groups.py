"""Find which clips were cut from one recording, and write the table that --groups takes.

    python -m training.find_groups --layout folders --data DIR --output groups.tsv
    python -m training.run --layout folders --data DIR --groups groups.tsv:group

Names that tell (clip_g08_c01: clip 1 of source video 8) and equal files are believed. All other clips are joined by how
five of their frames look, rather too many than too few: what is cut from one recording must not be on both sides of a
split. Look at the table; a column of your own is better wherever you know.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from training.config.cli import add_data_options, data_config_from_options
from training.config.console import show_log
from training.config.data import DataConfig
from training.data.balanced_folds import balanced_folds
from training.data.dataset import Item
from training.data.decode import read_clip
from training.data.found_groups import FoundGroups
from training.data.loading import open_dataset
from training.data.near_duplicates import Floats, join
from training.data.readers.image_folder import is_still
from training.errors import TrainingError
from training.progress import counting
from videoxception.clip import ClipSpec, Frames
from videoxception.video import VideoError

_MOST = 12_000  # clips, all pairs of which are compared: 0.6 GB a table


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.find_groups`."""
    options = _parse(arguments)
    show_log()
    try:
        config = data_config_from_options(options)
        found = find_groups(config, options.folds)
        given = found.write(options.output, Path(config.data))
    except (TrainingError, OSError) as error:
        sys.exit(f"error: {error}")
    print(*found.describe(), f"--groups {given}", sep="\n")


def find_groups(config: DataConfig, folds: int = 5) -> FoundGroups:
    """Find the source videos of a data set's items, and deal them into folds.

    Files that cannot be read are source videos of their own.

    Raises:
        TrainingError: there is no such data set, or it is too large to compare all pairs.
    """
    items = open_dataset(config).part(None).items
    if is_told(items, Path(config.data)):
        return groups_as_told(items, folds)
    if len(items) > _MOST:
        raise TrainingError(
            f"{len(items)} clips are too many to compare all pairs of them ({_MOST} at most); tell their source videos"
            " by --groups or --group-pattern, or by names such as clip_g08_c01"
        )
    from training.bank.descriptors import FrameStatistics, clip_similarities

    statistics = FrameStatistics()
    read: list[Item] = []
    similarity = clip_similarities(read_clips(items, statistics.spec, read), statistics)
    return group_by_looks(read, similarity, [item for item in items if item not in read], folds)


def is_told(items: Sequence[Item], root: Path) -> bool:
    """Return whether names, tables or equal files tell the source video of every item below a data folder."""
    return all(item.group != item.path.relative_to(root).as_posix() for item in items)


def groups_as_told(items: Sequence[Item], folds: int = 5) -> FoundGroups:
    """Deal the source videos that items have into folds."""
    return _dealt(items, [1.0] * len(items), 0, folds, by_looks=False)


def group_by_looks(
    read: Sequence[Item], similarity: Floats, unread: Sequence[Item] = (), folds: int = 5
) -> FoundGroups:
    """Join clips that are alike, and deal them into folds.

    Args:
        read: items (N,), those that share a group already belong together.
        similarity: how alike they are, (N, N).
        unread: items that could not be compared, which stay as they are.
    """
    labels = [item.label for item in read]
    joined = join(similarity, labels, [item.group for item in read])
    names: dict[int, str] = {}
    for item, place in zip(read, joined.sets, strict=True):
        names[place] = min(names.get(place, item.group), item.group)
    grouped = [replace(item, group=names[place]) for item, place in zip(read, joined.sets, strict=True)]
    return _dealt(
        (*grouped, *unread), [*joined.similarity, *(0.0 for _ in unread)], joined.refused, folds, by_looks=True
    )


def read_clips(items: Sequence[Item], spec: ClipSpec, read: list[Item]) -> Iterator[Frames]:
    """Yield the clip of each item that can be read, of a still one frame; list those items in `read`."""
    with counting(len(items), "looking for source videos", "files") as advance:
        for item in items:
            advance()
            try:
                clip = read_clip(item.path, spec)
            except (VideoError, OSError):
                continue
            read.append(item)
            yield clip[:1] if is_still(item.path) else clip


def _dealt(items: Sequence[Item], similarity: Sequence[float], refused: int, folds: int, by_looks: bool) -> FoundGroups:
    dealt = balanced_folds([item.group for item in items], [item.label for item in items], folds)
    with_folds = tuple(replace(item, fold=fold) for item, fold in zip(items, dealt, strict=True))
    return FoundGroups(with_folds, similarity, refused, by_looks)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.find_groups", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    leave_out = ("groups", "group_pattern", "fold", "holdout", "unseen", "auxiliary", "auxiliary_data", "skip_bad")
    add_data_options(parser, leave_out=leave_out, required=("data",))
    parser.add_argument("--folds", type=int, default=5, metavar="N", help="folds to deal them into (default: 5)")
    parser.add_argument(
        "--output", type=Path, default=Path("groups.tsv"), metavar="FILE", help="the table (default: groups.tsv)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
