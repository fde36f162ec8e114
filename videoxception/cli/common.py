"""Options that several subcommands have."""

import argparse
import os

import videoxception


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --model and --store."""
    parser.add_argument(
        "--model",
        default=os.environ.get("VX_MODEL", ""),
        metavar="NAME[@V]",
        help="released model (default: the variable VX_MODEL, else the newest videoxception-c, -b or -a)",
    )
    add_store_argument(parser)


def add_store_argument(parser: argparse.ArgumentParser) -> None:
    """Add --store."""
    parser.add_argument(
        "--store",
        default=os.environ.get("VX_MODEL_STORE", ""),
        metavar="PATH",
        help="more model stores, beside the built-in one (default: the variable VX_MODEL_STORE)",
    )


def open_store(options: argparse.Namespace) -> "videoxception.ModelStore":
    """Open the model stores that the options name."""
    return videoxception.ModelStore.from_path(options.store)
