"""Verdicts of pairs and of labelled sets, by what was planted."""

import json

import pytest

from tests.videoxception.canary.planted import NEW, OLD, planted, side
from videoxception.canary.intervals import Estimate
from videoxception.canary.limits import Limits
from videoxception.canary.of_labels import Labelled, judge_labelled, labelled_of
from videoxception.canary.of_pairs import judge_pairs
from videoxception.canary.pairs import CanaryError, Pair
from videoxception.canary.verdict import Figure, Finding, judge, overall

LIMITS = Limits()


def verdicts(findings: list[Finding]) -> dict[str, str | None]:
    return {finding.figure.split(",")[0]: finding.verdict for finding in findings}


def test_an_equal_version_is_promoted_by_many_pairs() -> None:
    findings = judge_pairs(planted(1500), LIMITS)
    assert overall(findings) == "promote"
    assert [finding.verdict for finding in findings].count("promote") == 4
    assert all("to" in finding.reason for finding in findings)


def test_an_equal_version_is_undecided_by_few_pairs_which_say_how_many_are_needed() -> None:
    findings = judge_pairs(planted(20), LIMITS)
    assert overall(findings) == "undecided"
    assert verdicts(findings) == {
        "agreement": "undecided",
        "change of the share that is known": "undecided",
        "median time of the engine": "undecided",
    }
    assert "more pairs are needed: about" in findings[0].reason
    assert "needs 30 pairs at least, and there are 20" in findings[2].reason


def test_equal_means_do_not_hide_labels_that_differ() -> None:
    """Confidence, known rate and time are those of an equal version, but every fifth label is another."""
    pairs = planted(600, disagree=0.2)
    assert sum(p.canary.confidence - p.default.confidence for p in pairs) == 0
    findings = judge_pairs(pairs, LIMITS)
    assert overall(findings) == "roll back"
    assert [finding.figure for finding in findings if finding.verdict == "roll back"] == ["agreement"]
    assert "labels alone can tell (--data)" in findings[0].reason


def test_an_estimate_on_the_good_side_is_no_proof() -> None:
    findings = judge_pairs(planted(600, disagree=0.04), LIMITS)
    assert "agreement: 95.3 %" in findings[0].reason
    assert findings[0].verdict == "undecided"


@pytest.mark.parametrize(
    ("wrong", "figure"),
    [({"lost": 0.08}, "change of the share that is known"), ({"slower": 1.5}, "median time of the engine")],
)
def test_what_is_lost_or_slower_is_rolled_back(wrong: dict[str, float], figure: str) -> None:
    findings = judge_pairs(planted(1500, **wrong), LIMITS)
    assert overall(findings) == "roll back"
    assert verdicts(findings)[figure] == "roll back"
    assert verdicts(findings)["agreement"] == "promote"


def test_a_slow_tail_is_found_though_the_median_is_equal() -> None:
    pairs = planted(2000)
    slow = [
        p.model_copy(update={"canary": p.canary.model_copy(update={"ms": 40.0})}) if k % 33 == 0 else p
        for k, p in enumerate(pairs)
    ]
    median, tail = judge_pairs(slow, LIMITS)[-2:]
    assert (median.verdict, tail.verdict) == ("promote", "roll back")


def test_both_unknown_is_agreement_and_one_unknown_with_another_label_is_not() -> None:
    unknown, known = side(OLD, "Punch", 0.3, known=False), side(NEW, "Bowling", 0.9)
    assert Pair(default=unknown, canary=side(NEW, "Bowling", 0.2, known=False)).agree
    assert not Pair(default=unknown, canary=known).agree
    assert Pair(default=unknown, canary=side(NEW, "Punch", 0.9)).agree


def test_labels_decide_in_place_of_agreement() -> None:
    findings = judge_pairs(planted(1500, disagree=0.2), LIMITS, labelled=True)
    assert findings[0].verdict is None
    assert overall(findings) == "promote"


def test_confidence_decides_nothing() -> None:
    pairs = [p.model_copy(update={"canary": p.canary.model_copy(update={"confidence": 0.5})}) for p in planted(1500)]
    findings = judge_pairs(pairs, LIMITS)
    assert overall(findings) == "promote"
    (confidence,) = [finding for finding in findings if finding.verdict is None]
    assert confidence.reason.startswith("change of mean confidence: -0.2")


def labelled(mean: float, low: float, high: float, p: float, videos: int = 400) -> str | None:
    return judge_labelled(Labelled(Estimate(mean, low, high), p, 3 * videos, videos), LIMITS).verdict


def test_a_labelled_set_decides_by_its_paired_test() -> None:
    assert labelled(0.01, -0.01, 0.03, 0.4) == "promote"
    assert labelled(-0.05, -0.08, -0.02, 0.001) == "roll back"
    assert labelled(-0.01, -0.03, 0.01, 0.4) == "undecided"
    assert labelled(-0.05, -0.09, 0.0, 0.06) == "undecided"
    assert labelled(-0.01, -0.015, -0.005, 0.01) == "promote"  # worse, and within the limit


def test_a_labelled_set_too_small_to_show_a_loss_proves_nothing() -> None:
    assert labelled(0.0, 0.0, 0.0, 1.0, videos=149) == "undecided"
    few = judge_labelled(Labelled(Estimate(0.0, 0.0, 0.0), 1.0, 30, 10), LIMITS)
    assert few.reason.endswith("150 source videos at least are needed to exclude a loss of 2.0 points")
    assert labelled(0.0, 0.0, 0.0, 1.0, videos=150) == "promote"
    assert labelled(-0.5, -0.7, -0.3, 0.001, videos=20) == "roll back"


def test_what_compare_prints_is_read() -> None:
    said = {"items": 9, "videos": 3, "figures": {"top1": {"mean": 0.1, "interval": [0.0, 0.2], "p_videos": 0.25}}}
    assert labelled_of(json.dumps(said)) == Labelled(Estimate(0.1, 0.0, 0.2), 0.25, 9, 3)
    with pytest.raises(CanaryError, match="did not answer as expected"):
        labelled_of("{}")


def test_how_many_pairs_are_needed_goes_by_the_square_of_the_distance() -> None:
    finding = judge(Figure("it"), Estimate(0.96, 0.94, 0.98), 0.95, 100, at_least=True)
    assert finding.reason.endswith("about 400 in all")
    near = judge(Figure("it"), Estimate(0.95, 0.94, 0.96), 0.95, 100, at_least=True)
    assert near.reason.endswith("more pairs would hardly tell")


def test_one_bad_finding_is_enough_and_none_is_no_promotion() -> None:
    good, open_, bad, told = (Finding("", verdict, "") for verdict in ("promote", "undecided", "roll back", None))
    assert overall([good, open_, bad]) == "roll back"
    assert overall([good, open_]) == "undecided"
    assert overall([good, told]) == "promote"
    assert overall([told]) == "undecided"


def test_limits_that_mean_nothing_are_named() -> None:
    with pytest.raises(ValueError, match="--min-agreement must be from 0 to 1, but got 95"):
        Limits(agreement=95)
