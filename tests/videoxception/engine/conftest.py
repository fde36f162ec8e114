"""A card on which everything happens at once, on the CPU, and small releases that run there in no time."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from training.export.golden_answers import golden_answers
from videoxception import nets
from videoxception.clip import ClipSpec
from videoxception.engine.cuda_card import Card
from videoxception.manifest import Architecture
from videoxception.store import WEIGHTS, Release

SMALL = ClipSpec(frames=2, size=(16, 16))


class AtOnce:
    """A stream or an event where nothing is ever late."""

    def record(self) -> None:
        pass

    def synchronize(self) -> None:
        pass

    def wait_event(self, event: object) -> None:
        pass


class CardAtOnce(Card):
    """The CPU as a card: streams are in step, and a recorded graph is the call that was recorded."""

    def __init__(self, capability: tuple[int, int] = (9, 0), free_memory: int = 2**30) -> None:
        self.name, self.device, self.capability = "cpu", torch.device("cpu"), capability
        self._free_memory = free_memory

    @property
    def free_memory(self) -> int:
        return self._free_memory

    @contextmanager
    def in_use(self) -> Iterator[None]:
        with torch.inference_mode():
            yield

    def stream(self) -> Any:
        return AtOnce()

    def event(self) -> Any:
        return AtOnce()

    def on(self, stream: object) -> AbstractContextManager[object]:
        return nullcontext()

    def pinned(self, size: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        return torch.zeros(size, dtype=dtype)

    def record(self, run: Callable[[], None], stream: object) -> Callable[[], None]:
        run()
        return run


@pytest.fixture(scope="session")
def small_a(release: Release) -> Release:
    """The shipped type A, for tiny clips."""
    return with_golden(Release(release.folder, release.manifest.model_copy(update={"clip": SMALL})))


@pytest.fixture(scope="session")
def small_c(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A type C with random weights, for tiny clips."""
    return small_lite(release, tmp_path_factory.mktemp("c"), {})


@pytest.fixture(scope="session")
def small_average_c(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The same without convolutions over time, as the released ones are."""
    return small_lite(release, tmp_path_factory.mktemp("average-c"), {"temporal": False})


def small_lite(release: Release, folder: Path, arguments: dict[str, Any]) -> Release:
    torch.manual_seed(0)
    net = nets.create("videoxception-c", release.manifest.outputs, **arguments)
    save_file(net.state_dict(), folder / WEIGHTS)
    architecture = Architecture(name="videoxception-c", arguments=arguments)
    changes = {"clip": SMALL, "architecture": architecture, "auxiliary": [], "name": "small-c"}
    changes |= {"classes": [str(number) for number in range(release.manifest.outputs)]}
    return with_golden(Release(folder, release.manifest.model_copy(update=changes)))


def with_golden(release: Release) -> Release:
    """The release with the golden answers of its weights for its own clips."""
    answers = golden_answers(release)
    return replace(release, manifest=release.manifest.model_copy(update={"golden": answers}))
