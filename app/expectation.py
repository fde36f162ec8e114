"""Clients that ask for leave before they send a body (`Expect: 100-continue`, RFC 9110, section 10.1.1).

The server gives leave when the body is first read. A request that is answered before never sends its body, so that its
connection can carry no other request.
"""

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STATE = "waits_for_leave"


def waits_for_leave(request: Request) -> bool:
    """Return whether the client still waits for leave to send the body."""
    return bool(getattr(request.state, _STATE, False))


class Expectation:
    """ASGI middleware: notes whether the client waits, and closes the connection if it is answered while it does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or Headers(scope=scope).get("expect", "").lower() != "100-continue":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state[_STATE] = True

        async def receive_and_note() -> Message:
            state[_STATE] = False
            return await receive()

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start" and state[_STATE]:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, receive_and_note, send_and_close)
