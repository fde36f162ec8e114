"""Figures as people read them: a table for the terminal, and the model card."""

from training.reporting.format import (
    chance_lines,
    comparisons,
    figure_rows,
    gain,
    goes_by,
    is_of_stills,
    known_rows,
    p_value,
    percent,
    plain,
    temperature_rows,
)
from videoxception.manifest import (
    Metrics,
)


def table(title: str, metrics: Metrics) -> str:
    """The figures of a model on some data, as lines of text."""
    head = [
        title,
        f"{metrics.n} items of {metrics.source_videos} source videos; {metrics.protocol}",
        "in brackets: 95 % intervals by resampling whole source videos",
    ]
    figures = [f"{label:<22} {shown}" for label, shown in figure_rows(metrics)]
    parts = [head, figures, _baseline_lines(metrics), _reliability_lines(metrics), _known_lines(metrics)]
    parts.append(_class_lines(metrics))
    return "\n\n".join("\n".join(part) for part in parts if part)


def _baseline_lines(metrics: Metrics) -> list[str]:
    if metrics.baselines is None:
        return ["Baseline of single frames: left out, for a still has but one."] if is_of_stills(metrics) else []
    lines = ["What single frames tell, each shown as a clip that stands still:"]
    lines.append(f"{'':<26} {'top-1':<26}gain of the whole clip")
    for label, comparison in comparisons(metrics.baselines):
        top1 = percent(comparison.top1, comparison.interval)
        lines.append(f"{label:<26} {top1:<26}{gain(comparison):<32}{p_value(comparison.p_value)}")
    return lines


def _reliability_lines(metrics: Metrics) -> list[str]:
    if metrics.reliability is None:
        return []
    lines = [f"{'temperature':<26} {'nll':<24}{'brier score':<24}{'calibration error':<19}without its bias"]
    for label, row in temperature_rows(metrics.reliability):
        nll, brier = plain(row.nll, row.intervals["nll"]), plain(row.brier, row.intervals["brier"])
        corrected = plain(row.ece.corrected, row.ece.interval)
        lines.append(f"{label:<26} {nll:<24}{brier:<24}{row.ece.measured:<19.3f}{corrected}")
    if metrics.reliability.cross_fitted is not None:
        lines.append("crosswise: each part of the source videos with the temperature that the other parts ask for")
    return [*lines, *chance_lines(metrics.reliability.released.ece)]


def _known_lines(metrics: Metrics) -> list[str]:
    if metrics.known is None:
        return []
    lines = ["How well videos of something else are told (turned away: where 95 % of true actions are kept)."]
    lines.append(f"The model goes by {goes_by(metrics.known)}.")
    for name, n, away, *aurocs in known_rows(metrics.known):
        lines.append(f"{name:<25}{n:>5}  {away:<26}{''.join(f'{auroc:<25}' for auroc in aurocs)}".rstrip())
    return lines


def _class_lines(metrics: Metrics) -> list[str]:
    """A line for each class that has items. A single source video has no interval."""
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
    """The class that a class is most often mistaken for, and how often."""
    wrong = [0 if k == row else n for k, n in enumerate(metrics.confusion[row])]
    return f"{classes[wrong.index(max(wrong))]} ({max(wrong)})" if max(wrong) else ""
