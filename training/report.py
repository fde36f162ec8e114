"""Figures as people read them: a table for the terminal, and the model card."""

from training.faroff import DRAWN, NEW_KINDS
from videoxception.manifest import (
    Agreement,
    Baselines,
    CalibrationError,
    Comparison,
    Interval,
    Known,
    KnownScore,
    Manifest,
    Metrics,
    ProbabilityFigures,
    Reliability,
)


def table(title: str, metrics: Metrics) -> str:
    """The figures of a model on some data, as lines of text."""
    head = [
        title,
        f"{metrics.n} items of {metrics.source_videos} source videos; {metrics.protocol}",
        "in brackets: 95 % intervals by resampling whole source videos",
    ]
    figures = [f"{label:<22} {shown}" for label, shown in _figures(metrics)]
    parts = [head, figures, _baseline_lines(metrics), _reliability_lines(metrics), _known_lines(metrics)]
    parts.append(_class_lines(metrics))
    return "\n\n".join("\n".join(part) for part in parts if part)


def _figures(metrics: Metrics) -> list[tuple[str, str]]:
    error = metrics.reliability.released.ece if metrics.reliability else None
    return [
        ("top-1", _percent(metrics.top1, metrics.intervals["top1"])),
        ("top-5", _percent(metrics.top5, metrics.intervals["top5"])),
        ("nll, nats", _plain(metrics.nll, metrics.intervals["nll"])),
        ("brier score", _plain(metrics.brier, metrics.intervals["brier"])),
        ("calibration error", _error(error) if error else _plain(metrics.ece, metrics.intervals["ece"])),
    ]


def _percent(value: float, interval: Interval) -> str:
    return f"{value:.1%} ({interval[0]:.1%} - {interval[1]:.1%})"


def _plain(value: float, interval: Interval) -> str:
    return f"{value:.3f} ({interval[0]:.3f} - {interval[1]:.3f})"


def _gain(comparison: Comparison) -> str:
    low, high = comparison.gain_interval
    return f"{100 * comparison.gain:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"


def _error(error: CalibrationError) -> str:
    """The error with its judgement: what is left of it without its bias, and what chance alone would show."""
    return f"{error.measured:.3f} measured, {_plain(error.corrected, error.interval)} without its bias"


def _comparisons(baselines: Baselines) -> list[tuple[str, Comparison]]:
    return [
        ("mean of all its pictures", baselines.mean_of_pictures),
        ("its middle picture", baselines.middle_picture),
    ]


def _baseline_lines(metrics: Metrics) -> list[str]:
    if metrics.baselines is None:
        return ["Baseline of single pictures: left out, for a still has but one."] if _of_stills(metrics) else []
    lines = ["What single pictures tell, each shown as a clip that stands still:"]
    lines.append(f"{'':<26} {'top-1':<26}gain of the whole clip")
    for label, comparison in _comparisons(metrics.baselines):
        top1 = _percent(comparison.top1, comparison.interval)
        lines.append(f"{label:<26} {top1:<26}{_gain(comparison):<32}{_p(comparison.p_value)}")
    return lines


def _of_stills(metrics: Metrics) -> bool:
    return metrics.reliability is not None  # older releases do not tell


def _p(value: float) -> str:
    return f"p = {value:.3f}" if value >= 0.001 else "p < 0.001"


def _temperatures(reliability: Reliability) -> list[tuple[str, ProbabilityFigures]]:
    """Each way of setting the temperature, in words, and what came of it."""
    rows = [
        (f"as released ({reliability.released.temperatures[0]})", reliability.released),
        ("none", reliability.without),
    ]
    if reliability.crosswise is not None:
        fitted = reliability.crosswise.temperatures
        rows.append((f"crosswise ({min(fitted):.2f} - {max(fitted):.2f})", reliability.crosswise))
    return rows


def _reliability_lines(metrics: Metrics) -> list[str]:
    if metrics.reliability is None:
        return []
    lines = [f"{'temperature':<26} {'nll':<24}{'brier score':<24}{'calibration error':<19}without its bias"]
    for label, row in _temperatures(metrics.reliability):
        nll, brier = _plain(row.nll, row.intervals["nll"]), _plain(row.brier, row.intervals["brier"])
        corrected = _plain(row.ece.corrected, row.ece.interval)
        lines.append(f"{label:<26} {nll:<24}{brier:<24}{row.ece.measured:<19.3f}{corrected}")
    if metrics.reliability.crosswise is not None:
        lines.append("crosswise: each part of the source videos with the temperature that the other parts ask for")
    return [*lines, *_chance(metrics.reliability.released.ece)]


