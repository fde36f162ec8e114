"""Starts the HTTP service; its settings are environment variables (VX_PORT=9000 videoxception serve)."""

import argparse

from videoxception import bundled
from videoxception.extras import require


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`videoxception serve` has no options: one way to set things is enough."""


def run(options: argparse.Namespace) -> int:
    """Become the service's process."""
    require("videoxception serve", "fastapi", "cpu")
    bundled.start("app")
