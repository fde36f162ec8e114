"""What `model.json` says of a released model: everything needed to serve, check and compare it."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from videoxception.answer_sets import LEVELS
from videoxception.clip import ClipSpec
from videoxception.format1 import upgraded

FORMAT_VERSION = 2
NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Architecture(_Strict):
    """What `nets.create` is called with, the numbers of classes and of auxiliary classes aside."""

    name: str
    arguments: dict[str, int | float | str | bool] = {}


KnownScore = Literal["max_probability", "background"]
"""The score that says whether a clip shows one of the classes: its largest probability, or the share of the classes
against the background, which only a model with auxiliary classes has."""


def _descending(thresholds: list[float]) -> list[float]:
    if any(later > earlier for earlier, later in pairwise(thresholds)):
        raise ValueError("the thresholds of answer sets must not rise with the coverage")
    return thresholds


Thresholds = Annotated[list[Share], Field(min_length=len(LEVELS), max_length=len(LEVELS)), AfterValidator(_descending)]
"""The least probability of a class that is in the answer set, for each coverage of `answer_sets.LEVELS`."""


class Calibration(_Strict):
    """How logits become honest probabilities, and when an answer counts as one of the classes.

    Logits are divided by `temperature` before the softmax. A clip is "known" if its score is at least
    `known_threshold`; `known_score` names the score, which `answer.answer` computes. `fitted_on` says in words
    which data temperature and thresholds were fitted on. Older releases have no thresholds of answer sets.
    """

    temperature: Positive
    known_score: KnownScore = "max_probability"
    known_threshold: Share
    answer_set_thresholds: Thresholds | None = None
    fitted_on: str


Interval = tuple[float, float]
"""The 95 % interval of a figure, from resampling whole source videos."""


class ClassFigure(_Strict):
    """One class's share of the data, and its top-1 with an interval (None without data).

    The interval says nothing if all items of the class are of one source video.
    """

    n: int
    source_videos: int | None = None  # None in the oldest releases
    top1: float | None
    interval: Interval | None


class CalibrationError(_Strict):
    """The expected calibration error, and how much of it is chance.

    `corrected` is `measured` less its bias, and `interval` belongs to it. `floor` is what a perfectly calibrated model
    of the same confidences would show on average if every item were by itself; `floor_by_video`, if the items of a
    source video were right or wrong together.
    """

    measured: float
    corrected: float
    interval: Interval
    floor: float
    floor_by_video: float


class ProbabilityFigures(_Strict):
    """What probabilities are worth that were made with some temperatures: one, or one for each part of the data."""

    temperatures: list[Positive]
    nll: float
    brier: float
    intervals: dict[str, Interval]
    ece: CalibrationError


class Reliability(_Strict):
    """The same logits with the released temperature, with none, and with one fitted on other source videos, in turns.

    The last is None if there is one source video only.
    """

    released: ProbabilityFigures
    without: ProbabilityFigures
    cross_fitted: ProbabilityFigures | None


class Comparison(_Strict):
    """Top-1 of a baseline, and the model's gain over it: a difference of fractions, paired clip by clip."""

    top1: float
    interval: Interval
    gain: float
    gain_interval: Interval


class Baselines(_Strict):
    """The same model shown single frames, each repeated: the mean over all of a clip, and the middle one alone."""

    mean_of_frames: Comparison
    middle_frame: Comparison


class Separation(_Strict):
    """How well a score tells OOD videos from true actions.

    `auroc` is how often a true action scores higher than one of them, a tie counting half. `turned_away` is the share
    of them below the threshold that keeps 95 % of the true actions at hand; for its interval that threshold is fixed.
    """

    auroc: Share
    interval: Interval
    turned_away: Share
    turned_away_interval: Interval


class OodFigures(_Strict):
    """Videos that show none of the classes, and how well each score detects them."""

    n: int
    source_videos: int
    by_score: dict[str, Separation]


class Known(_Strict):
    """How well a model detects that a video shows none of its classes (OOD).

    `score` is the one it goes by, and `kept` the share of true actions that its released threshold keeps. `ood`
    is named in words: classes seen in training, classes never seen, and kinds of synthetic OOD input.
    """

    score: KnownScore
    kept: Share
    kept_interval: Interval
    ood: dict[str, OodFigures]


class ClassSets(_Strict):
    """The answer sets of one class's items: how often the class is in them, and how many classes are on average."""

    coverage: Share
    mean_size: float


