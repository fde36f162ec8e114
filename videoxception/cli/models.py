"""List the released models in the stores, what each is worth and costs, and check their files."""

import argparse
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column, Table

import videoxception
from videoxception.cli.common import add_store_argument, open_store

if TYPE_CHECKING:  # it needs an extra, which its own error names
    from videoxception.manifest import Cost, Manifest, Metrics


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception models`."""
    add_store_argument(parser)


def run(options: argparse.Namespace) -> int:
    """Print a table, and what was measured; return 1 if a model is damaged."""
    store, console = open_store(options), Console()
    whole = [Column(name, no_wrap=True) for name in ("model", "top-1 (95 %)", "params", "GMAC", "clip")]
    table, notes, damaged = Table(*whole, "state", box=None), [], 0
    for reference in (f"{name}@{version}" for name, versions in store.versions().items() for version in versions):
        try:
            manifest = store.load(reference).manifest
        except videoxception.StoreError as error:
            table.add_row(reference, "", "", "", "", str(error))
            damaged += 1
        else:
            table.add_row(*_row(reference, manifest))
            notes.append(f"{reference}: {manifest.metrics.protocol if manifest.metrics else 'not measured'}")
    console.print(table if table.rows else f"no released models in {store}")
    for note in notes:
        console.print(note, highlight=False)
    return int(damaged > 0)


def _row(reference: str, manifest: "Manifest") -> tuple[str, ...]:
    spec = manifest.clip
    clip = f"{spec.frames} x {spec.size[0]} x {spec.size[1]}"
    return reference, _top1(manifest.metrics), *_cost(manifest.cost), clip, "good"


def _top1(metrics: "Metrics | None") -> str:
    if metrics is None:
        return ""
    low, high = metrics.intervals["top1"]
    return f"{metrics.top1:.1%} ({100 * low:.1f} to {100 * high:.1f})"


def _cost(cost: "Cost | None") -> tuple[str, str]:
    return (f"{cost.parameters / 1e6:.2f} M", f"{cost.multiply_adds / 1e9:.2f}") if cost else ("", "")
