import numpy as np

from benchmarks.motion import Answers, colors, nearest, table


def test_a_histogram_knows_colours_and_not_places() -> None:
    rng = np.random.default_rng(0)
    clip = rng.integers(0, 256, (2, 8, 8, 3), np.uint8)
    shuffled = rng.permutation(clip.reshape(-1, 3)).reshape(clip.shape)
    assert np.allclose(colors(clip), colors(shuffled))
    assert np.isclose((colors(clip) ** 2).sum(), 1)
    assert not np.allclose(colors(clip), colors(255 - clip))


def test_the_nearest_neighbour_is_the_clip_itself() -> None:
    clips = np.random.default_rng(0).integers(0, 256, (5, 2, 8, 8, 3), np.uint8)
    rows = np.stack([colors(clip) for clip in clips])
    assert nearest(rows, rows[[3, 1]]).tolist() == [3, 1]


def test_the_table_tells_who_is_better_and_whether_by_chance() -> None:
    groups = [str(n) for n in range(40)]
    always, never, half = np.ones(40, bool), np.zeros(40, bool), np.arange(40) % 2 == 0
    shown = table([Answers(always, half, never, groups)], 4)
    assert "chance is 25.0%" in shown
    assert "| mean of its ten single frames | 50.0%" in shown
    assert "+100.0% (+100.0% to +100.0%) | 0.000" in shown
    same = table([Answers(half, half, half, groups)], 4)
    assert same.count("+0.0% (+0.0% to +0.0%) | 1.0000") == 2
