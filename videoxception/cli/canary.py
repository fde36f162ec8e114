"""Judge a new version by live pairs or a labelled set; promote it or roll it back."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from videoxception import bundled
from videoxception.canary.limits import Limits
from videoxception.canary.pairs import CanaryError, Log, read_log
from videoxception.cli.exit_codes import OK, SOME_FAILED, UNDECIDED, USAGE
from videoxception.extras import require

if TYPE_CHECKING:  # it needs an extra, which its own error names
    from videoxception.canary.decide import Judged
    from videoxception.canary.verdict import Finding, Verdict

_STATUS = {"promote": OK, "roll back": SOME_FAILED, "undecided": UNDECIDED}
_OF_COMPARE = {
    "layout": "how the set lies on disk",
    "protocol": "how held-out items are chosen",
    "groups": "FILE:COLUMN, a table with each file's source video",
    "group-pattern": "what its brackets catch in a file's path is its source video",
    "fold": "fold of the --groups table to score",
    "annotations": "folder of list files",
    "split": "which of UCF-101's official splits",
    "part": "train, val or test",
    "device": "cpu, cuda or cuda:N",
}
_ONE_LOOK = (
    "In brackets: 95 % intervals of a single look. Who looks until one pleases errs more often; settle on a number of"
    " pairs first."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception canary`."""
    parser.add_argument(
        "models",
        nargs="*",
        metavar="NAME@V",
        help="the version that answers, and the new one (default: the log's last)",
    )
    parser.add_argument("--log", type=Path, metavar="PATH", help="pairs that a service wrote to its VX_CANARY_LOG")
    _add_limits(parser)
    parser.add_argument("--apply", action="store_true", help="do what is decided, in --store and --candidates")
    parser.add_argument(
        "--store",
        default=os.environ.get("VX_MODEL_STORE", ""),
        metavar="DIR",
        help="the service's model store (default: the variable VX_MODEL_STORE)",
    )
    parser.add_argument(
        "--candidates",
        default=os.environ.get("VX_CANARY_STORE", ""),
        metavar="DIR",
        help="the store that the new version lies in (default: the variable VX_CANARY_STORE)",
    )
    group = parser.add_argument_group("labelled set, as `videoxception compare` takes it")
    group.add_argument("--data", metavar="DIR", help="labelled videos; what either version has learnt from is left out")
    for name, meaning in _OF_COMPARE.items():
        group.add_argument(f"--{name}", metavar="X", help=meaning)
    group.add_argument("--skip-bad", action="store_true", help="go on without files that cannot be read")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    usual = Limits()
    for name, default, meaning in (
        (
            "min-agreement",
            usual.agreement,
            "least share of pairs in which both say the same; with --data it is told only",
        ),
        ("max-known-drop", usual.known_drop, "largest loss of the share that is known"),
        ("max-slowdown", usual.slowdown, "largest factor by which the engine's median and 99th percentile may grow"),
        ("max-top1-drop", usual.top1_drop, "largest loss of top-1 on the labelled set"),
    ):
        parser.add_argument(
            f"--{name}", type=float, default=default, metavar="X", help=f"{meaning} (default: {default})"
        )


def run(options: argparse.Namespace) -> int:
    """Print what was found and the verdict; with --apply, do it."""
    try:
        _check(options)
        limits = Limits(options.min_agreement, options.max_known_drop, options.max_slowdown, options.max_top1_drop)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    require("videoxception canary", "numpy", "cpu")
    from videoxception.canary import decide
    from videoxception.canary.verdict import overall

    log = read_log(options.log, tuple(options.models)) if options.log else None
    base, candidate = (log.models[0], log.models[2]) if log else options.models
    print(f"old: {base}, new: {candidate}", flush=True)  # before the progress of a labelled set
    findings = list(_findings(options, log, base, candidate, limits))
    for finding in findings:
        print(f"{finding.verdict or 'told':<9}  {finding.reason}")
    verdict = overall(findings)
    print(_ONE_LOOK, f"verdict: {verdict}", sep="\n")
    if options.apply and verdict != "undecided":
        print(_apply(options, verdict, decide.Judged(base, candidate, log.models[3] if log else "")))
    return _STATUS[verdict]


def _check(options: argparse.Namespace) -> None:
    """Raise `ValueError` for options that do not go together."""
    if options.log is None and options.data is None:
        raise ValueError("there is nothing to judge by: give --log, --data or both")
    if len(options.models) not in ((0, 2) if options.log else (2,)):
        raise ValueError("name two models, the version that answers and the new one (NAME@1 NAME@2)")
    if any("@" not in model for model in options.models):
        raise ValueError("name the models with their versions (NAME@1 NAME@2)")
    if options.apply and not Path(options.store or "/dev/null").is_dir():
        raise ValueError(f"--apply needs the service's store, a folder, as --store, but got {options.store!r}")


def _findings(
    options: argparse.Namespace, log: Log | None, base: str, candidate: str, limits: Limits
) -> "Iterator[Finding]":
    """Yield what the labelled set says, then what the pairs do."""
    from videoxception.canary.of_labels import judge_labelled, labelled_of
    from videoxception.canary.of_pairs import judge_pairs

    if options.data is not None:
        yield judge_labelled(labelled_of(_compared(options, base, candidate)), limits)
    if log is not None:
        _tell_left_out(log)
        yield from judge_pairs(log.pairs, limits, labelled=options.data is not None)


def _compared(options: argparse.Namespace, base: str, candidate: str) -> str:
    """Return what `videoxception compare --json` prints."""
    require("videoxception canary --data", "torch", "train")
    stores = os.pathsep.join(filter(None, (options.store, options.candidates)))
    arguments = [base, candidate, "--json", "--store", stores, "--data", options.data]
    for name in _OF_COMPARE:
        if (value := getattr(options, name.replace("-", "_"))) is not None:
            arguments += [f"--{name}", value]
    if options.skip_bad:
        arguments.append("--skip-bad")
    status, said = bundled.output_of("training.compare_models", arguments)
    if status:
        raise CanaryError("the models could not be compared on the labelled set; the message above says why")
    return said


def _tell_left_out(log: Log) -> None:
    print(f"{len(log.pairs)} pairs of {log.models[1]} and {log.models[3]} (hashes of their weights)")
    if log.others or log.unreadable:
        print(f"left out: {log.others} pairs of other models, {log.unreadable} lines that are no pairs")


def _apply(options: argparse.Namespace, verdict: "Verdict", judged: "Judged") -> str:
    from videoxception.canary.decide import promote, roll_back

    act = promote if verdict == "promote" else roll_back
    return act(judged, Path(options.store), Path(options.candidates) if options.candidates else None)
