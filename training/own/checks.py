"""What a person may have got wrong in a folder of their own actions: each a sentence with the remedy."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from training.data.dataset import Item, is_passed_over
from training.data.readers.own_folder import OTHER, READER
from training.errors import TrainingError

_FEW = 10  # clips of a class, below which a figure says hardly anything


def check_folder_of_classes(root: Path) -> None:
    """Raise `TrainingError` unless a folder holds folders of two classes or more, none of them empty."""
    if not root.is_dir():
        kind = "is a file" if root.exists() else "is not there"
        raise TrainingError(f"{root} {kind}; name the folder that holds a folder of each action: DIR/jump/*.mp4, ...")
    classes = [name for name in READER.classes_in(root) if name != OTHER]
    if len(classes) < 2:
        raise TrainingError(f"{root} {_too_few(root, classes)}")
    for folder in READER.parts(root).values() or [root]:
        for path in _empty(folder):
            raise TrainingError(
                f"{path} holds no video or still; put some there, or remove the folder (endings that are known:"
                f" {', '.join(READER.suffixes)})"
            )


def _too_few(root: Path, classes: Sequence[str]) -> str:
    """Say what is there instead of two classes, and what to do."""
    if classes:
        (only,) = classes
        return (
            f"holds clips of one class only, {only!r}, and a model needs two to tell apart: add a folder of another"
            f" action. If {root / only} itself holds the folders of the actions, name that one"
        )
    loose = [path for path in sorted(root.iterdir()) if path.suffix.lower() in READER.suffixes]
    if loose:
        return f"holds {len(loose)} clips but no folders: put the clips of each action into a folder named after it"
    return "holds no folder with videos or stills in it: make one for each action, and put its clips there"


def _empty(folder: Path) -> list[Path]:
    there = set(READER.classes_in(folder)) | {OTHER}
    folders = (path for path in sorted(folder.iterdir()) if path.is_dir() and not is_passed_over(path.name))
    return [path for path in folders if path.name not in there]


def check_readable(items: Sequence[Item], bad: Mapping[Path, str]) -> None:
    """Raise `TrainingError` if nothing of a class can be read."""
    for label, of_class in _by_label(items).items():
        if all(item.path in bad for item in of_class):
            path = of_class[0].path
            raise TrainingError(
                f"none of the {len(of_class)} files of class {label!r} is a video or still that can be read, the first"
                f" is {path}: {bad[path]}; replace them, or remove the folder"
            )


def check_source_videos(items: Sequence[Item], classes: Collection[str]) -> None:
    """Raise `TrainingError` for a class of a single source video: what is learnt could not be measured."""
    for label, of_class in _by_label(items).items():
        if label in classes and len({item.group for item in of_class}) < 2:
            raise TrainingError(
                f"class {label!r} has {_clips(len(of_class))} of one source video, by names, equal files and looks, so"
                " that nothing is left to measure it with: add clips of another recording (ten or more), or, if these"
                " are of several, say so by --groups FILE:COLUMN"
            )


def notes_on(items: Sequence[Item], classes: Collection[str], bad: Mapping[Path, str]) -> Iterable[str]:
    """Yield sentences on what is odd but no reason to stop."""
    for path, error in bad.items():
        yield f"left out {path}: {error}"
    counts = Counter(item.label for item in items if item.label in classes)
    if few := [f"{name} ({n})" for name, n in sorted(counts.items()) if n < _FEW]:
        yield f"fewer than {_FEW} clips of {', '.join(few)}: the figures say little of these classes"
    if max(counts.values()) > 2 * min(counts.values()):
        most, least = max(counts, key=lambda name: counts[name]), min(counts, key=lambda name: counts[name])
        yield f"{most} has {counts[most]} clips and {least} {counts[least]}: classes weigh the same in training"


def _by_label(items: Iterable[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[item.label].append(item)
    return found


def _clips(count: int) -> str:
    return "one clip" if count == 1 else f"{count} clips, all"
