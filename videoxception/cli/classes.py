"""List the classes of a model."""

import argparse

from videoxception.cli.common import add_model_arguments, open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception classes`."""
    add_model_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Print one class a line, in the model's order."""
    print("\n".join(open_store(options).load(options.model).manifest.classes))
    return 0
