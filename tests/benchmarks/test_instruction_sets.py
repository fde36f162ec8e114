from pathlib import Path

import numpy as np

from benchmarks.instruction_sets import Row, chosen_files, table, write_clips
from tests.shipped import SHIPPED
from tests.videos import make_video


def test_sets_that_the_cpu_lacks_are_not_measured() -> None:
    row = Row("AVX2", "int8", 34.84, 0.995, 0.0123, 0.07)
    lines = table(SHIPPED, [row]).splitlines()
    assert lines[2] == "| AVX2 | int8 | 34.8 | 99.5% | 0.0123 | 0.0700 |"
    assert len(lines) == 2 + 6
    assert "| AVX512_CORE_AMX | | not measured | | | |" in lines


def test_clips_are_the_golden_ones_and_those_of_the_files(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        make_video(tmp_path / name, frames=3)
    (tmp_path / "notes.txt").write_text("no video")
    files = chosen_files(tmp_path, 2)
    assert [path.name for path in files] == ["a.mp4", "b.mp4"]
    write_clips(SHIPPED, files, tmp_path / "clips.npy")
    known = len(SHIPPED.manifest.golden.logits)
    assert np.load(tmp_path / "clips.npy").shape == (known + 2, *SHIPPED.manifest.clip.shape)
