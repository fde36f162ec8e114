"""The protocol between a decoder process and the pool, over a socket.

JSON with its length before it, an open file with a request, and the bytes of the frames behind an answer. A request for
windows has an answer for each, as they are decoded and the socket takes them; then that for the whole video. Nothing
that comes from a decoder is unpickled or trusted.
"""

import socket
import struct
from typing import Literal

from pydantic import BaseModel, Field

from videoxception.clip import Clip, ClipSpec, Frames
from videoxception.video.errors import Undecodable, VideoError
from videoxception.video.limits import Limits
from videoxception.video.window_clips import WindowClip
from videoxception.windows import Asked, Windows

_LENGTH = struct.Struct("!I")
_REQUEST, _STOP, _BEGUN = b"?", b"!", b"+"
_LONGEST = 64 * 1024  # bytes of JSON
_ERRORS: dict[str, type[VideoError]] = {kind.__name__: kind for kind in VideoError.__subclasses__()}


class Request(BaseModel):
    """A file to decode, whose descriptor travels along. Work over `budget` pixels to decode is not begun.

    With `windows`, their clips are asked for as well.
    """

    spec: ClipSpec
    limits: Limits
    budget: float | None = None
    windows: Asked | None = None


class ClipFacts(BaseModel, from_attributes=True):
    """A clip without its frames."""

    duration: float | None
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    codec: str = Field(max_length=64)
    timestamps: tuple[float, ...]
    warnings: tuple[str, ...] = Field(max_length=16)
    decoded: int
    planned: bool


class WindowFacts(BaseModel, from_attributes=True):
    """A window's clip without its frames."""

    start: float
    end: float
    timestamps: tuple[float, ...]
    windows: Windows
    count: int


class Reply(BaseModel):
    """The outcome of a request: a clip, whose frames follow; an error of the file; or a cost over the budget.

    Before it, a window's clip, whose frames follow; or word that the work goes on.
    """

    kind: Literal["ready", "clip", "error", "over-budget", "window", "progress"]
    clip: ClipFacts | None = None
    window: WindowFacts | None = None
    error: str = Field("", max_length=64)
    message: str = Field("", max_length=1000)
    missing: list[str] = Field([], max_length=16)


class Closed(Exception):
    """The other side is gone, or does not keep to the protocol."""


def send(connection: socket.socket, message: BaseModel) -> None:
    """Send a message. Raise `OSError` if the other side is gone."""
    content = message.model_dump_json().encode()
    connection.sendall(_LENGTH.pack(len(content)) + content)


def send_request(connection: socket.socket, request: Request, file: int) -> None:
    """Send a request and the open file that it is about. Raise `OSError` if the other side is gone."""
    socket.send_fds(connection, [_REQUEST], [file])
    send(connection, request)


def stop(connection: socket.socket) -> None:
    """Ask the other side to stop its work. Raise `OSError` if it is gone."""
    connection.sendall(_STOP)


def is_stopped(connection: socket.socket) -> bool:
    """Return whether a `stop` came since the request, or the other side is gone."""
    try:
        return connection.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) in (_STOP, b"")
    except BlockingIOError:
        return False


def receive_request(connection: socket.socket) -> tuple[Request, int]:
    """Receive the next request and the descriptor of its file, and confirm it. Raise `Closed`."""
    start, files, _, _ = socket.recv_fds(connection, 1, 1)
    while start == _STOP:  # of the request before, which was answered already
        start, files, _, _ = socket.recv_fds(connection, 1, 1)
    if start != _REQUEST or len(files) != 1:
        raise Closed
    length = _LENGTH.unpack(receive_exactly(connection, _LENGTH.size))[0]
    request = Request.model_validate_json(receive_exactly(connection, length))
    connection.sendall(_BEGUN)
    return request, files[0]


def receive_begun(connection: socket.socket) -> None:
    """Receive the confirmation that the other side has the request. Raise `Closed`, or `TimeoutError`."""
    if receive_exactly(connection, 1) != _BEGUN:
        raise Closed


def receive_reply(connection: socket.socket) -> Reply:
    """Receive the next reply. Raise `Closed` for anything else, `TimeoutError` if the socket's timeout passes."""
    length = _LENGTH.unpack(receive_exactly(connection, _LENGTH.size))[0]
    if length > _LONGEST:
        raise Closed
    try:
        return Reply.model_validate_json(receive_exactly(connection, length))
    except ValueError as error:
        raise Closed from error


def receive_exactly(connection: socket.socket, size: int) -> bytearray:
    """Receive `size` bytes. Raise `Closed` if there are fewer."""
    content = bytearray(size)
    view = memoryview(content)
    while view:
        received = connection.recv_into(view)
        if received == 0:
            raise Closed
        view = view[received:]
    return content


def reply_of(clip: Clip | WindowClip) -> Reply:
    """Return the reply for a clip; its frames are sent behind it."""
    if isinstance(clip, WindowClip):
        return Reply(kind="window", window=WindowFacts.model_validate(clip))
    return Reply(kind="clip", clip=ClipFacts.model_validate(clip))


def window_of(facts: WindowFacts, frames: Frames) -> WindowClip:
    """Return the window's clip that was sent."""
    return WindowClip(frames=frames, **dict(facts))


def clip_of(facts: ClipFacts, frames: Frames) -> Clip:
    """Return the clip that was sent."""
    return Clip(frames=frames, **dict(facts))


def reply_of_error(error: VideoError) -> Reply:
    """Return the reply for an error of the file."""
    return Reply(kind="error", error=type(error).__name__, message=str(error)[:1000])


def error_of(reply: Reply) -> VideoError:
    """Return the error that was sent."""
    return _ERRORS.get(reply.error, Undecodable)(reply.message)
