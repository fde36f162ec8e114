"""Write figures in words and numbers, for tables and cards alike."""

from videoxception.manifest import (
    AnswerSets,
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
    """Return each main figure's name and value."""
    error = metrics.reliability.released.ece if metrics.reliability else None
    top5 = [("top-5", percent(metrics.top5, metrics.intervals["top5"]))] if len(metrics.per_class) > 5 else []
    return [
        ("top-1", percent(metrics.top1, metrics.intervals["top1"])),
        *top5,  # of five classes or fewer it is always right
        ("NLL, nats", plain(metrics.nll, metrics.intervals["nll"])),
        ("Brier score", plain(metrics.brier, metrics.intervals["brier"])),
        ("ECE", calibration_error(error) if error else plain(metrics.ece, metrics.intervals["ece"])),
    ]


def percent(value: float, interval: Interval) -> str:
    """Write a share with its interval in percent."""
    return f"{value:.1%} ({interval[0]:.1%} - {interval[1]:.1%})"


def plain(value: float, interval: Interval) -> str:
    """Write a value with its interval to three digits."""
    return f"{value:.3f} ({interval[0]:.3f} - {interval[1]:.3f})"


def decimal(value: float, interval: Interval) -> str:
    """Write a value with its interval to two digits."""
    return f"{value:.2f} ({interval[0]:.2f} - {interval[1]:.2f})"


def gain(comparison: Comparison) -> str:
    """Write a gain of top-1 with its interval in percentage points."""
    low, high = comparison.gain_interval
    return f"{100 * comparison.gain:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"


def calibration_error(error: CalibrationError) -> str:
    """Write the expected calibration error as it was measured, and corrected for its bias."""
    return f"{error.measured:.3f} measured, {plain(error.corrected, error.interval)} corrected for its bias"


def comparisons(baselines: Baselines) -> list[tuple[str, Comparison]]:
    """Return each baseline of single frames with its name."""
    return [
        ("mean of all its frames", baselines.mean_of_frames),
        ("its middle frame", baselines.middle_frame),
    ]


def temperature_rows(reliability: Reliability) -> list[tuple[str, ProbabilityFigures]]:
    """Return each way of setting the temperature, in words, with its figures."""
    rows = [
        (f"as released ({reliability.released.temperatures[0]})", reliability.released),
        ("none", reliability.without),
    ]
    if reliability.cross_fitted is not None:
        fitted = reliability.cross_fitted.temperatures
        rows.append((f"cross-fitted ({min(fitted):.2f} - {max(fitted):.2f})", reliability.cross_fitted))
    return rows


def chance_lines(error: CalibrationError) -> list[str]:
    """Say what the expected calibration error is to be compared with."""
    return [
        f"By chance alone, a perfectly calibrated model would show an ECE of {error.floor:.3f}, up to"
        f" {error.floor_by_video:.3f} if",
        "the items of a source video were right or wrong together.",
    ]


def known_rows(known: Known) -> list[list[str]]:
    """Return headings, and a row for each OOD set; what is turned away is so by the model's own score."""
    scores = list(dict.fromkeys([known.score, *(name for found in known.ood.values() for name in found.by_score)]))
    rows = [["OOD set", "n", "turned away", *(f"AUROC, {score.replace('_', ' ')}" for score in scores)]]
    for name, found in known.ood.items():
        own = found.by_score[known.score]
        aurocs = (plain(found.by_score[score].auroc, found.by_score[score].interval) for score in scores)
        rows.append([name, str(found.n), percent(own.turned_away, own.turned_away_interval), *aurocs])
    return rows


def goes_by(known: Known) -> str:
    """Say which score a model goes by, and what its threshold keeps."""
    kept = percent(known.kept, known.kept_interval)
    return f"{known.score.replace('_', ' ')}; its threshold keeps {kept} of these true actions"


def answer_set_rows(found: AnswerSets) -> list[list[str]]:
    """Return headings, and a row for each way of setting the thresholds."""
    rows = [["thresholds", "coverage", "mean size", "one class alone"]]
    for label, figures in (("as released", found.released), ("cross-fitted", found.cross_fitted)):
        if figures is not None:
            coverage = percent(figures.coverage, figures.coverage_interval)
            size = decimal(figures.mean_size, figures.mean_size_interval)
            rows.append([label, coverage, size, f"{figures.singletons:.1%}"])
    return rows


def class_set_rows(found: AnswerSets) -> list[list[str]]:
    """Return headings, and a row for each class, of cross-fitted thresholds if there are any."""
    figures = found.cross_fitted or found.released
    rows = [["class", "coverage", "mean size"]]
    for name, of_class in figures.per_class.items():
        rows.append([name, f"{of_class.coverage:.1%}", f"{of_class.mean_size:.2f}"])
    return rows
