"""List the architectures that can be trained: what each costs, is shown, can begin with, and comes from."""

import argparse
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column, Table

from videoxception.cli.exit_codes import USAGE
from videoxception.extras import require

if TYPE_CHECKING:  # they need extras, which `require` names
    from videoxception.manifest import Cost
    from videoxception.nets.registry import NetInfo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception nets`."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="architectures to list (default: all)")


def run(options: argparse.Namespace) -> int:
    """Print a table; return `USAGE` for a name that is not there."""
    require("videoxception nets", "torch", "torch")
    from videoxception.nets.cost import CLASSES, full_size_cost
    from videoxception.nets.registry import ARCHITECTURES, info

    console = Console()
    try:
        chosen = {name: info(name) for name in options.names or ARCHITECTURES}
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    whole = [Column(name, no_wrap=True) for name in ("architecture", "parameters", "GMAC", "clip", "weights")]
    table = Table(*whole, "served from a graph", "source", box=None)
    for name, known in chosen.items():
        table.add_row(name, *_row(known, full_size_cost(name)))
    console.print(table)
    console.print(f"parameters and GMAC with {CLASSES} classes; weights: published ones that --pretrained can name")
    return 0


def _row(known: "NetInfo", cost: "Cost") -> tuple[str, ...]:
    spec = known.clip
    clip = f"{spec.frames} x {spec.size[0]} x {spec.size[1]}"
    graph = f"no: {known.not_exportable}" if known.not_exportable else "yes"
    costs = f"{cost.parameters:,}", f"{cost.multiply_adds / 1e9:.2f}"
    return *costs, clip, ", ".join(known.weights) or "none", graph, known.source
