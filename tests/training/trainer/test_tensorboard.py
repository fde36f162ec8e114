import dataclasses
from pathlib import Path

import pytest

from training.trainer.log import EpochReport, append_log, read_log
from training.trainer.tensorboard import open_board


def report(epoch: int) -> EpochReport:
    fields = {field.name: 0.5 for field in dataclasses.fields(EpochReport)}
    return EpochReport(**{**fields, "epoch": epoch, "loss": 1 / epoch, "validation": 0.5 if epoch == 2 else None})


def on_board(run: Path) -> dict[str, list[tuple[int, float]]]:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    board = accumulator.EventAccumulator(str(run / "tensorboard"))
    board.Reload()
    return {tag: [(event.step, event.value) for event in board.Scalars(tag)] for tag in board.Tags()["scalars"]}


def test_a_resumed_run_has_every_epoch_once(tmp_path: Path) -> None:
    with open_board(tmp_path) as show:
        for epoch in (1, 2):
            append_log(tmp_path, report(epoch))
            show(report(epoch))
        append_log(tmp_path, report(3))  # killed here, before the board was told
    with open_board(tmp_path) as show:
        append_log(tmp_path, report(4))
        show(report(4))
    shown = on_board(tmp_path)
    assert shown["training/loss"] == [(epoch, pytest.approx(1 / epoch)) for epoch in (1, 2, 3, 4)]
    assert shown["held-out/top-1"] == [(2, 0.5)]


def test_without_tensorboard_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with open_board(tmp_path) as show:
        show(report(1))
    assert not list(tmp_path.iterdir())


def test_a_log_is_read_past_a_line_cut_short(tmp_path: Path) -> None:
    for epoch in (2, 1, 2):
        append_log(tmp_path, report(epoch))
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"epoch": 3, "lo')
    assert [entry["epoch"] for entry in read_log(tmp_path)] == [1, 2]
    assert read_log(tmp_path / "elsewhere") == []
