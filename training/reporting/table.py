"""Write the figures of an evaluation as a table for the terminal."""

from training.reporting.format import (
    answer_set_rows,
    chance_lines,
    class_set_rows,
    comparisons,
    figure_rows,
    gain,
    goes_by,
    known_rows,
    percent,
    plain,
    temperature_rows,
)
from videoxception.manifest import (
    Metrics,
)


def table(title: str, metrics: Metrics) -> str:
    """Return the figures of a model on some data, as lines of text."""
    head = [
        title,
        f"{metrics.n} items of {metrics.source_videos} source videos; {metrics.protocol}",
        "in brackets: 95 % intervals of a bootstrap over source videos",
    ]
    figures = [f"{label:<22} {shown}" for label, shown in figure_rows(metrics)]
    parts = [head, figures, _baseline_lines(metrics), _reliability_lines(metrics)]
    parts += [_answer_set_lines(metrics), _known_lines(metrics), _class_lines(metrics)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _baseline_lines(metrics: Metrics) -> list[str]:
    if metrics.baselines is None:
        stills = metrics.reliability is not None  # the oldest releases do not say
        return ["Single-frame baseline: left out, since a still has only one frame."] if stills else []
    lines = ["Single-frame baseline, each frame repeated as a clip:"]
    lines.append(f"{'':<26} {'top-1':<26}gain of the whole clip")
    for label, comparison in comparisons(metrics.baselines):
        top1 = percent(comparison.top1, comparison.interval)
        lines.append(f"{label:<26} {top1:<26}{gain(comparison)}")
    return lines


def _reliability_lines(metrics: Metrics) -> list[str]:
    if metrics.reliability is None:
        return []
    lines = [f"{'temperature':<26} {'NLL':<24}{'Brier score':<24}{'ECE':<8}corrected for its bias"]
    for label, row in temperature_rows(metrics.reliability):
        nll, brier = plain(row.nll, row.intervals["nll"]), plain(row.brier, row.intervals["brier"])
        corrected = plain(row.ece.corrected, row.ece.interval)
        lines.append(f"{label:<26} {nll:<24}{brier:<24}{row.ece.measured:<8.3f}{corrected}")
    if metrics.reliability.cross_fitted is not None:
        lines.append(
            "cross-fitted: each part of the source videos has the temperature that was fitted on the other parts"
        )
    return [*lines, *chance_lines(metrics.reliability.released.ece)]


def _answer_set_lines(metrics: Metrics) -> list[str]:
    if metrics.answer_sets is None:
        return []
    lines = [f"Answer sets at {metrics.answer_sets.asked:.0%}, each source video counting once."]
    for label, coverage, size, alone in answer_set_rows(metrics.answer_sets):
        lines.append(f"{label:<26} {coverage:<24}{size:<24}{alone}")
    lines.append("The coverage is promised of all classes together. By class:")
    for name, coverage, size in class_set_rows(metrics.answer_sets):
        lines.append(f"{name:<26} {coverage:<24}{size}")
    return lines


def _known_lines(metrics: Metrics) -> list[str]:
    if metrics.known is None:
        return []
    lines = ["OOD detection (turned away: at the threshold that keeps 95 % of true actions)."]
    lines.append(f"The model goes by {goes_by(metrics.known)}.")
    for name, n, away, *aurocs in known_rows(metrics.known):
        lines.append(f"{name:<25}{n:>5}  {away:<26}{''.join(f'{auroc:<25}' for auroc in aurocs)}".rstrip())
    return lines


def _class_lines(metrics: Metrics) -> list[str]:
    """Return a line for each class that has items. A single source video has no interval."""
    lines = [f"{'class':<22} {'n':>5} {'videos':>7}  {'top-1':>6}  {'interval':<17} most often taken for"]
    classes = list(metrics.per_class)
    for row, (name, figure) in enumerate(metrics.per_class.items()):
        if figure.top1 is not None and figure.interval is not None:
            low, high = figure.interval
            shown = "one source video" if figure.source_videos == 1 else f"{low:6.1%} - {high:6.1%}"
            videos = "" if figure.source_videos is None else figure.source_videos
            counts = f"{name:<22} {figure.n:>5} {videos:>7}"
            lines.append(f"{counts}  {figure.top1:6.1%}  {shown:<17} {_taken_for(metrics, row, classes)}".rstrip())
    return lines


def _taken_for(metrics: Metrics, row: int, classes: list[str]) -> str:
    """Return the class that a class is most often mistaken for, and how often."""
    wrong = [0 if k == row else n for k, n in enumerate(metrics.confusion[row])]
    return f"{classes[wrong.index(max(wrong))]} ({max(wrong)})" if max(wrong) else ""