def _chance(error: CalibrationError) -> list[str]:
    """What the calibration error is to be held against."""
    return [
        f"By chance alone, a perfectly calibrated model would show a calibration error of {error.floor:.3f}, up to"
        f" {error.floor_by_video:.3f} if",
        "the items of a source video were right or wrong together. As much as was measured as released, or more:"
        f" {_p(error.p_value)}.",
    ]


def _known_rows(known: Known) -> list[list[str]]:
    """Headings, and a row for each kind of outsiders; what is turned away is so by the model's own score."""
    scores = sorted(
        {name for told in known.outsiders.values() for name in told.by_score}, key=lambda s: s != known.score
    )
    rows = [["shown", "n", "turned away", *(f"AUROC, {score.replace('_', ' ')}" for score in scores)]]
    for name, told in known.outsiders.items():
        own = told.by_score[known.score]
        aurocs = (_plain(told.by_score[score].auroc, told.by_score[score].interval) for score in scores)
        rows.append([name, str(told.n), _percent(own.turned_away, own.turned_away_interval), *aurocs])
    return rows


def _known_lines(metrics: Metrics) -> list[str]:
    if metrics.known is None:
        return []
    lines = ["How well videos of something else are told (turned away: where 95 % of true actions are kept)."]
    lines.append(f"The model goes by {_goes_by(metrics.known)}.")
    for name, n, away, *aurocs in _known_rows(metrics.known):
        lines.append(f"{name:<25}{n:>5}  {away:<26}{''.join(f'{auroc:<25}' for auroc in aurocs)}".rstrip())
    return lines


def _goes_by(known: Known) -> str:
    kept = _percent(known.kept, known.kept_interval)
    return f"{known.score.replace('_', ' ')}; its threshold keeps {kept} of these true actions"


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


def model_card(manifest: Manifest) -> str:
    """MODEL_CARD.md, made of model.json alone."""
    provenance, calibration = manifest.provenance, manifest.calibration
    parts = [
        f"# {manifest.name}, version {manifest.version}",
        f"Tells which of {len(manifest.classes)} human actions a video shows: {', '.join(manifest.classes)}.",
        f"Architecture: {manifest.architecture.name}. Input: {manifest.clip.frames} pictures of"
        f" {manifest.clip.size[1]}x{manifest.clip.size[0]} pixels.",
        "## What it was trained on",
        provenance.trained_on,
        f"Seed {provenance.seed}. {provenance.epoch_rule} Data fingerprint `{provenance.data_fingerprint[:16]}`,"
        f" code revision `{provenance.code_revision}`.",
        "## How good it is",
        *_card_folds(manifest),
        _card_figures(manifest.metrics),
        "## Probabilities",
        f"Logits are divided by a temperature of {calibration.temperature} before the softmax. An answer counts as"
        f" known if {_SCORES[calibration.known_score]} is at least {calibration.known_threshold}. Both were fitted on"
        f" {calibration.fitted_on}.",
        *_card_reliability(manifest.metrics),
        *_card_known(manifest),
        *_card_int8(manifest.int8, bool(manifest.folds)),
        "## Where it may fail",
        f"It always names one of its classes, also for videos of something else; {_guard(manifest)}."
        " The data are sports and music videos from before 2012: other cameras, other crowds and upright phone video"
        " are unlike what it has seen. Do not use it to judge people.",
    ]
    return "\n\n".join(parts) + "\n"


def _card_folds(manifest: Manifest) -> list[str]:
    """Whose figures they are, if not of the released weights."""
    if not manifest.folds:
        return []
    but = " but those of int8" if manifest.int8 else ""
    files = ", ".join(f"`fold-{fold}.safetensors`" for fold in manifest.folds)
    return [
        "The released weights were trained on all folds, so that nothing is left to measure them with. All figures"
        f"{but} are of fold models ({files}): trained with the same options, each without the fold that it judges."
        " Temperature and threshold are theirs too. The released weights have seen more and should be a little better,"
        " which was not measured."
    ]


