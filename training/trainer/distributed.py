"""The processes that train together, as `torchrun` starts them: one a GPU, on one machine or several.

With a single process, nothing here does anything.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn

from training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class World:
    """How many processes there are, and which of them this one is."""

    size: int = 1
    rank: int = 0

    @property
    def leads(self) -> bool:
        """Whether this process saves and logs for all."""
        return self.rank == 0

    def micro_batches(self, wanted: int) -> int:
        """Return into how many micro-batches a batch is cut: as many as wanted, and at least one a process.

        Raises:
            TrainingError: the processes cannot share them evenly.
        """
        count = max(wanted, self.size)
        if count % self.size:
            raise TrainingError(
                f"--grad-accum-steps {count} cannot be shared by {self.size} processes; make it a multiple of that"
            )
        return count

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """Let the leader do something before the others do it too, such as decoding into a cache that all share."""
        if not self.leads:
            self.wait()
        yield
        if self.leads:
            self.wait()

    def wait(self) -> None:
        """Return when all processes have come here."""
        if self.size > 1:
            distributed.barrier()

    def total(self, number: float, device: torch.device) -> float:
        """Return the sum of every process's number."""
        if self.size == 1:
            return number
        summed = torch.tensor(number, dtype=torch.float64, device=device)
        distributed.all_reduce(summed)
        return float(summed)

    def agree(self, number: int, device: torch.device) -> bool:
        """Return whether all processes have the same number."""
        if self.size == 1:
            return True
        extremes = torch.tensor([number, -number], device=device)
        distributed.all_reduce(extremes, distributed.ReduceOp.MAX)
        return bool(extremes[0] == -extremes[1])

    def average_buffers(self, net: nn.Module) -> None:
        """Give all processes the mean of their batch norms' running statistics.

        A running mean is linear in what goes in, so that averaging once an epoch is the same as averaging every step.
        """
        if self.size > 1:
            for buffer in floating_buffers(net):
                distributed.all_reduce(buffer)
                buffer.div_(self.size)


def floating_buffers(net: nn.Module) -> list[Tensor]:
    """Return the running means and variances of the batch norms; not the counts of batches."""
    return [buffer for buffer in net.buffers() if buffer.is_floating_point()]


@contextmanager
def process_group(device: torch.device) -> Iterator[tuple[World, torch.device]]:
    """Join the processes that `torchrun` describes in the environment; yield them, and this process's device.

    Raises:
        TrainingError: there are more processes on this machine than GPUs.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World(), device
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        if device.index is None or device.index >= torch.cuda.device_count():
            raise TrainingError(
                f"process {device.index} has no GPU: this machine has {torch.cuda.device_count()};"
                " give torchrun as many processes with --nproc-per-node"
            )
        torch.cuda.set_device(device)
    backend = "nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=timedelta(days=1))  # the others wait for what the leader computes
    try:
        yield World(size, distributed.get_rank()), device
        distributed.barrier()  # a process that leaves early breaks the others' collectives
    finally:
        gc.collect()  # a DistributedDataParallel in a cycle would outlive the group, and abort the process as it exits
        distributed.destroy_process_group()
