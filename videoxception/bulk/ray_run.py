"""A run on a Ray cluster: parts of the listing flow through pools of actors, and come out as files.

Ray Data's own operators start actors where there is room, hold back those who are too fast, and repeat what was at a
machine that is lost.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from videoxception.bulk.actors import Answerer, Decoder, Looker, Task, begin, part
from videoxception.bulk.errors import BulkError
from videoxception.bulk.rows import Header, Look

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else a cluster that is started here would report home

import ray
from ray.data import ActorPoolStrategy, DataContext
from ray.exceptions import RayError

# Cores. An engine that held one would keep decoders from starting again where nodes are lost; one that took nothing
# might be put on a head that has none to give.
_DECODER, _ENGINE = 0.9, 0.01
PART = 128  # videos; their clips are 60 MiB between two actors
_OWN = f"{BulkError.__module__}.{BulkError.__name__}: "  # in a trace
_LOOKED_AT = 8  # videos of a part whose windows are wanted: they may have hours


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Connect to a cluster; "local" starts one on this machine. Raise `BulkError` if there is none."""
    try:
        ray.init(address=address, log_to_driver=False, include_dashboard=False if address == "local" else None)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise BulkError(f"there is no Ray cluster at {address}: {error}") from error
    try:
        yield
    except RayError as error:
        raise BulkError(_cause(error)) from error
    finally:
        ray.shutdown()


def header(model: str, store: str, device: str, precision: str, coverage: float, look: Look | None) -> Header:
    """Return the header of a run, as a machine of the cluster has it: one that would answer."""
    if device == "auto":
        device = "cuda" if ray.cluster_resources().get("GPU") else "cpu"
    asked = ray.remote(begin).options(num_cpus=1, num_gpus=_gpus(device))
    said: Header = ray.get(asked.remote(model, store, device, precision, coverage, look))
    return said


def run(task: Task, left: list[tuple[int, str]], jobs: int | None = None, size: int | None = None) -> Iterator[int]:
    """Classify videos, each with its number in the listing; yield the number of rows of each part that is written.

    Args:
        task: What is the same for all of them.
        left: The videos that have no row yet.
        jobs: Decoder actors at most, a core each; by default, as many as the cluster has cores.
        size: Videos of a part; by default, as many as an actor can well hand on.
    """
    parts = _parts(left, size or (_LOOKED_AT if task.header.look else PART))
    if not parts:
        return
    DataContext.get_current().enable_progress_bars = False
    resources = ray.cluster_resources()
    decoders, gpus = jobs or max(1, int(resources.get("CPU", 1))), _gpus(task.header.device)
    engines = int(resources.get("GPU", 1)) if gpus else len(ray.nodes())
    data = ray.data.from_items(parts, override_num_blocks=len(parts))
    if task.header.look:
        pool = ActorPoolStrategy(min_size=1, max_size=engines if gpus else decoders)
        data = data.map(Looker, fn_constructor_args=(task,), compute=pool, num_cpus=1, num_gpus=gpus)
    else:
        pool = ActorPoolStrategy(min_size=1, max_size=decoders)
        data = data.map(Decoder, fn_constructor_args=(task,), compute=pool, num_cpus=_DECODER)
        pool = ActorPoolStrategy(min_size=1, max_size=engines)
        data = data.map(Answerer, fn_constructor_args=(task,), compute=pool, num_cpus=_ENGINE, num_gpus=gpus)
    for row in data.iter_rows():
        yield row["rows"]


def _parts(left: list[tuple[int, str]], size: int) -> list[dict[str, Any]]:
    groups = (left[first : first + size] for first in range(0, len(left), size))
    return [part(group[0][0], [video for _, video in group]) for group in groups]


def _gpus(device: str) -> int:
    """Return how many GPUs an engine takes. Raise `BulkError` for one that is named: Ray gives them out."""
    if device not in ("cpu", "cuda"):
        raise BulkError(f"with --ray, the device must be auto, cpu or cuda, but got {device!r}: Ray gives out the GPUs")
    return 1 if device == "cuda" else 0


def _cause(error: BaseException) -> str:
    """Return what an actor's own error says, without the traces around it: those that Ray raises may be empty."""
    said = [str(error)]
    while cause := getattr(error, "cause", None) or error.__cause__:
        error = cause
        said.append(str(error))
    own = [text.rpartition(_OWN)[2].partition("\n")[0] for text in said if _OWN in text]
    return own[-1] if own else next(filter(None, reversed(said)), repr(error))
