"""Which source videos a run has learnt from: written down when it starts, since files, tables and other runs may change
or go later. Source videos are known by their names. In case a data set gets other names for them later, items are known
by their own names too, and by the source video in a file name of UCF-101's form. Classes are known by their names,
auxiliary ones too. Of what lies behind a run, and in releases, there are only hashes of the names, which may
be private.
"""

import hashlib
import json
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from training.atomic_write import write_atomically
from training.config.schema import Config
from training.data.dataset import Item
from training.data.readers.ucf101 import known_source_video
from training.errors import TrainingError
from training.model import checkpoint
from training.model.resolve import resolve_trained
from training.names import to_bytes
from videoxception.store import SOURCES, Release

_LOGGER = logging.getLogger(__name__)

Names = frozenset[str]
Hashes = frozenset[str]
"""Of names."""


@dataclass(frozen=True, slots=True)
class TrainingSources:
    """The source videos that a run itself has learnt from; and of each run or released model that it began with or was
    taught by, all that have left a trace in it, or None for a release without such a list.
    """

    own: Names = frozenset()
    items: Hashes = frozenset()  # of the names of the run's own items and classes
    before: Mapping[str, Hashes | None] = field(default_factory=dict)

    def known(self) -> Hashes:
        """Return all of them, but for those of a release that does not tell."""
        return _hashes(self.own).union(self.items, *(hashes for hashes in self.before.values() if hashes is not None))

    def everything(self) -> Hashes | None:
        """Return all of them, or None if one behind it does not tell."""
        return None if None in self.before.values() else self.known()


def record_sources(run: Path, config: Config, groups: Iterable[str], items: Iterable[Item] = ()) -> None:
    """Add what a run learns from, and what is behind the weights that it begins with and its teachers, as it was first.

    Raises `TrainingError` for a run or a release behind it that is gone, or a run that does not tell.
    """
    learnt = sources_of_run(run) if (run / SOURCES).exists() else TrainingSources()
    behind = [name for name in (config.init, *config.teacher.names) if name]
    before = {name: _behind(name) for name in behind if name not in learnt.before} | dict(learnt.before)
    hashes = learnt.items.union(hash_of(name) for item in items for name in _names(item))
    hashes |= hashes_of_classes(config.data.outputs)
    _write(run, TrainingSources(learnt.own.union(groups), hashes, before))


def sources_of_run(run: Path) -> TrainingSources:
    """Return the source videos that a run has learnt from. Raises `TrainingError`."""
    try:
        saved = json.loads((run / SOURCES).read_text())
        before = {name: None if hashes is None else frozenset(hashes) for name, hashes in saved["before"].items()}
        return TrainingSources(frozenset(saved["own"]), frozenset(saved.get("items", ())), before)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(
            f"{run} does not tell what it has learnt from ({SOURCES}: {error}), so that nothing can be measured fairly;"
            " train it again"
        ) from error


def sources_of_release(release: Release) -> Hashes | None:
    """Return all that a release has learnt from, with all that is behind it; None for one that does not tell."""
    if SOURCES not in release.manifest.files:
        return None
    return frozenset(json.loads((release.folder / SOURCES).read_text()))


def sources_of_all(runs: Iterable[Path]) -> Hashes | None:
    """Return all that runs and what is behind them have learnt from; None if one of them does not tell."""
    found = [sources_of_run(run).everything() for run in runs]
    known = [hashes for hashes in found if hashes is not None]
    return frozenset[str]().union(*known) if len(known) == len(found) else None


def write_hashes(path: Path, hashes: Hashes) -> None:
    """Write a release's list of source videos."""
    path.write_text(json.dumps(sorted(hashes), indent=0) + "\n")


def is_learnt(item: Item, hashes: Hashes) -> bool:
    """Return whether an item, or its source video by one of its names, is among those learnt from."""
    return any(hash_of(name) in hashes for name in (item.group, *_names(item)))


def is_class_learnt(name: str, hashes: Hashes) -> bool:
    """Return whether a class, which may be an auxiliary one, is among those learnt."""
    return _hash_of_class(name) in hashes


def hashes_of_classes(names: Iterable[str]) -> Hashes:
    """Return the hashes by which classes are known."""
    return frozenset(_hash_of_class(name) for name in names)


