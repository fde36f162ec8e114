"""The decoders as the event loop sees them."""

import asyncio
import io
from unittest.mock import MagicMock

import pytest

from app.decoding import Decoders
from videoxception.clip import ClipSpec
from videoxception.video import Undecodable
from videoxception.video.job import Job


@pytest.mark.parametrize(("processes", "files", "busy"), [(1, 0, False), (1, 1, True), (2, 1, True), (4, 1, False)])
def test_they_are_busy_while_half_of_them_have_work(processes: int, files: int, busy: bool) -> None:
    jobs = [Job(io.BytesIO(), ClipSpec()) for _ in range(files)]

    async def test() -> None:
        decoders = Decoders(MagicMock(submit=MagicMock(side_effect=jobs)), processes)
        decoding = [asyncio.create_task(decoders.decode(job.file, job.spec)) for job in jobs]
        await asyncio.sleep(0)
        assert decoders.busy is busy
        for job in jobs:
            job.fail(Undecodable("planted"))
        await asyncio.gather(*decoding, return_exceptions=True)
        assert not decoders.busy

    asyncio.run(test())
