"""Write MODEL_CARD.md from model.json."""

from training.config.data import ROTATE
from training.data.synthetic_ood import DRAWN, NEW_KINDS
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
from videoxception.actions import ACTIONS
from videoxception.answer_sets import threshold_at
from videoxception.manifest import (
    Agreement,
    KnownScore,
    Manifest,
    Metrics,
    Provenance,
)


def model_card(manifest: Manifest) -> str:
    """Return the text of MODEL_CARD.md, from model.json alone."""
    provenance, calibration = manifest.provenance, manifest.calibration
    parts = [
        f"# {manifest.name}, version {manifest.version}",
        f"Tells which of {len(manifest.classes)} {_kind(manifest)} a video shows: {', '.join(manifest.classes)}.",
        f"Architecture: {manifest.architecture.name}. Input: {manifest.clip.frames} frames of"
        f" {manifest.clip.size[1]}x{manifest.clip.size[0]} pixels.",
        "## What it was trained on",
        provenance.trained_on,
        *([f"Training began with {provenance.pretrained}."] if provenance.pretrained else []),
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
        *_card_answer_sets(manifest),
        *_card_known(manifest),
        *_card_int8(manifest.int8, bool(manifest.folds)),
        "## Where it may fail",
        f"It always names one of its classes, also for videos of something else; {_guard(manifest)}."
        f" {_unlike(manifest)} Do not use it to judge people.",
    ]
    return "\n\n".join(parts) + "\n"


def _is_of_ucf101(manifest: Manifest) -> bool:
    """Return whether a model was trained on the 16 actions as UCF-101 shows them."""
    data = manifest.provenance.recipe.get("data")
    layout = data.get("layout") if isinstance(data, dict) else None
    return tuple(manifest.classes) == ACTIONS and layout in ("ucf101", "stills")


def _kind(manifest: Manifest) -> str:
    return "human actions" if _is_of_ucf101(manifest) else "classes"


def _unlike(manifest: Manifest) -> str:
    """Say what videos are unlike those that a model has seen."""
    if _is_of_ucf101(manifest):
        return (
            "The data are sports and music videos from before 2012: other cameras, other crowds and upright phone video"
            " are unlike what it has seen."
        )
    return "Videos from other cameras, places or times than those it was trained on are unlike what it has seen."


