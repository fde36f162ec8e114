"""A data set loaded: its items, and what of them is trained on, held out and scored.

A reader (`training.data.readers`) lists items with their label, group and part by one of its protocols; what is
trained on, held out and scored is then decided here, the same way for all of them.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from training.config.schema import DataConfig
from training.data.auxiliary_classes import add_auxiliary, assign_folds, auxiliary_config
from training.data.dataset import DataSet, Item, Part
from training.data.readers import image_folder, kinetics400, msr_daily, ucf101, video_folder
from training.data.readers.base import Layout, Listing
from training.data.splits import Split, leak, split_by_fold, split_by_group
from training.errors import TrainingError

LAYOUTS: dict[str, Layout] = {
    "ucf101": ucf101.LAYOUT,
    "kinetics400": kinetics400.LAYOUT,
    "msr-daily": msr_daily.LAYOUT,
    "folders": video_folder.LAYOUT,
    "stills": image_folder.LAYOUT,
}


def resolve_classes(config: DataConfig) -> DataConfig:
    """The config with its classes and the others by name, where it says "all" or leaves them to the layout.

    Raises `TrainingError`.
    """
    layout = _layout(config)
    classes = config.classes or layout.classes or ("all",)
    if classes == ("all",):
        classes = tuple(layout.find_classes(config))
        if not classes:
            raise TrainingError(f"{config.data} holds no files of any class, as --layout {config.layout} has them")
    auxiliary = config.auxiliary
    if auxiliary == ("all",):
        where = auxiliary_config(config)
        auxiliary = tuple(name for name in layout.find_classes(where) if name not in classes)
        if not auxiliary:
            raise TrainingError(f"--auxiliary: {where.data} holds no class that is none of --classes")
    return replace(config, classes=classes, auxiliary=auxiliary)


def load_data(config: DataConfig, part: Part | None = "train", every_class: bool = True) -> DataSet:
    """The items of one part, or all of them, those of the others last.

    Raises `TrainingError`, for a class without items if `every_class`.
    """
    config = resolve_classes(config)
    data = _part(_list(config, every_class), part, config.classes)
    if not config.auxiliary:
        return data
    auxiliary = _part(_list_auxiliary(config, ()), part, config.auxiliary)
    return DataSet((*data.items, *auxiliary.items), config.outputs)


def load_split(config: DataConfig, seed: int) -> Split:
    """Training and validation parts, by whole source videos unless the protocol is leaky. Raises `TrainingError`.

    Validation is the fold asked for, else what the protocol has for it, else a share of the source videos. The others
    are split the same way, without any change to the split of the classes.
    """
    config = resolve_classes(config)
    listing = _list(config, every_class=True)
    split = _split(listing, config.classes, config, seed)
    split = replace(split, protocol=_protocol(listing, split.protocol), notes=_notes(listing))
    if config.auxiliary:
        split = add_auxiliary(split, _split(_list_auxiliary(config, _folds(listing)), config.auxiliary, config, seed))
    _check_trained(split.training)
    return split


def _split(listing: Listing, classes: tuple[str, ...], config: DataConfig, seed: int) -> Split:
    training, validation = (_part(listing, part, classes) for part in ("train", "val"))
    if config.fold is not None:
        return split_by_fold(training, config.fold)
    if len(validation):
        return Split(training, validation, "val part held out", listing.leaky)
    if config.holdout == 0:
        return Split(training, validation, "nothing held out")
    return split_by_group(training, config.holdout, seed)


def load_scored(config: DataConfig, part: Part | None = None) -> tuple[DataSet, str, tuple[str, ...]]:
    """The items that evaluation scores, in words which ones they are, and notes on them. Raises `TrainingError`.

    They are those of `part`, or else of the part that the protocol scores, or else all; of them only the fold asked
    for. Classes of which nothing is there are passed over.
    """
    config = resolve_classes(config)
    listing = _list(config, every_class=False)
    part = part or listing.scored
    data = _part(listing, part, config.classes)
    words = f"{part} part" if part else "all items"
    if config.fold is not None:
        words = f"fold {config.fold}" if part is None else f"{words}, fold {config.fold}"
        data = data.where(lambda item: item.fold == config.fold)
    if not data.items:
        raise TrainingError(f"there are no items in the {words}; a table that tells folds is named by --groups")
    return data, _protocol(listing, words), _notes(listing)


def load_ood(config: DataConfig, trained: Collection[str], part: Part | None = None) -> tuple[DataSet, DataSet]:
    """Items of the others that `config` names: of classes that a model was `trained` on beside its own, and of those
    that it never saw. Either may be empty. Raises `TrainingError`.

    Of the first, only the part and the fold that `load_scored` would take; of the second all, for all are new to it.
    """
    config = resolve_classes(config)
    listing = _list_auxiliary(config, _folds(_list(config, every_class=False)))
    everything, part = _part(listing, None, config.auxiliary), part or listing.scored

    def is_scored(item: Item) -> bool:
        return part in (None, item.part) and config.fold in (None, item.fold)

    seen = everything.where(lambda item: item.label in trained and is_scored(item))
    return seen, everything.where(lambda item: item.label not in trained)


def _layout(config: DataConfig) -> Layout:
    layout = LAYOUTS[config.layout]
    if not config.data:
        raise TrainingError(
            "say where the data is: --data DIR. python -m training.fetch ucf101 gets UCF-101 (7 GB), the University of"
            " Central Florida's 13,320 videos of 101 actions; the shipped models have seen single frames of its train"
            " list 1, and --init videoxception-a goes on from those to motion."
            " docs/lab-notes/reported-accuracies.md says what accuracy to expect. --recipe smoke"
            " tries the trainer on videos that it makes itself"
        )
    if config.protocol and config.protocol not in layout.protocols:
        known = " or ".join(layout.protocols)
        raise TrainingError(f"--protocol must be {known} for --layout {config.layout}, but got {config.protocol!r}")
    if config.annotations and not layout.annotations:
        raise TrainingError(f"--annotations means nothing to --layout {config.layout}; leave it out")
    return layout


def _list(config: DataConfig, every_class: bool) -> Listing:
    layout = _layout(config)
    classes: Sequence[str] = config.classes
    if not every_class:
        there = layout.find_classes(config)
        classes = [name for name in config.classes if name in there]
        if not classes:
            raise TrainingError(f"{config.data} holds nothing of any of the classes {', '.join(config.classes)}")
    return layout.load(config, classes)


def _list_auxiliary(config: DataConfig, folds: Sequence[int]) -> Listing:
    """The items of the other classes, in the folds of the classes."""
    listing = _layout(config).load(auxiliary_config(config), config.auxiliary)
    return replace(listing, items=assign_folds(listing.items, folds))


def _folds(listing: Listing) -> list[int]:
    return sorted({item.fold for item in listing.items if item.fold is not None})


def _part(listing: Listing, part: str | None, classes: tuple[str, ...]) -> DataSet:
    """The items of a part, or all. Raises `TrainingError` if a file that lists name is not there."""
    data = DataSet(tuple(item for item in listing.items if part in (None, item.part)), classes)
    missing = [item.path for item in data.items if not item.path.is_file()]
    if missing:
        raise TrainingError(
            f"{len(missing)} of the {len(data)} videos that the list names are not there, the first {missing[0]}"
        )
    return data


def _check_trained(training: DataSet) -> None:
    trained = {item.label for item in training.items}
    for name in training.classes:
        if name not in trained:
            raise TrainingError(
                f"nothing of class {name!r} is left to train on; leave it out with --classes, or hold out less"
            )


def _protocol(listing: Listing, words: str) -> str:
    """In words, for people and model cards, how the items at hand were chosen."""
    leaky = f"leaky: {_leak(listing):.1%} of the val part has a sibling in training" if listing.leaky else ""
    return f"{listing.protocol}: {'; '.join(part for part in (listing.about, words, leaky) if part)}"


def _notes(listing: Listing) -> tuple[str, ...]:
    if not listing.leaky:
        return listing.notes
    warning = (
        f"{_leak(listing):.1%} of the val part's items have a sibling of the same source in training, so that this"
        f" protocol measures memory; compare its figures only with others of the same protocol"
    )
    return (warning, *listing.notes)


def _leak(listing: Listing) -> float:
    train, val = ([item.group for item in listing.items if item.part == part] for part in ("train", "val"))
    return leak(train, val)
