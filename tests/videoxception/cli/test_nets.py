"""`videoxception nets`: a row for each architecture."""

import re

import pytest

from videoxception.cli import main
from videoxception.cli.exit_codes import OK, USAGE


def run(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def test_nets_lists_architectures_with_their_cost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run("nets", "fr2d_18", "videoxception-d") == OK
    said = capsys.readouterr().out
    assert re.search(r"fr2d_18 +11,381,712 +27\.60 +16 x 112 x 112 +none +yes +Tran et al\., arXiv 1711\.11248", said)
    assert re.search(r"videoxception-d +[\d,]+ +4\.31 +5 x 260 x 260 +imagenet", said)


def test_an_unknown_architecture_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nets", "resnet") == USAGE
    assert "error: no architecture is called 'resnet'" in capsys.readouterr().err
