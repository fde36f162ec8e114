"""What is said at the end: the figure, how far it can be trusted, and how to try the model."""

from shlex import quote

from training.evaluation.summary import Evaluation
from training.own.material import Material
from training.own.task import Task
from training.reporting.table import table
from videoxception.store import BUILT_IN, Release, user_store

_WIDE = 0.1  # an interval's width, from which on it is said what would narrow it


def announcement(release: Release, evaluation: Evaluation, material: Material, task: Task) -> str:
    """Return the figures, the interval in plain words, where everything lies, and how to try it."""
    name = release.manifest.name
    clip = quote(str(material.learnt.items[0].path))
    elsewhere = "" if task.store in (user_store(), BUILT_IN) else f"VX_MODEL_STORE={quote(str(task.store))} "
    return "\n".join(
        [
            table(str(release), evaluation.metrics),
            "",
            *interval_in_words(evaluation),
            *([task.doubt] if task.doubt else []),
            f"plots, and out_of_fold.csv with the answer for each clip: {task.run}; {task.work} can be removed",
            f"released {release} in {release.folder} after {task.clock.passed / 60:.1f} minutes",
            f"try it: {elsewhere}videoxception predict --model {name} {clip}",
            f"        a service finds it by itself: curl -F file=@{clip} 'localhost:8000/predict?model={name}'",
        ]
    )


def interval_in_words(evaluation: Evaluation) -> list[str]:
    """Return sentences on what top-1 is worth."""
    metrics = evaluation.metrics
    low, high = metrics.intervals["top1"]
    videos = metrics.source_videos
    if low == high:  # no resample differs
        return [
            f"top-1 is {metrics.top1:.0%} on {videos} source videos: too few mistakes for an interval. If it is"
            f" {metrics.top1:.0%} by chance, the true share may be as low as {max(0.0, 1 - 3 / videos):.0%}"
        ]
    lines = [
        f"top-1 {metrics.top1:.1%}: of other recordings like these, between {low:.0%} and {high:.0%} are likely to be"
        " named right"
    ]
    if high - low > _WIDE:
        lines.append(
            f"that is {100 * (high - low):.0f} points wide, by {videos} source videos;"
            " four times as many would halve it"
        )
    return lines
