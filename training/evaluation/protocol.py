"""What a model is evaluated on, which engine scores it, and what comes of it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.config.data import DataConfig
from training.config.schema import Config
from training.data.dataset import DataSet, Part
from training.data.decode import read_clip
from training.data.loading import OpenDataset, open_dataset
from training.data.splits import Split
from training.data.synthetic_ood import DRAWN
from training.errors import TrainingError
from training.evaluation.answer_sets import fit_thresholds
from training.evaluation.assignment import (
    Assigned,
    Scorer,
    assign,
    engine_without,
    is_new_of_known_class,
    is_of_new_class,
    one_engine,
)
from training.evaluation.bootstrap import SourceVideos
from training.evaluation.calibration import fit_temperature, fit_threshold, mean_probabilities
from training.evaluation.cross_validation import of_folds
from training.evaluation.ood import (
    SEEN,
    UNSEEN,
    by_kind,
    candidate_scores,
    predict_synthetic_ood,
    score_ood,
)
from training.evaluation.predictions import OodOutputs, ReadClip, Scores, predict_ood, score
from training.evaluation.stored import Predictions
from training.evaluation.summary import Evaluation, evaluate
from training.evaluation.views import Views
from videoxception.clip import ClipSpec
from videoxception.manifest import Calibration, KnownScore

_SYNTHETIC = "synthetic"
_FLATTERED = "NLL, Brier score and ECE are a little flattered; top-1 and top-5 do not depend on it"
_FITTED_ON = f"the held-out items that the figures are measured on, so that {_FLATTERED}"
_FITTED_ON_FOLDS = f"the fold models' predictions that the figures are measured on, so that {_FLATTERED}"


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Items of the classes; of auxiliary classes that their scorers have learnt, and of those that theirs have not; in
    words which the first are. No item is scored by weights that have learnt from its source video.
    """

    own: Assigned
    seen: Assigned
    unseen: Assigned
    protocol: str
    notes: tuple[str, ...] = ()

    def predict(
        self,
        spec: ClipSpec,
        skip_bad: bool,
        synthetic_ood: bool,
        views: Views | None = None,
        read: ReadClip = read_clip,
    ) -> Predictions:
        """Predict all items and, if so wanted, clips that code draws. Raises `TrainingError`."""
        views = views or Views()
        scores = score(self.own.engine_of, spec, self.own.data, skip_bad, views, read)
        ood: dict[str, OodOutputs] = {}
        for name, part in ((SEEN, self.seen), (UNSEEN, self.unseen)):
            if len(part.data):
                ood[name], skipped = predict_ood(part.engine_of, spec, part.data, skip_bad, views, read)
                scores.skipped.extend(skipped)
        if synthetic_ood:
            ood[_SYNTHETIC] = predict_synthetic_ood(self.own.engine_of, spec)
        return Predictions(scores, ood)


def scored_set(dataset: OpenDataset, scorers: Sequence[Scorer], part: Part | None = None) -> EvaluationSet:
    """Return what evaluation scores of a data set, without items that all scorers have learnt from.

    Raises:
        TrainingError: no item is left.
    """
    data, protocol, notes = dataset.scored(part)
    own, (scored, everything) = assign(data, scorers), dataset.ood(part)
    if not len(own.data):
        raise TrainingError(
            f"the weights have learnt from the source videos of all {len(data)} items; --card recomputes what a release"
            " was measured by, --run scores runs that left some out, and --data may name other data"
        )
    seen, unseen = _seen(scored, scorers), _unseen(everything, scorers)
    left_out = (*_left_out("items", data, scorers), *_left_out("items of auxiliary classes", scored, scorers))
    return EvaluationSet(own, seen, unseen, protocol, (*notes, *left_out, *_incomplete(scorers)))


