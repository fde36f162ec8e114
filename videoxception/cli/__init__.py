"""The `videoxception` command, one file a subcommand."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

import videoxception
from videoxception.bulk.errors import BulkError
from videoxception.canary.pairs import CanaryError
from videoxception.cli import canary, classes, classify, completion, doctor, models, nets, predict, serve, trainer
from videoxception.cli.exit_codes import IMPOSSIBLE, INTERRUPTED, SOME_FAILED
from videoxception.cli.videos import TooMuch
from videoxception.client import ClientError
from videoxception.console import print_any_name
from videoxception.extras import MissingExtra

_COMMANDS = {
    "predict": predict,
    "classify": classify,
    "models": models,
    "nets": nets,
    "classes": classes,
    "serve": serve,
    "canary": canary,
    "doctor": doctor,
    "completion": completion,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a subcommand and exit as exit_codes.py says, with a one-line message for what is impossible."""
    print_any_name()
    options = make_parser().parse_args(arguments)
    sys.exit(_run(options))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands."""
    parser = argparse.ArgumentParser(prog="videoxception", description="Tells which of 16 human actions a video shows.")
    parser.add_argument("--version", action="version", version=version("videoxception"))
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in _COMMANDS.items():
        summary = (module.__doc__ or "").splitlines()[0]
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    trainer.add_commands(subparsers)
    return parser


def _run(options: argparse.Namespace) -> int:
    """Return the exit status of the subcommand."""
    try:
        status: int = options.run(options)
    except BrokenPipeError:  # the reading end is closed, as by `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SOME_FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except (MissingExtra, ClientError, BulkError, TooMuch, CanaryError) as error:
        return _impossible(error)
    except (videoxception.StoreError, videoxception.EngineError) as error:
        return _impossible(error)
    return status


def _impossible(error: Exception) -> int:
    print(f"error: {error}", file=sys.stderr)
    return IMPOSSIBLE