class SetFigures(_Strict):
    """How often the true class is in the answer set, how many classes are on average, and how often one alone.

    Each source video counts once. Intervals hold the thresholds fixed. `per_class` has the classes with items.
    """

    coverage: Share
    coverage_interval: Interval
    mean_size: float
    mean_size_interval: Interval
    singletons: Share
    per_class: dict[str, ClassSets]


class AnswerSets(_Strict):
    """What answer sets are worth at one coverage that is `asked` for.

    `released` is of the released temperature and thresholds; `cross_fitted`, of those that were fitted on other source
    videos, in turns: None if there is one source video only.
    """

    asked: Share
    released: SetFigures
    cross_fitted: SetFigures | None


class Metrics(_Strict):
    """Figures of a model on data that its weights were not trained on.

    Top-1 and top-5 are fractions; nll is in nats; brier sums over the classes; ece has 15 bins of equal width.
    `intervals` has one for each of the five; that of ece is the middle of what resamples show, which is biased upwards:
    `reliability` has the corrected one. `confusion` has a row for each true class, in class order. `baselines` are
    None for stills, whose frames are all one. The oldest releases have neither of these. `known` is there if videos
    of something else were scored too, and `answer_sets` if the model has thresholds for them.
    """

    protocol: str
    n: int
    source_videos: int
    top1: float
    top5: float
    nll: float
    brier: float
    ece: float
    intervals: dict[str, Interval]
    per_class: dict[str, ClassFigure]
    confusion: list[list[int]]
    views: int = 1
    reliability: Reliability | None = None
    baselines: Baselines | None = None
    known: Known | None = None
    answer_sets: AnswerSets | None = None


class Golden(_Strict):
    """Answers that every engine must reproduce: logits for clips drawn by `golden.draw`, no footage.

    `tolerance` is the largest absolute difference of a logit, by precision.
    """

    seed: int
    logits: list[list[float]] = Field(min_length=1)
    tolerance: dict[Literal["f32", "bf16", "int8"], Positive]


class Agreement(_Strict):
    """How near the answers of the int8 graph are to those in f32, over `n` clips.

    `equal_labels` is the share of clips with the same label. A clip's change is that of the probability that changes
    most: half of the clips change less than `change_median`, and 99 % less than `change_p99`. `passed` says whether the
    graph is served where no precision is asked for.
    """

    n: int
    equal_labels: Share
    change_median: Share
    change_p99: Share
    passed: bool


class Cost(_Strict):
    """What the network costs, whichever machine runs it: `multiply_adds` of one clip, in convolutions and products."""

    parameters: Annotated[int, Field(ge=0)]
    multiply_adds: Annotated[int, Field(ge=0)]


class Provenance(_Strict):
    """Where the weights come from. `pretrained` says which published weights training began with, and their licence."""

    trained_on: str
    saw_all_groups: bool
    epoch_rule: str
    recipe: dict[str, object]
    seed: int
    data_fingerprint: str
    code_revision: str
    libraries: dict[str, str]
    pretrained: str = ""


class Manifest(_Strict):
    """The whole of `model.json`.

    `auxiliary` are classes that the network has learnt beside its own, in the order of its outputs, which no answer
    names: served, they are one logit, the background. `folds` are those of a cross-validation: if there are any,
    calibration and metrics are of fold models (the same recipe, each trained without its fold), and the released
    weights were trained on all folds.
    """

    format_version: Literal[2] = 2
    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    version: Annotated[int, Field(ge=1)]
    architecture: Architecture
    classes: list[str] = Field(min_length=2)
    auxiliary: list[str] = []
    folds: list[int] = []
    clip: ClipSpec
    files: dict[str, Sha256]
    calibration: Calibration
    metrics: Metrics | None
    golden: Golden
    int8: Agreement | None = None  # None without an int8 graph
    cost: Cost | None = None  # None in releases of before it was counted
    provenance: Provenance

    @model_validator(mode="before")
    @classmethod
    def _upgraded(cls, fields: object) -> object:
        return upgraded(fields) if isinstance(fields, dict) and fields.get("format_version") == 1 else fields

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Manifest":
        named = [*self.classes, *self.auxiliary]
        if len(set(named)) != len(named):
            raise ValueError("a class is named twice")
        if any(len(row) != self.outputs for row in self.golden.logits):
            background = ", and one for the background" if self.auxiliary else ""
            raise ValueError(f"the golden answers do not have one logit a class{background}")
        if self.calibration.known_score == "background" and not self.auxiliary:
            raise ValueError("the known score is the background's, but the network has learnt no auxiliary classes")
        return self

    @property
    def outputs(self) -> int:
        """Logits of a clip, as every engine gives them: one a class and, with auxiliary ones, the background last."""
        return len(self.classes) + bool(self.auxiliary)
