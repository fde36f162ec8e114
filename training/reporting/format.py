"""How figures are written in words and numbers, for tables and cards alike."""

from videoxception.manifest import (
    Baselines,
    CalibrationError,
    Comparison,
    Interval,
    Known,
    Metrics,
    ProbabilityFigures,
    Reliability,
)


def figure_rows(metrics: Metrics) -> list[tuple[str, str]]:
    error = metrics.reliability.released.ece if metrics.reliability else None
    return [
        ("top-1", percent(metrics.top1, metrics.intervals["top1"])),
        ("top-5", percent(metrics.top5, metrics.intervals["top5"])),
        ("nll, nats", plain(metrics.nll, metrics.intervals["nll"])),
        ("brier score", plain(metrics.brier, metrics.intervals["brier"])),
        ("calibration error", calibration_error(error) if error else plain(metrics.ece, metrics.intervals["ece"])),
    ]


def percent(value: float, interval: Interval) -> str:
    return f"{value:.1%} ({interval[0]:.1%} - {interval[1]:.1%})"


def plain(value: float, interval: Interval) -> str:
    return f"{value:.3f} ({interval[0]:.3f} - {interval[1]:.3f})"


def gain(comparison: Comparison) -> str:
    low, high = comparison.gain_interval
    return f"{100 * comparison.gain:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"


def calibration_error(error: CalibrationError) -> str:
    """The error with its judgement: what is left of it without its bias, and what chance alone would show."""
    return f"{error.measured:.3f} measured, {plain(error.corrected, error.interval)} without its bias"


def comparisons(baselines: Baselines) -> list[tuple[str, Comparison]]:
    return [
        ("mean of all its frames", baselines.mean_of_frames),
        ("its middle frame", baselines.middle_frame),
    ]


def is_of_stills(metrics: Metrics) -> bool:
    return metrics.reliability is not None  # older releases do not tell


def p_value(value: float) -> str:
    return f"p = {value:.3f}" if value >= 0.001 else "p < 0.001"


def temperature_rows(reliability: Reliability) -> list[tuple[str, ProbabilityFigures]]:
    """Each way of setting the temperature, in words, and what came of it."""
    rows = [
        (f"as released ({reliability.released.temperatures[0]})", reliability.released),
        ("none", reliability.without),
    ]
    if reliability.cross_fitted is not None:
        fitted = reliability.cross_fitted.temperatures
        rows.append((f"crosswise ({min(fitted):.2f} - {max(fitted):.2f})", reliability.cross_fitted))
    return rows


def chance_lines(error: CalibrationError) -> list[str]:
    """What the calibration error is to be held against."""
    return [
        f"By chance alone, a perfectly calibrated model would show a calibration error of {error.floor:.3f}, up to"
        f" {error.floor_by_video:.3f} if",
        "the items of a source video were right or wrong together. As much as was measured as released, or more:"
        f" {p_value(error.p_value)}.",
    ]


def known_rows(known: Known) -> list[list[str]]:
    """Headings, and a row for each kind of outsiders; what is turned away is so by the model's own score."""
    scores = sorted({name for told in known.ood.values() for name in told.by_score}, key=lambda s: s != known.score)
    rows = [["shown", "n", "turned away", *(f"AUROC, {score.replace('_', ' ')}" for score in scores)]]
    for name, told in known.ood.items():
        own = told.by_score[known.score]
        aurocs = (plain(told.by_score[score].auroc, told.by_score[score].interval) for score in scores)
        rows.append([name, str(told.n), percent(own.turned_away, own.turned_away_interval), *aurocs])
    return rows


def goes_by(known: Known) -> str:
    kept = percent(known.kept, known.kept_interval)
    return f"{known.score.replace('_', ' ')}; its threshold keeps {kept} of these true actions"
