"""A GPU, as far as engines use it. Without one, tests give them a card on which everything happens at once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import Tensor

from videoxception.engine.base import EngineError


class Card:
    """A GPU by the name under which it was asked for: "cuda", "cuda:1"."""

    def __init__(self, name: str) -> None:
        """Raises `EngineError` if PyTorch cannot use such a device."""
        try:
            found = torch.device(name)
            self.capability = torch.cuda.get_device_capability(found)
        except (RuntimeError, AssertionError) as error:
            raise EngineError(f"PyTorch cannot use the device {name!r}: {error}") from error
        self.name = name
        self.device = found if found.index is not None else torch.device("cuda", torch.cuda.current_device())

    @property
    def has_bf16(self) -> bool:
        """Whether it multiplies in bf16: from compute capability 8.0 on."""
        return self.capability >= (8, 0)

    @property
    def free_memory(self) -> int:
        """Bytes that no process uses."""
        return torch.cuda.mem_get_info(self.device)[0]

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Make it the current device, for inference."""
        with torch.cuda.device(self.device), torch.inference_mode():
            yield

    def stream(self) -> torch.cuda.Stream:
        """Return a new stream."""
        return torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]

    def event(self) -> torch.cuda.Event:
        """Return a new event."""
        return torch.cuda.Event()  # type: ignore[no-untyped-call]

    def on(self, stream: torch.cuda.Stream) -> AbstractContextManager[object]:
        """Make a stream the current one."""
        return torch.cuda.stream(stream)

    def pinned(self, size: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Return zeros on the host that are copied to the card directly."""
        return torch.zeros(size, dtype=dtype, pin_memory=True)

    def record(self, run: Callable[[], None], stream: torch.cuda.Stream) -> Callable[[], None]:
        """Call a function, then record it as a graph; return what starts the graph on the current stream.

        The first call compiles kernels and loads libraries, which cannot be recorded.
        """
        graph = torch.cuda.CUDAGraph()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            run()
        stream.synchronize()
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            run()
        return graph.replay
