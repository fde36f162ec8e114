"""The trainer's commands, each a process of its own: `videoxception train` is `python -m training.run`."""

import argparse
from functools import partial

from videoxception import bundled
from videoxception.extras import require

_COMMANDS = {
    "train": ("training.run", "Train a model and release it."),
    "cross-validate": ("training.cross_validate", "Train once for each fold, and release with their figures."),
    "evaluate": ("training.evaluate", "Score a released model on a data set."),
    "publish": ("training.publish", "Release a model from a finished run."),
    "compare": ("training.compare_models", "Compare two released models on the same videos."),
    "inspect": ("training.inspect_data", "Look a folder of videos over, or its labels, on one page."),
    "fetch": ("training.fetch", "Download a data set."),
}
_NO_OPTIONS = "\0"  # a prefix that no argument has: all of them, --help too, are passed on


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add a subcommand for each of the trainer's commands, which gets all of its arguments."""
    for name, (module, summary) in _COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, add_help=False, prefix_chars=_NO_OPTIONS)
        subparser.add_argument("arguments", nargs=argparse.REMAINDER)
        subparser.set_defaults(run=partial(_run, name, module))


def _run(name: str, module: str, options: argparse.Namespace) -> int:
    require(f"videoxception {name}", "torch", "train")
    bundled.start(module, options.arguments)