def _card_folds(manifest: Manifest) -> list[str]:
    """Say whose figures they are, if not of the released weights."""
    if not manifest.folds:
        return []
    but = " but those of int8" if manifest.int8 else ""
    plural, numbers = "s" if len(manifest.folds) > 1 else "", ", ".join(str(fold) for fold in manifest.folds)
    return [
        "The released weights were trained on all folds, so that nothing is left to measure them with. All figures"
        f"{but} are of fold models (fold{plural} {numbers}): trained with the same options, each without the fold that"
        " it predicts. Temperature and threshold are theirs too. The released weights have seen more and should be a"
        " little better, which was not measured."
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
    rows = "\n".join(f"| {label} | {shown} |" for label, shown in figure_rows(metrics))
    classes = "\n".join(
        f"| {name} | {figure.n} | {figure.top1:.1%} |"
        for name, figure in metrics.per_class.items()
        if figure.top1 is not None
    )
    return (
        f"Protocol: {metrics.protocol}. {metrics.n} items of {metrics.source_videos} source videos; 95 %"
        f" intervals of a bootstrap over source videos.\n\n"
        f"| figure | value |\n| --- | --- |\n{rows}\n\n{_card_baselines(metrics)}"
        f"| class | n | top-1 |\n| --- | --- | --- |\n{classes}"
    )


def _card_baselines(metrics: Metrics) -> str:
    if metrics.baselines is None:
        return ""
    rows = "\n".join(
        f"| {label} | {percent(shown.top1, shown.interval)} | {gain(shown)} |"
        for label, shown in comparisons(metrics.baselines)
    )
    return (
        "Single-frame baseline: the same model was shown single frames of each clip, each repeated as a clip. Only what"
        " the whole clip gains over them can come of motion (paired clip by clip).\n\n"
        f"| shown | top-1 | gain of the whole clip |\n| --- | --- | --- |\n{rows}\n\n"
    )


def _card_reliability(metrics: Metrics | None) -> list[str]:
    if metrics is None or metrics.reliability is None:
        return []
    rows = "\n".join(
        f"| {label} | {plain(row.nll, row.intervals['nll'])} | {plain(row.brier, row.intervals['brier'])}"
        f" | {row.ece.measured:.3f} | {plain(row.ece.corrected, row.ece.interval)} |"
        for label, row in temperature_rows(metrics.reliability)
    )
    table = f"| temperature | NLL | Brier score | ECE | corrected for its bias |\n{'| --- ' * 5}|\n{rows}"
    cross_fitted = (
        "ECE: expected calibration error, 15 bins of equal width. Cross-fitted: each part of the source videos has the"
        " temperature that was fitted on the other parts, so that nothing is flattered."
        f" {' '.join(chance_lines(metrics.reliability.released.ece))}"
    )
    return [table, cross_fitted]


def _card_answer_sets(manifest: Manifest) -> list[str]:
    """Say which classes an answer set has, and how often the true one is among them."""
    thresholds, metrics = manifest.calibration.answer_set_thresholds, manifest.metrics
    if thresholds is None or metrics is None or metrics.answer_sets is None:
        return []
    found, least = metrics.answer_sets, threshold_at(thresholds, metrics.answer_sets.asked)
    which = "as released" if found.cross_fitted is None else "cross-fitted (by other source videos)"
    return [
        "## Answer sets",
        f"`answer_set` has the label and, for a coverage of {found.asked:.0%}, {_those_at(least)}."
        " This is conformal prediction, each source video counting once: the true class is promised to be"
        f" among them for {found.asked:.0%} of videos like those that the thresholds were fitted on, of all classes"
        " together. The coverage of each class is reported, not promised, and of videos of something else nothing is."
        + (_AS_FAR_AS_ALIKE if manifest.folds else ""),
        _markdown(answer_set_rows(found)),
        f"By class, with thresholds {which}:",
        _markdown(class_set_rows(found)),
    ]


def _those_at(least: float) -> str:
    if least <= 0:
        return "all other classes, since so few source videos can promise no less"
    return f"each class whose probability is at least {least}"


_AS_FAR_AS_ALIKE = " The promise is the fold models'; for the released weights it holds as far as they are like these."


def _markdown(rows: list[list[str]]) -> str:
    """Return rows, the first of which are headings, as a table."""
    heading, *lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([heading, "| --- " * len(rows[0]) + "|", *lines])


_SCORES: dict[KnownScore, str] = {
    "max_probability": "its largest probability",
    "background": "the share of the classes against the background",
}


def _guard(manifest: Manifest) -> str:
    if manifest.metrics is None or manifest.metrics.known is None:
        return "`known` is a weak guard against that"
    return "`known` is the guard against that, and no better than the table above says"


def _rotates(provenance: Provenance) -> bool:
    """Return whether the folds' models left out auxiliary classes in turn."""
    data = provenance.recipe.get("data")
    return isinstance(data, dict) and tuple(data.get("unseen", ())) == ROTATE


def _card_known(manifest: Manifest) -> list[str]:
    """Say what the network has learnt beside its classes, and how well OOD videos are detected."""
    parts = []
    if manifest.auxiliary:
        parts.append("## Videos of something else")
        parts.append(
            f"The network has learnt {len(manifest.auxiliary)} auxiliary classes, which no answer names, and whose"
            f" outputs are joined into one, the background: {', '.join(manifest.auxiliary)}."
        )
    if manifest.folds and _rotates(manifest.provenance):
        parts.append(
            "The model of each fold left out a share of these classes: each class is measured as never seen, by a model"
            " that left it out, and as seen in training by the models that did not."
        )
    if manifest.metrics is not None and manifest.metrics.known is not None:
        known = manifest.metrics.known
        parts.append(
            f"Out-of-distribution (OOD) detection: the model goes by {goes_by(known)}. Turned away: the share below the"
            " threshold that keeps 95 % of the true actions which were held out. What is far off is drawn by code; of"
            f" {' and '.join(NEW_KINDS)} no stills were written to train on (class {DRAWN})."
        )
        parts.append(_markdown(known_rows(known)))
    return parts
