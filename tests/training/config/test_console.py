"""What rooms log is what people read on standard output, once, however often a command asks for it."""

import logging
from collections.abc import Iterator

import pytest

from training.config.console import show_log


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    logger = logging.getLogger("training")
    level = logger.level
    yield
    logger.setLevel(level)


def test_lines_are_plain_and_warnings_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    show_log()
    show_log()
    logger = logging.getLogger("training.cache.build")
    logger.info("decoding 100 % of it")
    logger.warning("half of it is missing")
    assert capsys.readouterr().out == "decoding 100 % of it\nwarning: half of it is missing\n"


def test_processes_that_do_not_lead_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    show_log()
    show_log(logging.ERROR)
    logging.getLogger("training.run").warning("said by the leading process")
    assert capsys.readouterr().out == ""
