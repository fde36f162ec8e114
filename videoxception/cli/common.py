"""Options that several subcommands have."""

import argparse
import os

import videoxception
from videoxception.answer_sets import DEFAULT_COVERAGE, LEAST_COVERAGE, MOST_COVERAGE, check_coverage


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
        help="more model stores, beside the built-in and your own (default: the variable VX_MODEL_STORE)",
    )


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --device, --precision and --coverage."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument(
        "--precision",
        default="auto",
        choices=["auto", "f32", "bf16", "int8"],
        help="what the network computes in (default: the fastest that is right)",
    )
    parser.add_argument(
        "--coverage",
        type=_coverage,
        default=DEFAULT_COVERAGE,
        metavar="SHARE",
        help="share of videos whose answer set is to have the true class,"
        f" {LEAST_COVERAGE} to {MOST_COVERAGE} (default: {DEFAULT_COVERAGE})",
    )


def open_store(options: argparse.Namespace) -> "videoxception.ModelStore":
    """Open the model stores that the options name."""
    return videoxception.ModelStore.from_path(options.store)


def load_classifier(options: argparse.Namespace, decoders: int) -> "videoxception.Classifier":
    """Load the model that the options name, with so many decoder processes."""
    return videoxception.Classifier.load(
        options.model,
        store=open_store(options),
        device=options.device,
        precision=options.precision,
        decoders=decoders,
    )


def _coverage(text: str) -> float:
    """Read a coverage. Raises what argparse makes its message of."""
    try:
        return check_coverage(float(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
