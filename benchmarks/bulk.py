"""How bulk classification scales on Ray: videos a second of one node and of several, each with cores of its own.

    python -m benchmarks.bulk --files DIR [--nodes 2] [--cores 1] [--copies 20] [--rounds 3] [--model NAME]

Nodes are raylets of this machine, each bound to so many cores, with a decoder actor and an engine, and a head that has
none to give. Each round classifies the same videos, copied as links, by one node and by all, in turns. Efficiency is
the median ratio of their rates, by the number of nodes. Rates are of the second half of the videos, when all actors
are up: take enough copies.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from videoxception.bulk.listing import Listing, find, find_videos

_STORE_BYTES = 500 * 2**20
_LOCALHOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Rates:
    """Videos a second of a round, by one node and by all."""

    one: float
    all: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a line a round and the efficiency."""
    options = _options(arguments)
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < options.nodes * options.cores:
        raise SystemExit(f"{options.nodes} nodes of {options.cores} cores need more than the {len(cores)} cores here")
    groups = [set(cores[n * options.cores : (n + 1) * options.cores]) for n in range(options.nodes)]
    with tempfile.TemporaryDirectory(prefix="videoxception-bulk-") as folder:
        listing = copies(options.files, Path(folder, "videos"), options.copies)
        print(f"{len(listing.videos)} videos, {options.cores} cores a node")
        rounds = []
        for number in range(options.rounds):
            rates = [_rate(listing, Path(folder, f"{number}-{n}"), groups[:n], options) for n in (1, options.nodes)]
            rounds.append(Rates(*rates))
            print(f"1 node: {rates[0]:.1f} videos/s; {options.nodes} nodes: {rates[1]:.1f} videos/s", flush=True)
    print(f"efficiency of {options.nodes} nodes: {efficiency(rounds, options.nodes):.2f}")


def efficiency(rounds: Sequence[Rates], nodes: int) -> float:
    """Return what share of `nodes` times one node's rate all have together, the median of rounds."""
    return median(each.all / each.one for each in rounds) / nodes


def copies(files: Path, folder: Path, count: int) -> Listing:
    """Return a folder that has each video so many times."""
    folder.mkdir()
    found = find_videos(files)
    for number in range(count):
        for place, video in enumerate(found.videos):
            (folder / f"{number:05}-{place:05}{Path(video).suffix}").symlink_to(found.source.path(video))
    return find(str(folder))


def _rate(listing: Listing, out: Path, groups: Sequence[set[int]], options: argparse.Namespace) -> float:
    """Return the videos a second that nodes on these groups of cores classify."""
    from videoxception.bulk import ray_run
    from videoxception.bulk.actors import Task

    with _cluster(groups, options.cores) as address, ray_run.connected(address):
        header = ray_run.header(options.model, "", "cpu", options.precision, 0.95, None)
        task = Task(listing.source, str(out), "", header)
        parts = ray_run.run(task, list(enumerate(listing.videos)), size=options.part)
        return steady([(time.monotonic(), rows) for rows in parts])


def steady(parts: Sequence[tuple[float, int]]) -> float:
    """Return the rows a second of the second half of a run's parts: of each, when it was done, and how many rows."""
    half = parts[(len(parts) - 1) // 2 :]
    return sum(rows for _, rows in half[1:]) / (half[-1][0] - half[0][0])


@contextmanager
def _cluster(groups: Sequence[set[int]], cores: int) -> Iterator[str]:
    """Start a head without CPUs, and a node for each group of cores, which its processes inherit."""
    from ray.cluster_utils import Cluster

    usual = os.sched_getaffinity(0)
    cluster = Cluster()
    try:
        cluster.add_node(num_cpus=0, include_dashboard=False, node_ip_address=_LOCALHOST)
        for group in groups:
            os.sched_setaffinity(0, group)
            cluster.add_node(num_cpus=cores, object_store_memory=_STORE_BYTES, node_ip_address=_LOCALHOST)
        os.sched_setaffinity(0, usual)
        yield cluster.address
    finally:
        os.sched_setaffinity(0, usual)
        cluster.shutdown()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.bulk", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=Path, required=True, metavar="DIR", help="folder of videos")
    parser.add_argument(
        "--nodes", type=int, default=2, metavar="N", help="nodes that one is compared with (default: 2)"
    )
    parser.add_argument("--cores", type=int, default=1, metavar="N", help="of a node (default: 1)")
    parser.add_argument("--copies", type=int, default=20, metavar="N", help="of each video (default: 20)")
    parser.add_argument("--part", type=int, default=16, metavar="N", help="videos of a part (default: 16)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="(default: 3)")
    parser.add_argument("--model", default="", metavar="NAME[@V]", help="released model")
    parser.add_argument(
        "--precision",
        default="f32",
        choices=["f32", "bf16", "int8"],
        help="what the network computes in (default: f32)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # keeps Ray to 127.0.0.1; read at its import
    main()
