"""List the released models in the stores and check their files."""

import argparse

from rich.console import Console
from rich.table import Table

import videoxception
from videoxception.cli.common import add_store_argument, open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception models`."""
    add_store_argument(parser)


def run(options: argparse.Namespace) -> int:
    """Print a table; return 1 if a model is damaged."""
    store = open_store(options)
    table = Table("model", "top-1", "measured on", "state", box=None)
    references = [f"{name}@{version}" for name, versions in store.versions().items() for version in versions]
    rows = [_row(store, reference) for reference in references]
    for row in rows:
        table.add_row(*row)
    Console().print(table if rows else f"no released models in {store}")
    return int(any(row[-1] != "good" for row in rows))


def _row(store: "videoxception.ModelStore", reference: str) -> tuple[str, str, str, str]:
    try:
        metrics = store.load(reference).manifest.metrics
    except videoxception.StoreError as error:
        return reference, "", "", str(error)
    if metrics is None:
        return reference, "", "not measured", "good"
    return reference, f"{metrics.top1:.1%}", metrics.protocol, "good"
