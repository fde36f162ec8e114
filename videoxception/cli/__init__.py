"""The `videoxception` command, one file a subcommand."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

import videoxception
from videoxception.cli import classes, models, predict, serve, trainer
from videoxception.console import print_any_name
from videoxception.extras import MissingExtra

_COMMANDS = {"predict": predict, "classes": classes, "models": models, "serve": serve}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a subcommand; exit with 1 and a one-line message if it failed."""
    print_any_name()
    parser = argparse.ArgumentParser(prog="videoxception", description="Tells which of 16 human actions a video shows.")
    parser.add_argument("--version", action="version", version=version("videoxception"))
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in _COMMANDS.items():
        summary = (module.__doc__ or "").splitlines()[0]
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    trainer.add_commands(subparsers)
    options = parser.parse_args(arguments)
    sys.exit(_run(options))


def _run(options: argparse.Namespace) -> int | str:
    """Return the exit status of the subcommand, or the error message."""
    try:
        status: int = options.run(options)
    except BrokenPipeError:  # the reading end is closed, as by `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MissingExtra as error:
        return f"error: {error}"
    except (videoxception.StoreError, videoxception.EngineError) as error:
        return f"error: {error}"
    return status
