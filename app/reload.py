"""Hot reload: look at the model stores now and then, and load what is new while the service runs."""

import asyncio
import logging

from app.registry import ModelRegistry

_log = logging.getLogger(__name__)


class Reloader:
    """Reloads the registry when the versions in the stores have changed."""

    def __init__(self, registry: ModelRegistry, interval: float) -> None:
        """Check the stores every `interval` seconds; with 0, only after `request`."""
        self._registry = registry
        self._interval = interval
        self._seen: dict[str, list[int]] = {}  # names and versions at the last check
        self._requested = asyncio.Event()

    async def note_versions(self) -> None:
        """Record the versions in the stores. Called before models are loaded, so that no later version is missed."""
        self._seen = await asyncio.to_thread(self._registry.versions)

    def request(self) -> None:
        """Make `watch` reload now."""
        self._requested.set()

    async def watch(self) -> None:
        """Reload when that is requested, or the stores hold other versions than before. Runs until it is cancelled."""
        while True:
            requested = await self._wait()
            try:
                await self._look(requested)
            except Exception:  # loaded models go on answering, and the next check may succeed
                _log.exception("looking for new models failed")

    async def _wait(self) -> bool:
        """Wait until a reload is requested (true), or it is time for another check of the stores (false)."""
        try:
            async with asyncio.timeout(self._interval or None):
                await self._requested.wait()
        except TimeoutError:
            return False
        self._requested.clear()
        return True

    async def _look(self, requested: bool) -> None:
        before = self._seen
        await self.note_versions()
        if requested or self._seen != before:
            await self._registry.reload()
