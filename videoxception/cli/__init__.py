"""The `videoxception` command, one file a subcommand."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from videoxception.cli import classes, models, predict, serve
from videoxception.engine import EngineError
from videoxception.store import StoreError

_COMMANDS = {"predict": predict, "classes": classes, "models": models, "serve": serve}


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a subcommand; exits with 1 if it failed, after one line that says why."""
    parser = argparse.ArgumentParser(prog="videoxception", description="Tells which of 16 human actions a video shows.")
    parser.add_argument("--version", action="version", version=version("videoxception"))
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in _COMMANDS.items():
        summary = (module.__doc__ or "").splitlines()[0]
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    try:
        sys.exit(options.run(options))
    except (StoreError, EngineError) as error:
        sys.exit(f"error: {error}")
    except BrokenPipeError:  # whoever reads, as head does, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
