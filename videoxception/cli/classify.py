"""Classify all videos in a folder, however many, into a table; go on where it was stopped."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from videoxception.bulk.listing import Listing, find_videos
from videoxception.bulk.merge import failed_rows, merge
from videoxception.bulk.shards import BulkError, Shards, locked, precision_in
from videoxception.cli.common import add_engine_arguments, add_model_arguments, cores, load_classifier
from videoxception.cli.exit_codes import OK, SOME_FAILED
from videoxception.cli.progress import progress
from videoxception.extras import require

if TYPE_CHECKING:  # it needs an extra, which is asked for first
    from videoxception.classifier import Classifier

_TOLD = 20  # failed videos that are listed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception classify`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of videos, which may lie in folders in it")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="where the results go, and lie already"
    )
    parser.add_argument(
        "--format",
        default="jsonl",
        choices=["jsonl", "parquet"],
        help="of the shards: jsonl with a table results.csv, or parquet with results.parquet (default: jsonl)",
    )
    parser.add_argument("--every-file", action="store_true", help="also files that are not named like videos")
    parser.add_argument(
        "--jobs", type=int, default=cores(), metavar="N", help="decoder processes (default: one a core)"
    )
    parser.add_argument(
        "--estimate", action="store_true", help="classify a sample, say how long all would take, and write nothing"
    )
    add_model_arguments(parser)
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Write the results; return whether a video failed."""
    require("videoxception classify", "numpy", "cpu")
    if options.format == "parquet":
        require("--format parquet", "pyarrow", "parquet")
    if not options.folder.is_dir():
        raise BulkError(f"there is no folder {options.folder}")
    listing = find_videos(options.folder, options.out, options.every_file)
    print(f"{len(listing.videos):,} videos in {options.folder}", file=sys.stderr)
    if listing.others:
        print(f"{listing.others:,} other files are passed over (--every-file takes them, too)", file=sys.stderr)
    if (
        options.precision == "auto"
    ):  # on CPUs that is measured anew each time, and rows of one folder have one precision
        options.precision = precision_in(options.out) or "auto"
    with load_classifier(options, max(1, options.jobs)) as classifier:
        if not options.estimate:
            return _classify(options, classifier, listing)
        from videoxception.bulk.estimate import estimate

        print(estimate(classifier, listing, options.coverage, cores()))
        return OK


def _classify(options: argparse.Namespace, classifier: "Classifier", listing: Listing) -> int:
    """Write a row for each video that has none, then the tables."""
    from videoxception.bulk.run import classify, header_of, printable

    header = header_of(classifier, options.coverage)
    with locked(options.out):
        shards = Shards(options.out, header, options.format)
        left = [video for video in listing.videos if printable(video) not in shards.done]
        if len(left) < len(listing.videos):
            print(f"{len(listing.videos) - len(left):,} of them have a result already", file=sys.stderr)
        with progress(len(left)) as advance:
            for row in classify(classifier, listing.folder, left, options.coverage):
                shards.append(row)
                advance()
        shards.finish()
        tables = merge(options.out, shards, header.classes, options.format)
        return _tell(shards, *tables)


def _tell(shards: Shards, answers: Path, failures: Path) -> int:
    """Say what became of the videos, and list some of those that failed."""
    failed = failed_rows(shards)
    for row in failed[:_TOLD]:
        print(f"{row.video}: {row.error.detail if row.error else ''}", file=sys.stderr)
    if len(failed) > _TOLD:
        print(f"... and {len(failed) - _TOLD:,} more", file=sys.stderr)
    print(f"{len(shards.done) - len(failed):,} answers in {answers}, {len(failed):,} errors in {failures}")
    return SOME_FAILED if failed else OK
