"""When a call is made again, and how long after."""

import random
from dataclasses import dataclass

import httpx

_FIRST = 0.5  # seconds before the second try, if the service does not say; doubled each time
_JITTER = 0.25  # share of a pause by which it may be longer, so that clients do not come back all at once
# A connection that was not made or that broke. A prediction changes nothing, so that it can be asked for again.
_BROKEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)

# 503: the service is busy or not ready. 502: a proxy lost the replica that had the request, and another may answer it.
_PASSING = (502, 503)


@dataclass(frozen=True, slots=True)
class Retries:
    """At most `tries` calls in all, and at most `longest` seconds between two: of a longer wait, the caller is told."""

    tries: int = 5
    longest: float = 60.0

    def pause(self, tried: int, outcome: httpx.Response | httpx.TransportError) -> float | None:
        """Return the seconds to wait after so many tries, or None if the outcome of the last is to stand."""
        wait = self._wait(tried, outcome)
        if wait is None or wait > self.longest or tried >= self.tries:
            return None
        return wait * random.uniform(1, 1 + _JITTER)

    def _wait(self, tried: int, outcome: httpx.Response | httpx.TransportError) -> float | None:
        usual = float(_FIRST * 2 ** (tried - 1))
        if isinstance(outcome, _BROKEN):
            return usual
        if isinstance(outcome, httpx.Response) and outcome.status_code in _PASSING:
            asked = outcome.headers.get("retry-after", "")
            return float(asked) if asked.isdecimal() else usual
        return None


NEVER = Retries(tries=1)
