"""Figures as people read them: a table for the terminal, and the model card."""

from videoxception.manifest import Manifest, Metrics


def table(title: str, metrics: Metrics) -> str:
    """The figures of a model on some data, as lines of text."""
    lines = [
        f"{title}: {metrics.n} items of {metrics.source_videos} source videos; {metrics.protocol}",
        "95 % intervals by resampling whole source videos",
        "",
        *(f"{label:<22} {shown}" for label, shown in _figures(metrics)),
        "",
        f"{'class':<22} {'n':>5}  {'top-1':>6}  interval          most often taken for",
    ]
    classes = list(metrics.per_class)
    for row, (name, figure) in enumerate(metrics.per_class.items()):
        if figure.top1 is not None and figure.interval is not None:
            low, high = figure.interval
            shown = f"{figure.top1:6.1%}  {low:6.1%} - {high:6.1%}"
            lines.append(f"{name:<22} {figure.n:>5}  {shown}   {_taken_for(metrics, row, classes)}")
    return "\n".join(lines)


def _figures(metrics: Metrics) -> list[tuple[str, str]]:
    def percent(name: str, value: float) -> str:
        low, high = metrics.intervals[name]
        return f"{value:.1%} ({low:.1%} - {high:.1%})"

    def plain(name: str, value: float) -> str:
        low, high = metrics.intervals[name]
        return f"{value:.3f} ({low:.3f} - {high:.3f})"

    return [
        ("top-1", percent("top1", metrics.top1)),
        ("top-5", percent("top5", metrics.top5)),
        ("nll, nats", plain("nll", metrics.nll)),
        ("brier score", plain("brier", metrics.brier)),
        ("calibration error", plain("ece", metrics.ece)),
    ]


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
        _card_figures(manifest.metrics),
        "## Probabilities",
        f"Logits are divided by a temperature of {calibration.temperature} before the softmax. An answer counts as"
        f" known if its largest probability is at least {calibration.known_threshold}. Both were fitted on"
        f" {calibration.fitted_on}.",
        "## Where it may fail",
        "It always names one of its classes, also for videos of something else; `known` is a weak guard against that."
        " The data are sports and music videos from before 2012: other cameras, other crowds and upright phone video"
        " are unlike what it has seen. Do not use it to judge people.",
    ]
    return "\n\n".join(parts) + "\n"


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
        f"| figure | value |\n| --- | --- |\n{rows}\n\n| class | n | top-1 |\n| --- | --- | --- |\n{classes}"
    )
