"""List the released models in the stores, what each is worth and costs, and check their files."""

import argparse

from rich.console import Console
from rich.table import Column, Table

import videoxception
from videoxception.cli.common import add_store_argument, open_store
from videoxception.manifest import Cost, Metrics


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception models`."""
    add_store_argument(parser)


def run(options: argparse.Namespace) -> int:
    """Print a table; return 1 if a model is damaged."""
    store = open_store(options)
    whole = [Column(name, no_wrap=True) for name in ("model", "top-1 (95 %)", "parameters", "GMAC", "clip")]
    table = Table(*whole, "measured on", "state", box=None)
    references = [f"{name}@{version}" for name, versions in store.versions().items() for version in versions]
    rows = [_row(store, reference) for reference in references]
    for row in rows:
        table.add_row(*row)
    Console().print(table if rows else f"no released models in {store}")
    return int(any(row[-1] != "good" for row in rows))


def _row(store: "videoxception.ModelStore", reference: str) -> tuple[str, ...]:
    try:
        manifest = store.load(reference).manifest
    except videoxception.StoreError as error:
        return reference, "", "", "", "", "", str(error)
    metrics, spec = manifest.metrics, manifest.clip
    clip = f"{spec.frames} x {spec.size[0]} x {spec.size[1]}"
    return (
        reference,
        _top1(metrics),
        *_cost(manifest.cost),
        clip,
        metrics.protocol if metrics else "not measured",
        "good",
    )


def _top1(metrics: Metrics | None) -> str:
    if metrics is None:
        return ""
    low, high = metrics.intervals["top1"]
    return f"{metrics.top1:.1%} ({100 * low:.1f} to {100 * high:.1f})"


def _cost(cost: Cost | None) -> tuple[str, str]:
    return (f"{cost.parameters:,}", f"{cost.multiply_adds / 1e9:.2f}") if cost else ("", "")
