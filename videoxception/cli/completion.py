"""Print what makes a shell complete this command's options: eval "$(videoxception completion bash)"."""

import argparse

import shtab

from videoxception.cli.exit_codes import OK


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception completion`."""
    parser.add_argument("shell", choices=shtab.SUPPORTED_SHELLS, help="for which shell")


def run(options: argparse.Namespace) -> int:
    """Print the script."""
    from videoxception.cli import make_parser

    print(shtab.complete(make_parser(), options.shell))
    return OK
