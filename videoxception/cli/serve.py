"""Starts the HTTP service; its settings are environment variables (VX_PORT=9000 videoxception serve)."""

import argparse
import os
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`videoxception serve` has no options: one way to set things is enough."""


def run(options: argparse.Namespace) -> int:
    """Becomes the service's process."""
    os.execv(sys.executable, [sys.executable, "-m", "app"])