def _hash_of_class(name: str) -> str:
    return hash_of(f"class {name}")


def check_no_leakage(run: Path, items: Iterable[Item]) -> None:
    """Raise `TrainingError` if a run has itself learnt from a source video of these items."""
    learnt = sources_of_run(run)
    if seen := _among(_hashes(learnt.own) | learnt.items, items):
        raise TrainingError(
            f"{run} has learnt from {len(seen)} source videos that it would be measured on, such as {min(seen)}; the"
            " data or the table of --groups are not what it was trained with. Put them back, or train it again"
        )


def check_start_leakage(run: Path, own: Collection[Item], auxiliary: Collection[Item], strict: bool = True) -> None:
    """Raise `TrainingError` if what a run began with or was taught by has learnt from a source video of its own items,
    or, if `strict`, does not tell.

    Items of auxiliary classes decide no answer: those that were seen are not scored, and their number is logged.
    """
    for name, hashes in sources_of_run(run).before.items():
        if hashes is None:
            _say_unknown(run, name, strict)
            continue
        if seen := _among(hashes, own):
            raise TrainingError(
                f"{run} began with or was taught by {name}, which has learnt from {len(seen)} source videos that it"
                f" would be measured on, such as {min(seen)}; train it again with another --init or --teacher"
            )
        if seen := _among(hashes, auxiliary):
            _LOGGER.info(
                f"note: {name} has learnt from {len(seen)} source videos of auxiliary classes that are held out, and"
                f" {run} began with it or was taught by it: they are not scored"
            )


def say_classes_known_before(run: Path, left_out: Collection[str]) -> None:
    """Log which classes that a run left out were known to what it began with or was taught by: it cannot score them."""
    for name, hashes in sources_of_run(run).before.items():
        if known := [each for each in left_out if is_class_learnt(each, hashes or frozenset())]:
            _LOGGER.info(
                f"note: {name} has learnt {len(known)} of {len(left_out)} auxiliary classes that {run} left out, and"
                f" {run} began with it or was taught by it: for {run}, they do not count as never seen"
            )


def _say_unknown(run: Path, name: str, strict: bool) -> None:
    """Raise `TrainingError`, or only warn, that a model does not tell what it has learnt from."""
    said = f"{run} began with or was taught by {name}, which does not tell what it has learnt from"
    if strict:
        raise TrainingError(f"{said}; train it again with another --init or --teacher")
    _LOGGER.warning(f"note: {said}: if some of it is measured on, figures are flattered; say so with --note")


def _behind(name: str) -> Hashes | None:
    """Return what a run's folder or a released model has learnt from, with all that is behind it."""
    trained = resolve_trained(name)
    if isinstance(trained, Path):
        hashes, outputs = sources_of_run(trained).everything(), checkpoint.read_config(trained).data.outputs
    else:
        manifest = trained.manifest
        hashes, outputs = sources_of_release(trained), (*manifest.classes, *manifest.auxiliary)
    return None if hashes is None else hashes | hashes_of_classes(outputs)


def _write(run: Path, learnt: TrainingSources) -> None:
    before = {name: None if hashes is None else sorted(hashes) for name, hashes in learnt.before.items()}
    saved = {"own": sorted(learnt.own), "items": sorted(learnt.items), "before": before}
    write_atomically(run / SOURCES, json.dumps(saved, indent=0).encode())


def _among(hashes: Hashes, items: Iterable[Item]) -> set[str]:
    """Return the names of the items' source videos whose hashes these are."""
    return {item.group for item in items if is_learnt(item, hashes)}


def _names(item: Item) -> tuple[str, ...]:
    """Return the names of an item that no table gives: its own and, of UCF-101's files, those of its source video."""
    video = known_source_video(item.path)
    return (own_name(item),) if video is None else (own_name(item), video, item.path.stem.rpartition("_c")[0])


def own_name(item: Item) -> str:
    """Return the name by which an item is known wherever it lies: its class and its file's name without the suffix."""
    return f"{item.label}/{item.path.stem}"


def _hashes(names: Names) -> Hashes:
    return frozenset(hash_of(name) for name in names)


def hash_of(name: str) -> str:
    """Return the hash of a source video's name, 16 hexadecimal digits."""
    return hashlib.sha256(to_bytes(name)).hexdigest()[:16]
