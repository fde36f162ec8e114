import numpy as np
import pytest

from training.evaluation.bootstrap import SourceVideos, flipped_sums, p_value, two_sided


def test_sums_and_means_are_by_source_video() -> None:
    videos = SourceVideos(["b", "a", "b"])
    assert videos.sums(np.array([1.0, 10.0, 100.0])).tolist() == [10, 101]
    means = videos.means(np.array([1.0, 10.0, 100.0]))
    assert set(np.round(means, 6)) == {10.0, 50.5, round(111 / 3, 6)}  # a twice, b twice, or each once


def test_resamples_without_a_member_are_left_out() -> None:
    videos = SourceVideos(["a", "b"])
    means = videos.means(np.array([1.0, 0.0]), np.array([True, False]))
    assert set(means) == {1.0}
    assert 0 < len(means) < 2000


def test_few_source_videos_are_flipped_in_every_way() -> None:
    assert sorted(flipped_sums(np.array([[1.0], [2.0], [0.0]]))[:, 0]) == [-3, -1, 1, 3]


def test_the_first_is_the_one_observed() -> None:
    for rows in (3, 40):
        sums = np.arange(1.0, rows + 1)[:, None]
        assert flipped_sums(sums)[0, 0] == sums.sum()


def test_drawn_flips_agree_with_all_of_them() -> None:
    few = np.array([3.0, -1, 2, 4, -2, 1, 1, -3, 2, 1, 2, 1])[:, None]
    exact = p_value(np.abs(flipped_sums(few))[:, 0])
    # The same values, and some too small to matter that make the ways too many to go through.
    many = np.concatenate([few, np.full((10, 1), 1e-12)])
    assert p_value(np.abs(flipped_sums(many))[:, 0]) == pytest.approx(exact, abs=0.02)


def test_nothing_to_flip_is_no_evidence() -> None:
    assert p_value(np.abs(flipped_sums(np.zeros((5, 1))))[:, 0]) == 1


def test_a_gain_in_every_source_video_by_hand() -> None:
    assert two_sided(np.full(6, 2.0)) == pytest.approx(2 / 2**6, abs=1e-4)  # all six up, or all six down


def test_one_source_video_is_one_piece_of_evidence() -> None:
    assert two_sided(np.array([100.0])) == 1