def _card_int8(int8: Agreement | None, saw_all: bool) -> list[str]:
    if int8 is None:
        return []
    held_out = "" if saw_all else " and of what was held out"
    verdict = "It is what CPUs with bf16 serve" if int8.passed else "It is served only where int8 is asked for"
    return [
        "## In 8-bit integers",
        f"The int8 graph gives the same label as f32 for {int8.equal_labels:.2%} of {int8.n:,} clips, of the data that"
        f" it was trained on{held_out}. The probability that changes most changes by"
        f" {int8.change_median:.4f} in the median clip, and by at most {int8.change_p99:.3f} in 99 % of them."
        f" {verdict}.",
    ]


def _card_figures(metrics: Metrics | None) -> str:
    if metrics is None:
        return "Not measured: nothing was held out."
    rows = "\n".join(f"| {label} | {shown} |" for label, shown in _figures(metrics))
    classes = "\n".join(
        f"| {name} | {figure.n} | {figure.top1:.1%} |"
        for name, figure in metrics.per_class.items()
        if figure.top1 is not None
    )
    return (
        f"Protocol: {metrics.protocol}. {metrics.n} items of {metrics.source_videos} source videos; 95 %"
        f" intervals by resampling whole source videos.\n\n"
        f"| figure | value |\n| --- | --- |\n{rows}\n\n{_card_baselines(metrics)}"
        f"| class | n | top-1 |\n| --- | --- | --- |\n{classes}"
    )


def _card_baselines(metrics: Metrics) -> str:
    if metrics.baselines is None:
        return ""
    rows = "\n".join(
        f"| {label} | {_percent(shown.top1, shown.interval)} | {_gain(shown)} | {_p(shown.p_value)} |"
        for label, shown in _comparisons(metrics.baselines)
    )
    return (
        "The same model was shown single pictures of each clip, as clips that stand still. Only what the whole clip"
        " gains over them can come of motion (paired clip by clip; p-values of flipping whole source videos).\n\n"
        f"| shown | top-1 | gain of the whole clip | chance alone |\n| --- | --- | --- | --- |\n{rows}\n\n"
    )


def _card_reliability(metrics: Metrics | None) -> list[str]:
    if metrics is None or metrics.reliability is None:
        return []
    rows = "\n".join(
        f"| {label} | {_plain(row.nll, row.intervals['nll'])} | {_plain(row.brier, row.intervals['brier'])}"
        f" | {row.ece.measured:.3f} | {_plain(row.ece.corrected, row.ece.interval)} |"
        for label, row in _temperatures(metrics.reliability)
    )
    table = f"| temperature | nll | brier score | calibration error | without its bias |\n{'| --- ' * 5}|\n{rows}"
    crosswise = (
        "Crosswise: each part of the source videos with the temperature that the other parts ask for, so that nothing"
        f" is flattered. {' '.join(_chance(metrics.reliability.released.ece))}"
    )
    return [table, crosswise]


_SCORES: dict[KnownScore, str] = {
    "max_probability": "its largest probability",
    "background": "the share of the classes against the background",
}


def _guard(manifest: Manifest) -> str:
    if manifest.metrics is None or manifest.metrics.known is None:
        return "`known` is a weak guard against that"
    return "`known` is the guard against that, and no better than the table above says"


def _card_known(manifest: Manifest) -> list[str]:
    """What the network has learnt beside its classes, and what that is worth."""
    parts = []
    if manifest.others:
        parts.append("## Videos of something else")
        parts.append(
            f"The network has learnt {len(manifest.others)} other classes, which no answer names, and whose outputs are"
            f" joined into one, the background: {', '.join(manifest.others)}."
        )
    if manifest.metrics is not None and manifest.metrics.known is not None:
        known = manifest.metrics.known
        heading, *rows = [f"| {' | '.join(row)} |" for row in _known_rows(known)]
        parts.append(
            f"The model goes by {_goes_by(known)}. Turned away: the share below the threshold that keeps 95 % of the"
            " true actions which were held out. What is far off is drawn by code;"
            f" of {' and '.join(NEW_KINDS)} training.faroff writes no stills to train on (its class is {DRAWN})."
        )
        parts.append("\n".join([heading, "| --- " * heading.count(" | ") + "| --- |", *rows]))
    return parts
