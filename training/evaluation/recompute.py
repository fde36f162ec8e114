"""Compute the figures of a release's card again, from the predictions that it keeps."""

from collections.abc import Iterator

from training.errors import TrainingError
from training.evaluation.protocol import calibrate, measure_predictions
from training.evaluation.stored import load_predictions
from videoxception.manifest import Calibration, Metrics
from videoxception.store import PREDICTIONS, Release

_IN_WORDS = "protocol"  # not a figure
_FITTED = {"temperature", "known_threshold", "answer_set_thresholds"}
Figures = dict[str, float | int | str | None]


def differences_from_card(release: Release) -> tuple[int, list[str]]:
    """Return how many figures a release's model.json has, and a line for each that its predictions do not give.

    Temperature and thresholds are fitted again too; all other figures follow from those that were released.

    Raises:
        TrainingError: it keeps no predictions.
    """
    manifest = release.manifest
    if manifest.metrics is None or PREDICTIONS not in manifest.files:
        raise TrainingError(f"{release} keeps no predictions, so that its figures cannot be computed again")
    predictions = load_predictions(release.predictions)
    calibration = manifest.calibration
    found = measure_predictions(predictions, calibration, manifest.metrics.protocol).metrics
    fitted = calibrate(predictions.scores, calibration.known_score, manifest.folds)
    if calibration.answer_set_thresholds is None:  # an older release
        fitted = fitted.model_copy(update={"answer_set_thresholds": None})
    expected, again = (_figures(*each) for each in ((manifest.metrics, calibration), (found, fitted)))
    names = dict.fromkeys([*expected, *again])
    return len(names), [
        f"{name}: {expected.get(name, 'nothing')} on the card, {again.get(name, 'nothing')} from the predictions"
        for name in names
        if name not in expected or name not in again or expected[name] != again[name]
    ]


def _figures(metrics: Metrics, calibration: Calibration) -> Figures:
    """Return every single value, by the path that leads to it."""
    values = metrics.model_dump(mode="json", exclude={_IN_WORDS}) | calibration.model_dump(
        include=_FITTED, exclude_none=True
    )
    return dict(_leaves("", values))


def _leaves(path: str, value: object) -> Iterator[tuple[str, float | int | str | None]]:
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(f"{path}/{name}" if path else str(name), inner)
    else:
        assert value is None or isinstance(value, float | int | str)
        yield path, value
