"""The trainer's commands, each a process of its own: `videoxception train` is `python -m training.run`."""

import argparse
from functools import partial

from videoxception import bundled
from videoxception.extras import require

_COMMANDS = {
    "train": ("training.run", "Trains a model and releases it."),
    "evaluate": ("training.evaluate", "Scores a released model on a data set."),
    "publish": ("training.publish", "Releases a model from a finished run."),
    "compare": ("training.compare", "Compares finished runs."),
    "fetch": ("training.fetch", "Downloads a data set."),
}
_NO_OPTIONS = "\0"  # begins none: all arguments, --help too, are the command's


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds a subcommand for each of the trainer's, which takes what that one takes."""
    for name, (module, summary) in _COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, add_help=False, prefix_chars=_NO_OPTIONS)
        subparser.add_argument("arguments", nargs=argparse.REMAINDER)
        subparser.set_defaults(run=partial(_run, name, module))


def _run(name: str, module: str, options: argparse.Namespace) -> int:
    require(f"videoxception {name}", "torch", "train")
    bundled.start(module, options.arguments)
