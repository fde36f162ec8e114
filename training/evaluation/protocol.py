"""The exam that a model sits before it is released: what was held out, who judges that, and all that comes of it."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from training.config.data import DataConfig
from training.data.dataset import DataSet
from training.data.loading import open_dataset
from training.data.splits import Split
from training.data.synthetic_ood import DRAWN
from training.evaluation.assignment import EngineOf, engine_by_fold, engines_in_turn, one_engine
from training.evaluation.calibration import fit_temperature, fit_threshold
from training.evaluation.cross_validation import fold_engines, of_folds
from training.evaluation.ood import SEEN, UNSEEN, OodScores, candidate_scores, score_ood, score_synthetic_ood
from training.evaluation.predictions import Scores, score
from training.evaluation.summary import Evaluation, evaluate, with_known
from training.evaluation.views import Views
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.manifest import Calibration, KnownScore, Manifest
from videoxception.store import Release

_FLATTERED = "nll, brier score and calibration error are a little flattered; top-1 and top-5 do not depend on it"
_FITTED_ON = f"the held-out items that the figures are measured on, so that {_FLATTERED}"
_FITTED_ON_FOLDS = f"what the fold models said to the items that the figures are measured on, so that {_FLATTERED}"


@dataclass(frozen=True, slots=True)
class Exam:
    """Items of the classes, items of other classes that were learnt too, and items of classes that no weights have
    seen, which are strangers; in words which the first are; and who judges the first two, and strangers.
    """

    data: DataSet
    seen: DataSet
    unseen: DataSet
    protocol: str
    engine_of: EngineOf
    engine_of_unseen: EngineOf

    def score_ood(
        self, manifest: Manifest, views: Views, skip_bad: bool, synthetic_ood: bool
    ) -> tuple[dict[str, OodScores], list[str]]:
        """What is said to items of other classes and, if so wanted, to clips that code draws; and skipped files."""
        real = self.seen.where(lambda item: item.label != DRAWN)  # what was drawn is told apart, by its kinds
        told, skipped = score_ood(self.engine_of, manifest, {SEEN: real}, views, skip_bad)
        new, more = score_ood(self.engine_of_unseen, manifest, {UNSEEN: self.unseen}, views, skip_bad)
        drawn = score_synthetic_ood(self.engine_of_unseen, manifest) if synthetic_ood else {}
        return told | new | drawn, skipped + more


@contextmanager
def open_exam(release: Release, split: Split, config: DataConfig) -> Iterator[Exam | None]:
    """The fold models' exam if the release has any, else its own, by the engine that CPUs serve with. None if nothing
    was held out.
    """
    folds = release.manifest.folds
    everything = replace(config, auxiliary=("all",) if config.auxiliary else ())
    unseen = open_dataset(everything).ood(config.auxiliary).unseen
    if folds:
        with fold_engines(release, _engine) as engines:
            own, auxiliary = _apart(of_folds(split.training, folds), release)
            yield Exam(
                own,
                auxiliary,
                unseen,
                out_of_fold(split.protocol, folds),
                engine_by_fold(engines),
                engines_in_turn(engines),
            )
    elif len(split.validation):
        engine_of = one_engine(_engine(release))
        yield Exam(split.validation, split.auxiliary, unseen, split.protocol, engine_of, engine_of)
    else:
        yield None


def sit(exam: Exam, release: Release, skip_bad: bool) -> tuple[Calibration, Evaluation]:
    """Temperature, threshold and all figures. Raises `TrainingError`."""
    manifest, known_score = release.manifest, release.manifest.calibration.known_score
    scores = score(exam.engine_of, manifest.clip, exam.data, skip_bad)
    temperature = fit_temperature(scores.logits, scores.data.targets)
    calibration = Calibration(
        temperature=temperature,
        known_score=known_score,
        known_threshold=_threshold(scores, temperature, known_score),
        fitted_on=_FITTED_ON_FOLDS if manifest.folds else _FITTED_ON,
    )
    evaluation = evaluate(scores, temperature, exam.protocol)
    if not manifest.auxiliary:
        return calibration, evaluation
    manifest = manifest.model_copy(update={"calibration": calibration})
    told, _ = exam.score_ood(manifest, Views(), skip_bad, synthetic_ood=True)
    return calibration, with_known(evaluation, told, calibration)


def out_of_fold(protocol: str, folds: Collection[int]) -> str:
    """The protocol in words, of items of these folds that the fold models have judged."""
    numbers = f"fold{'s' if len(folds) > 1 else ''} {', '.join(str(fold) for fold in sorted(folds))}"
    return f"{protocol.partition(':')[0]}: {numbers}, each item by a model that was trained without its fold"


def _engine(release: Release) -> OpenVINOEngine:
    return OpenVINOEngine(release, "f32")


def _apart(data: DataSet, release: Release) -> tuple[DataSet, DataSet]:
    """The items of the classes, and those of the others."""
    manifest = release.manifest
    own = data.where(lambda item: item.label in manifest.classes).items
    auxiliary = data.where(lambda item: item.label in manifest.auxiliary).items
    return DataSet(own, tuple(manifest.classes)), DataSet(auxiliary, tuple(manifest.auxiliary))


def _threshold(scores: Scores, temperature: float, known_score: KnownScore) -> float:
    return fit_threshold(candidate_scores(scores.outputs, len(scores.data.classes), temperature)[known_score])
