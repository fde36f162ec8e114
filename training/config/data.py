"""Settings of the data set: where it lies, which classes are taken, and what is held out."""

import re
from dataclasses import dataclass

from training.config.option import option
from training.errors import TrainingError

PLACES = ("data", "auxiliary_data", "groups", "annotations")
"""Fields that name paths: they differ from machine to machine, and say nothing of what the data are."""

ROTATE = ("rotate",)
"""As `unseen`: each fold leaves out its share of the auxiliary classes."""

LAYOUTS = ("ucf101", "kinetics400", "msr-daily", "folders", "stills", "own")


@dataclass(frozen=True, kw_only=True, slots=True)
class DataConfig:
    """Which files to train on, and which of them to hold out."""

    data: str = option("", "folder of the data set")
    layout: str = option("ucf101", f"how the data set lies on disk: {', '.join(LAYOUTS)}")
    protocol: str = option(
        "",
        "how training and held-out items are chosen, if the layout knows several ways: official, source or groups for"
        " ucf101, cross-subject or source for msr-daily",
    )
    classes: tuple[str, ...] = option(
        (),
        "comma-separated classes in the order of the model's outputs, or all (default: the 16 actions for ucf101 and"
        " stills, all for other layouts)",
    )
    auxiliary: tuple[str, ...] = option(
        (),
        "classes to train on but never predict, comma-separated, or all (every other class found): they teach the"
        " network to recognise videos of none of its classes",
    )
    unseen: tuple[str, ...] = option(
        (),
        "those of --auxiliary to leave out of everything that is trained on, comma-separated, so that they measure how"
        " videos of new kinds are detected; rotate: each --fold leaves out its share, and all folds together every"
        " class once; without --fold none",
    )
    auxiliary_data: str = option("", "folder of the auxiliary classes, laid out like --data (default: the same folder)")
    groups: str = option("", "FILE:COLUMN, a table with each file's source video (its column path names the file)")
    group_pattern: str = option(
        "", "regular expression: what its brackets catch in a file's path below the data folder is its source video"
    )
    fold: int | None = option(None, "fold of the --groups table: training holds it out, evaluation scores it alone")
    holdout: float = option(
        0.2,
        "share of each class's source videos to hold out, unless --fold or the protocol decides; 0 trains on all",
    )
    annotations: str = option(
        "",
        "folder of UCF-101's list files (trainlist01.txt, ...; without it, all videos found are used) or of Kinetics'"
        " annotations (train.csv, ...; without it, the data folder's own)",
    )
    split: int = option(1, "which of UCF-101's three official splits")
    skip_bad: bool = option(False, "go on without files that cannot be read, and list them at the end")

    def __post_init__(self) -> None:
        if not 0 <= self.holdout < 1:
            raise TrainingError(f"--holdout must be at least 0 and below 1, but got {self.holdout}")
        if self.layout not in LAYOUTS:
            raise TrainingError(f"--layout must be one of {', '.join(LAYOUTS)}, but got {self.layout!r}")
        if self.split not in (1, 2, 3):
            raise TrainingError(f"--split must be 1, 2 or 3, but got {self.split}")
        if len(set(self.classes)) != len(self.classes) or (len(self.classes) == 1 and self.classes != ("all",)):
            raise TrainingError(
                f"--classes must name at least two classes, each once, or be all, but got {', '.join(self.classes)}"
            )
        if len(set(self.auxiliary)) != len(self.auxiliary) or set(self.auxiliary) & set(self.classes):
            raise TrainingError(
                f"--auxiliary must name classes that --classes does not, each once, but got {', '.join(self.auxiliary)}"
            )
        if wrong := set(self.unseen) & set(self.classes):
            raise TrainingError(f"--unseen must name auxiliary classes, but {min(wrong)} is one of --classes")
        if self.auxiliary_data and not self.auxiliary:
            raise TrainingError("--auxiliary-data means nothing without --auxiliary, which names classes, or says all")
        if self.groups and self.group_pattern:
            raise TrainingError("--groups and --group-pattern both tell the source videos; give one of them")
        _check_pattern(self.group_pattern)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the network's outputs stand for: the classes, then the auxiliary classes."""
        return (*self.classes, *self.auxiliary)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The auxiliary classes that are left out, by name; none before it is known which."""
        return () if self.unseen == ROTATE else self.unseen

    @property
    def all_auxiliary(self) -> frozenset[str]:
        """The auxiliary classes, with those that are left out."""
        return frozenset((*self.auxiliary, *self.left_out))


def _check_pattern(pattern: str) -> None:
    """Raise `TrainingError` for a --group-pattern that cannot be used."""
    try:
        if pattern and re.compile(pattern).groups == 0:
            raise TrainingError(f"--group-pattern must have brackets around what is the group, but got {pattern!r}")
    except re.error as error:
        raise TrainingError(f"--group-pattern {pattern!r} is not a regular expression: {error}") from error
