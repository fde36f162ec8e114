import math

import numpy as np
import pytest

from videoxception.answer import answer, probabilities, share_of_classes
from videoxception.answer_sets import LEVELS, CoverageError
from videoxception.manifest import Manifest
from videoxception.store import Release


def test_probabilities_are_a_softmax_at_a_temperature() -> None:
    logits = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]], np.float32)
    rows = probabilities(logits, 2.0)
    assert rows[0] == pytest.approx(np.exp([0.5, 1.0, 1.5]) / np.exp([0.5, 1.0, 1.5]).sum())
    assert rows[1] == pytest.approx([1, 0, 0])


def without_background(release: Release) -> Manifest:
    """The shipped model's manifest, as it would be had the network learnt its own classes alone."""
    fields = release.manifest.model_dump() | {"auxiliary": []}
    fields["calibration"] |= {"known_score": "max_probability", "known_threshold": 0.3, "answer_set_thresholds": None}
    fields["golden"]["logits"] = [row[:16] for row in fields["golden"]["logits"]]
    return Manifest.model_validate(fields)


def test_an_answer_has_all_classes_in_order_and_sums_to_one(release: Release) -> None:
    logits = np.linspace(-3, 3, 16)
    said = answer(without_background(release), logits)
    assert list(said.probabilities) == release.manifest.classes
    assert sum(said.probabilities.values()) == pytest.approx(1)
    assert said.label == "TennisSwing"
    assert said.confidence == said.known_score == max(said.probabilities.values())


def test_an_answer_below_the_threshold_is_not_known(release: Release) -> None:
    manifest = without_background(release)
    assert answer(manifest, np.eye(16)[3] * 100).known
    assert not answer(manifest, np.zeros(16)).known


def with_background(release: Release, threshold: float) -> Manifest:
    """The shipped model's manifest, as it would be had the network learnt two other classes."""
    fields = without_background(release).model_dump()
    fields["auxiliary"] = ["Knitting", "YoYo"]
    fields["calibration"] |= {"known_score": "background", "known_threshold": threshold}
    fields["golden"]["logits"] = [[*row, 0.0] for row in fields["golden"]["logits"]]
    return Manifest.model_validate(fields)


def test_the_background_tells_what_is_none_of_the_classes(release: Release) -> None:
    manifest, logits = with_background(release, 0.5), np.append(np.eye(16)[3] * 9, 4.0)
    sure, unsure = answer(manifest, logits), answer(manifest, np.append(logits[:16], 14.0))
    assert sure.probabilities == unsure.probabilities  # which are of the 16 alone
    assert len(sure.probabilities) == 16
    assert sure.known
    assert not unsure.known
    assert unsure.label == sure.label == release.manifest.classes[3]
    everything = np.exp(logits)
    assert sure.known_score == pytest.approx(everything[:16].sum() / everything.sum())


def test_the_share_of_the_classes_stays_a_number() -> None:
    far = share_of_classes(np.array([[5000.0, 0.0], [-5000.0, 0.0]]), np.array([-5000.0, 5000.0]))
    assert far == pytest.approx([1, 0])


def with_thresholds(release: Release, thresholds: list[float] | None = None) -> Manifest:
    """The shipped model's manifest, as it would be with a threshold of 1 - coverage for every answer set."""
    fields = without_background(release).model_dump()
    fields["calibration"] |= {"answer_set_thresholds": thresholds or [1 - level for level in LEVELS]}
    return Manifest.model_validate(fields)


def test_the_answer_set_begins_with_the_label_and_grows_with_the_coverage(release: Release) -> None:
    manifest = with_thresholds(release)
    temperature, classes = manifest.calibration.temperature, manifest.classes
    logits = temperature * np.log(np.array([0.04, 0.31, 0.54, *[0.11 / 13] * 13]))
    assert answer(manifest, logits, 0.5).answer_set == (classes[2],)
    assert answer(manifest, logits, 0.7).answer_set == (classes[2], classes[1])
    assert answer(manifest, logits).answer_set == (classes[2], classes[1])
    assert answer(manifest, logits, 0.97).answer_set == (classes[2], classes[1], classes[0])
    assert answer(manifest, logits, 0.999).answer_set == (classes[2], classes[1], classes[0], *classes[3:])


def test_the_answer_set_has_the_label_however_unsure_the_model_is(release: Release) -> None:
    said = answer(with_thresholds(release), np.zeros(16), 0.5)  # every probability is below the threshold
    assert said.answer_set == (said.label,)
    assert not said.known


def test_coverage_changes_nothing_but_the_answer_set(release: Release) -> None:
    logits = np.linspace(-3, 3, 16)
    low, high = (answer(with_thresholds(release), logits, coverage) for coverage in (0.5, 0.999))
    assert low.answer_set != high.answer_set
    for name in ("label", "confidence", "known", "known_score", "probabilities"):
        assert getattr(low, name) == getattr(high, name)


def test_a_release_without_thresholds_has_no_answer_set(release: Release) -> None:
    assert answer(without_background(release), np.zeros(16), 0.99).answer_set is None


@pytest.mark.parametrize("coverage", [0.4, 1.0, math.nan])
def test_a_bad_coverage_is_refused_by_every_model(release: Release, coverage: float) -> None:
    for manifest in (with_thresholds(release), without_background(release)):
        with pytest.raises(CoverageError, match=r"coverage must be from 0\.5 to 0\.999"):
            answer(manifest, np.zeros(16), coverage)


def test_a_manifest_with_impossible_thresholds_is_refused(release: Release) -> None:
    with pytest.raises(ValueError, match="must not rise with the coverage"):
        with_thresholds(release, list(LEVELS))
    with pytest.raises(ValueError, match="at least 500 items"):
        with_thresholds(release, [0.5])


def test_a_manifest_that_disagrees_about_its_background_is_refused(release: Release) -> None:
    plain, whole = without_background(release), with_background(release, 0.5).model_dump()
    with pytest.raises(ValueError, match="learnt no auxiliary"):
        Manifest.model_validate(plain.model_dump() | {"calibration": whole["calibration"]})
    with pytest.raises(ValueError, match="one logit a class, and one for the background"):
        Manifest.model_validate(whole | {"golden": plain.golden.model_dump()})
    with pytest.raises(ValueError, match="named twice"):
        Manifest.model_validate(whole | {"auxiliary": ["Punch", "YoYo"]})
