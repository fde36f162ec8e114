"""Start the HTTP service; its settings are environment variables (VX_PORT=9000 videoxception serve)."""

import argparse

from videoxception import bundled
from videoxception.extras import require


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: `videoxception serve` is configured by environment variables alone."""


def run(options: argparse.Namespace) -> int:
    """Replace this process by the service."""
    require("videoxception serve", "fastapi", "cpu")
    bundled.start("app")
