import os
from pathlib import Path

import numpy as np
import pytest

from training.bank.spec import BankSpec
from training.bank.store import Bank, Halves
from training.errors import TrainingError

SPEC = BankSpec(trunk="a", stages=4, size=32, shape=(2, 3), augmentation="b")
ITEMS = [bytes([number] * 16) for number in range(3)]


def record(number: int) -> Halves:
    return np.full((1, 2, 3), number, np.float16)


def fill(root: Path, items: list[bytes]) -> Bank:
    bank = Bank(root, SPEC)
    with bank.writing() as writer:
        for item in items:
            for view in bank.missing(item, 2):
                writer.add(item, [view], record(10 * item[0] + view))
    return bank


def test_what_was_written_is_read_by_its_key(tmp_path: Path) -> None:
    fill(tmp_path, ITEMS[:2])
    bank = Bank(tmp_path, SPEC)
    assert len(bank) == 4
    rows = bank.rows([(ITEMS[1], 1), (ITEMS[0], 0)])
    assert bank.records()[rows][:, 0, 0].tolist() == [11, 0]
    assert bank.missing(ITEMS[0], 3) == [2]
    assert bank.missing(ITEMS[2], 2) == [0, 1]


@pytest.mark.parametrize(("file", "lost"), [("records.f16", 1), ("keys", 1), ("records.f16", 30)])
def test_what_a_kill_left_half_written_is_done_again(tmp_path: Path, file: str, lost: int) -> None:
    whole = fill(tmp_path / "whole", ITEMS)
    torn = fill(tmp_path / "torn", ITEMS[:2])
    os.truncate(torn.folder / file, (torn.folder / file).stat().st_size - lost)
    again = fill(tmp_path / "torn", ITEMS)
    for name in ("records.f16", "keys"):
        assert (again.folder / name).stat().st_size == (whole.folder / name).stat().st_size
    for item in ITEMS:
        for view in range(2):
            assert again.records()[again.rows([(item, view)])][0, 0, 0] == 10 * item[0] + view


def test_what_fails_while_a_bank_is_written_is_not_laid_at_its_door(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), Bank(tmp_path, SPEC).writing():
        raise FileNotFoundError("a frame")


def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    bank = Bank(tmp_path / "file", SPEC)
    with pytest.raises(TrainingError, match=r"the bank .*/file/.* cannot be written: Not a directory"), bank.writing():
        pass


def test_banks_of_different_stages_lie_apart(tmp_path: Path) -> None:
    other = BankSpec(trunk="a", stages=5, size=32, shape=(2, 3), augmentation="b")
    fill(tmp_path, ITEMS)
    assert len(Bank(tmp_path, other)) == 0
