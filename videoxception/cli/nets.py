"""List the architectures that can be trained: what each costs, is shown, can begin with, and comes from."""

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column, Table

from videoxception.cli.exit_codes import USAGE
from videoxception.extras import require

if TYPE_CHECKING:  # they need extras, which `require` names
    from videoxception.clip import ClipSpec
    from videoxception.manifest import Cost
    from videoxception.nets.registry import NetInfo


_WIDE = 132  # columns that have room for sources
_OPTIONS = ("dropout", "stochastic_depth", "frames", "size")  # arguments that are options of the trainer's own


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception nets`."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="architectures to describe (default: list all)")


def run(options: argparse.Namespace) -> int:
    """Print a table of all, or all that is known of some; return `USAGE` for a name that is not there."""
    require("videoxception nets", "torch", "torch")
    from videoxception.nets.registry import info

    try:
        chosen = {name: info(name) for name in options.names}
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    if chosen:
        print("\n\n".join(_described(name, known) for name, known in chosen.items()))
    else:
        _list()
    return 0


def _list() -> None:
    from videoxception.nets.cost import CLASSES, full_size_cost
    from videoxception.nets.registry import ARCHITECTURES

    console = Console() if sys.stdout.isatty() else Console(width=_WIDE)
    heads = ["architecture", "parameters", "GMAC", "clip", "weights"]
    table = Table(*(Column(head, no_wrap=True) for head in heads), box=None)
    if console.width >= _WIDE:
        table.add_column("source", no_wrap=True)
    for name, known in ARCHITECTURES.items():
        cost, size = full_size_cost(name), " x ".join(map(str, known.clip.shape[:3]))
        row = [name, *_counts(cost), size, ", ".join(known.weights) or "none", known.source]
        table.add_row(*row[: len(table.columns)])
    console.print(table)
    console.print(
        f"\nparameters and GMAC (of convolutions and matrix products, a clip) with {CLASSES} classes; clip: frames x"
        " height x width; weights: published ones that --pretrained can name. `videoxception nets NAME` says more."
    )


def _counts(cost: "Cost") -> tuple[str, str]:
    return f"{cost.parameters:,}", f"{cost.multiply_adds / 1e9:.2f}"


def _described(name: str, known: "NetInfo") -> str:
    from videoxception.nets import default_arguments
    from videoxception.nets.cost import CLASSES, full_size_cost

    parameters, giga = _counts(full_size_cost(name))
    lines = {
        "source": known.source,
        "parameters": f"{parameters} with {CLASSES} classes",
        "cost": f"{giga} GMAC a clip, of convolutions and matrix products",
        "clip": _clip(known.clip),
        "input": _input(known.clip),
        "weights": ", ".join([*(f"--pretrained {each}" for each in known.weights), "--pretrained FILE"]),
        "arguments": _arguments(default_arguments(name)),
    }
    return "\n".join([name, *(f"  {key:<11} {value}" for key, value in lines.items())])


def _arguments(defaults: Mapping[str, object]) -> str:
    """Write an architecture's own arguments as the trainer takes them."""
    own = [f"{name}={str(value).lower()}" for name, value in defaults.items() if name not in _OPTIONS]
    return f"--architecture-args {','.join(own)}" if own else "none"


def _clip(spec: "ClipSpec") -> str:
    """Say which frames of a video the network is shown, and how large."""
    height, width = spec.size
    moments = "at the centres of equal parts of the video"
    if spec.sampling.kind == "window":
        moments = f"every {spec.sampling.step:g} s around the middle of the video"
    fit = f"scaled to {height} x {width}"
    if spec.fit.kind == "crop":
        fit = f"the shorter side scaled to {spec.fit.short_side}, the middle {height} x {width} cut out"
    elif spec.fit.kind == "resize_crop":
        fit = f"scaled to {spec.fit.height} x {spec.fit.width}, the middle {height} x {width} cut out"
    return f"{spec.frames} frames, {moments}; {fit}"


def _input(spec: "ClipSpec") -> str:
    """Say what becomes of bytes."""
    mean, std = (", ".join(f"{each:g}" for each in values) for values in (spec.mean, spec.std))
    scaled = "byte" if spec.scale == 1 else f"byte / {1 / spec.scale:g}"
    return f"{spec.channels}; ({scaled} - mean) / std, mean ({mean}), std ({std})"
