"""`videoxception nets`: a row for each architecture."""

import re
from dataclasses import replace

import pytest
import torch

from training.recipes import recipe
from videoxception import nets
from videoxception.cli import main
from videoxception.cli.exit_codes import OK, USAGE
from videoxception.nets.registry import ARCHITECTURES, info


def run(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def test_nets_lists_architectures_with_their_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nets") == OK
    said = capsys.readouterr().out
    assert re.search(r"fr2d_18 +11,381,712 +27\.60 +16 x 112 x 112 +none +Tran et al\., arXiv 1711\.11248", said)
    assert re.search(r"videoxception-d +[\d,]+ +4\.31 +5 x 260 x 260 +imagenet", said)
    table = said.partition("\n\n")[0].splitlines()
    assert len(table) == 1 + len(ARCHITECTURES)  # none is folded
    assert all(line.rstrip().endswith(info(line.split()[0]).source) for line in table[1:])


def test_a_narrow_terminal_gets_no_cut_sources(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    assert run("nets") == OK
    table = capsys.readouterr().out.partition("\n\n")[0].splitlines()
    assert len(table) == 1 + len(ARCHITECTURES)
    assert not any("arXiv" in line or "…" in line for line in table)


@pytest.mark.parametrize("name", ["videoxception-c", "r3d_18", "eco_lite", "mini_vivit_tiny", "lite0_transformer"])
def test_arguments_are_named_as_the_trainer_takes_them(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nets", name) == OK
    said = re.search(r"--architecture-args (\S+)", capsys.readouterr().out)
    assert said is not None
    config = replace(recipe("default", name), architecture_args=said[1])
    with torch.device("meta"):
        nets.create(name, 2, **config.architecture_arguments)


def test_an_architecture_without_arguments_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nets", "s3d") == OK
    assert re.search(r"arguments +none", capsys.readouterr().out)


def test_what_a_network_is_shown_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nets", "eco_lite", "two_stream", "r3d_18") == OK
    said = capsys.readouterr().out
    assert "BGR; (byte - mean) / std, mean (104, 117, 123), std (1, 1, 1)" in said
    assert "11 frames, every 0.04 s around the middle of the video" in said
    assert "RGB; (byte / 255 - mean) / std, mean (0.5, 0.5, 0.5)" in said
    assert "scaled to 128 x 171, the middle 112 x 112 cut out" in said
    assert "--pretrained kinetics, --pretrained FILE" in said


def test_an_unknown_architecture_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nets", "resnet") == USAGE
    assert "error: no architecture is called 'resnet'" in capsys.readouterr().err