def held_out_set(config: Config, split: Split, folds: Collection[int], scorers: Sequence[Scorer]) -> EvaluationSet:
    """Return what a run held out or, with fold models as the scorers, all items of their folds. Raises `TrainingError`.

    Items of a leaky protocol are scored although their source videos were learnt from, as the protocol's words say.
    """
    unseen = _unseen(_beside_classes(config), scorers)
    if split.leaky:
        engine_of = one_engine(scorers[0].engine)
        own, seen = Assigned(split.validation, engine_of), Assigned(_real(split.auxiliary), engine_of)
        return EvaluationSet(own, seen, unseen, split.protocol)
    data, auxiliary = _of_folds(split, folds, config.data) if folds else (split.validation, split.auxiliary)
    own, seen = Assigned(data, engine_without(scorers)), _seen(auxiliary, scorers)
    return EvaluationSet(own, seen, unseen, out_of_fold(split.protocol, folds) if folds else split.protocol)


def calibrate(scores: Scores, known_score: KnownScore, folds: Collection[int]) -> Calibration:
    """Fit temperature and thresholds on predictions of held-out items, which may be those of fold models."""
    truth, video = np.asarray(scores.data.targets), SourceVideos(scores.data.groups).of_item
    temperature = fit_temperature(scores.logits, scores.data.targets)
    candidates = candidate_scores(scores.outputs, len(scores.data.classes), temperature)
    return Calibration(
        temperature=temperature,
        known_score=known_score,
        known_threshold=fit_threshold(candidates[known_score]),
        answer_set_thresholds=fit_thresholds(mean_probabilities(scores.logits, temperature), truth, video),
        fitted_on=_FITTED_ON_FOLDS if folds else _FITTED_ON,
    )


def measure_predictions(predictions: Predictions, calibration: Calibration, protocol: str) -> Evaluation:
    """Compute all figures of predictions, with a model's temperature and thresholds."""
    real = {name: found for name, found in predictions.ood.items() if name != _SYNTHETIC}
    drawn = by_kind(predictions.ood[_SYNTHETIC]) if _SYNTHETIC in predictions.ood else {}
    scores = predictions.scores
    ood = score_ood(real | drawn, len(scores.data.classes), calibration.temperature)
    return evaluate(scores, calibration, protocol, ood)


def out_of_fold(protocol: str, folds: Collection[int]) -> str:
    """Say the protocol in words, of items of these folds that fold models have scored."""
    numbers = f"fold{'s' if len(folds) > 1 else ''} {', '.join(str(fold) for fold in sorted(folds))}"
    return f"{protocol.partition(':')[0]}: {numbers}, each item by a model that was trained without its fold"


def _left_out(what: str, data: DataSet, scorers: Sequence[Scorer]) -> Iterator[str]:
    """Say how many items all scorers have learnt from."""
    if missing := len(data) - len(assign(data, scorers).data):
        yield f"left out {missing} of {len(data)} {what}: of source videos that the weights learnt from"


def _incomplete(scorers: Sequence[Scorer]) -> Iterator[str]:
    """Say whose weights may have learnt from more than is known."""
    for scorer in scorers:
        if not scorer.complete:
            yield f"{scorer.name} does not tell all that it has learnt from; some of it may be among these items"


def _seen(data: DataSet, scorers: Sequence[Scorer]) -> Assigned:
    """Return the items of auxiliary classes that were learnt, but not from these source videos."""
    return assign(_real(data), scorers, is_new_of_known_class)


def _unseen(data: DataSet, scorers: Sequence[Scorer]) -> Assigned:
    """Return the items of auxiliary classes that were not learnt."""
    return assign(_real(data), scorers, is_of_new_class)


def _real(data: DataSet) -> DataSet:
    """Return the items without stills that code drew: clips that it draws are a set of their own."""
    return data.where(lambda item: item.label != DRAWN)


def _of_folds(split: Split, folds: Collection[int], data: DataConfig) -> tuple[DataSet, DataSet]:
    """Return the items of some folds: those of the classes, and those of auxiliary classes."""
    items = of_folds(split.training, folds)

    def of(names: tuple[str, ...]) -> DataSet:
        return DataSet(items.where(lambda item: item.label in names).items, names)

    return of(data.classes), of(data.auxiliary)


def _beside_classes(config: Config) -> DataSet:
    """Return all items of classes beside the run's own, if it was trained on auxiliary ones."""
    data = config.data
    return open_dataset(replace(data, auxiliary=("all",) if data.auxiliary else (), unseen=())).ood().everything
