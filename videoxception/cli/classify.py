"""Classify videos, however many, into a table; go on where it was stopped."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from videoxception.bulk.errors import BulkError
from videoxception.bulk.listing import Listing, find
from videoxception.bulk.merge import Merged, merge
from videoxception.bulk.rows import Look
from videoxception.bulk.shards import Form, Shards, locked, precision_in
from videoxception.bulk.sources import is_uri
from videoxception.cli import windows
from videoxception.cli.common import add_engine_arguments, add_model_arguments, load_classifier
from videoxception.cli.exit_codes import OK, SOME_FAILED
from videoxception.cli.progress import progress
from videoxception.cores import cores
from videoxception.extras import require

if TYPE_CHECKING:  # it needs an extra, which is asked for first
    from videoxception.classifier import Classifier

_TOLD = 20  # failed videos that are listed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception classify`."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="folder of videos, which may lie in folders in it, or a text file with a path a line; with --ray, also a"
        " URI such as s3://BUCKET/FOLDER, or one a line",
    )
    parser.add_argument(
        "--out", required=True, metavar="FOLDER", help="where the results go, and lie already; with --ray, also a URI"
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="classify on the Ray cluster there: HOST:PORT, auto for the one that this machine is of, or local",
    )
    parser.add_argument(
        "--format",
        choices=["jsonl", "parquet"],
        help="of the shards: jsonl with a table results.csv, or parquet with results.parquet (default: jsonl, and"
        " with --ray parquet)",
    )
    parser.add_argument("--every-file", action="store_true", help="also files that are not named like videos")
    parser.add_argument("--jobs", type=int, metavar="N", help="decoder processes (default: one a core)")
    parser.add_argument(
        "--estimate", action="store_true", help="classify a sample, say how long all would take, and write nothing"
    )
    windows.add_arguments(parser)
    add_model_arguments(parser)
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Write the results; return whether a video failed."""
    require("videoxception classify", "numpy", "cpu")
    if options.ray is not None:
        require("videoxception classify --ray", "ray", "ray")
    if options.format == "parquet" or options.ray is not None:
        require("--format parquet", "pyarrow", "parquet")
    look = _look(options)
    listing = find(options.source, None if is_uri(options.out) else Path(options.out), options.every_file)
    print(f"{len(listing.videos):,} videos in {options.source}", file=sys.stderr)
    if listing.others:
        print(f"{listing.others:,} other files are passed over (--every-file takes them, too)", file=sys.stderr)
    return _here(options, listing, look) if options.ray is None else _on_ray(options, listing, look)


def _look(options: argparse.Namespace) -> Look | None:
    """Return the windows that are asked for. Raise `BulkError` if the options do not go together."""
    from videoxception.bulk.run import check_look

    if wrong := _misuse(options):
        raise BulkError(wrong)
    if options.window is None:
        return None
    names = ("window", "step", "smoothing", "shortest")
    look = Look(**{name: getattr(options, name) for name in names})
    check_look(look)
    return look


def _misuse(options: argparse.Namespace) -> str | None:
    """Return what is wrong with the options together, if anything is."""
    finer = (options.step, options.smoothing, options.shortest)
    if options.window is None and any(value is not None for value in finer):
        return "--step, --smoothing and --shortest go with --window; add --window auto"
    if options.window is not None and options.estimate:
        return "--estimate is of whole videos: leave --window out"
    if options.ray is None:
        return f"{options.out} is no folder: --ray writes to object stores" if is_uri(options.out) else None
    if options.estimate:
        return "--estimate looks at a sample on this machine: leave --ray out"
    return "--ray writes Parquet: leave --format jsonl out" if options.format == "jsonl" else None


def _here(options: argparse.Namespace, listing: Listing, look: Look | None) -> int:
    """Classify on this machine."""
    from videoxception.bulk.run import check_on_disk

    check_on_disk(listing.source, listing.videos)
    options.out = Path(options.out)
    if (
        options.precision == "auto"
    ):  # on CPUs that is measured anew each time, and rows of one folder have one precision
        options.precision = precision_in(options.out) or "auto"
    jobs = max(1, cores() if options.jobs is None else options.jobs)
    with load_classifier(options, jobs) as classifier:
        if not options.estimate:
            return _classify(options, classifier, listing, look, jobs)
        from videoxception.bulk.estimate import estimate

        print(estimate(classifier, listing, options.coverage, cores()))
        return OK


def _classify(
    options: argparse.Namespace, classifier: "Classifier", listing: Listing, look: Look | None, jobs: int
) -> int:
    """Write a row for each video that has none, then the tables."""
    from videoxception.bulk.run import header_of, rows_of

    header = header_of(classifier.release, classifier.engine, options.coverage, look)
    form: Form = options.format or "jsonl"
    with locked(options.out):
        shards = Shards(options.out, header, form)
        left = [video for _, video in _left(listing, shards.done)]
        with progress(len(left)) as advance:
            for row in rows_of(classifier, listing.source, left, header, jobs):
                shards.append(row)
                advance()
        shards.finish()
        return _tell(merge(options.out, shards, header, form))


def _on_ray(options: argparse.Namespace, listing: Listing, look: Look | None) -> int:
    """Classify on a Ray cluster."""
    from videoxception.bulk import ray_run, results
    from videoxception.bulk.actors import Task
    from videoxception.bulk.parts import pin

    with ray_run.connected(options.ray), results.held(options.out) as out:
        precision = options.precision
        if precision == "auto":
            precision = results.precision(out) or "auto"
        header = ray_run.header(options.model, options.store, options.device, precision, options.coverage, look)
        pin(out, header)
        with results.taken_up(out, header) as taken:
            left = _left(listing, taken.done)
            task = Task(listing.source, out, options.store, header)
            with progress(len(left)) as advance:
                for count in ray_run.run(task, left, options.jobs):
                    for _ in range(count):
                        advance()
            return _tell(results.merged(out, taken, header))


def _left(listing: Listing, done: set[str]) -> list[tuple[int, str]]:
    """Return the videos that have no row, each with its number, and say how many have one."""
    from videoxception.bulk.run import printable

    left = [(number, video) for number, video in enumerate(listing.videos) if printable(video) not in done]
    if len(left) < len(listing.videos):
        print(f"{len(listing.videos) - len(left):,} of them have a result already", file=sys.stderr)
    return left


def _tell(merged: Merged) -> int:
    """Say what became of the videos, and list some of those that failed."""
    failed = merged.failed
    for row in failed[:_TOLD]:
        print(f"{row.video}: {row.error.detail if row.error else ''}", file=sys.stderr)
    if len(failed) > _TOLD:
        print(f"... and {len(failed) - _TOLD:,} more", file=sys.stderr)
    print(f"{merged.answered:,} answers in {merged.answers}, {len(failed):,} errors in {merged.failures}")
    return SOME_FAILED if failed else OK
