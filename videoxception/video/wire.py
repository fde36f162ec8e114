"""How the pool and its decoder processes talk: JSON with its length before it, an open file with a question, and the
bytes of the pictures behind an answer. Nothing that comes from a decoder is unpickled or trusted."""

import socket
import struct
from typing import Literal

from pydantic import BaseModel, Field

from videoxception.clip import Clip, ClipSpec, Frames
from videoxception.video.errors import Undecodable, VideoError
from videoxception.video.limits import Limits

_LENGTH = struct.Struct("!I")
_QUESTION, _STOP, _BEGUN = b"?", b"!", b"+"
_LONGEST = 64 * 1024  # bytes of JSON
_ERRORS: dict[str, type[VideoError]] = {kind.__name__: kind for kind in VideoError.__subclasses__()}


class Question(BaseModel):
    """A file to decode, whose descriptor travels along. What is over `budget`, in pixels to decode, is not done."""

    spec: ClipSpec
    limits: Limits
    budget: float | None


class ClipFacts(BaseModel):
    """A clip without its pictures."""

    duration: float | None
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    codec: str = Field(max_length=64)
    timestamps: tuple[float, ...]
    warnings: tuple[str, ...] = Field(max_length=16)
    decoded: int
    planned: bool


class Reply(BaseModel):
    """What came of a question: a clip, whose pictures follow; an error of the file; or a cost over the budget."""

    kind: Literal["ready", "clip", "error", "over-budget"]
    clip: ClipFacts | None = None
    error: str = Field("", max_length=64)
    message: str = Field("", max_length=1000)
    missing: list[str] = Field([], max_length=16)


class Closed(Exception):
    """The other side is gone, or does not keep to the protocol."""


def send(connection: socket.socket, message: BaseModel) -> None:
    """Sends a message. Raises `OSError` if the other side is gone."""
    content = message.model_dump_json().encode()
    connection.sendall(_LENGTH.pack(len(content)) + content)


def ask(connection: socket.socket, question: Question, file: int) -> None:
    """Sends a question and the open file that it is about. Raises `OSError` if the other side is gone."""
    socket.send_fds(connection, [_QUESTION], [file])
    send(connection, question)


def stop(connection: socket.socket) -> None:
    """Says that nobody waits for the answer any more. Raises `OSError` if the other side is gone."""
    connection.sendall(_STOP)


def is_stopped(connection: socket.socket) -> bool:
    """Whether `stop` was said since the question, or the other side is gone."""
    try:
        return connection.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) in (_STOP, b"")
    except BlockingIOError:
        return False


def receive_question(connection: socket.socket) -> tuple[Question, int]:
    """The next question, and the descriptor of its file. Raises `Closed`."""
    start, files, _, _ = socket.recv_fds(connection, 1, 1)
    while start == _STOP:  # of the question before, which was answered already
        start, files, _, _ = socket.recv_fds(connection, 1, 1)
    if start != _QUESTION or len(files) != 1:
        raise Closed
    length = _LENGTH.unpack(receive_exactly(connection, _LENGTH.size))[0]
    question = Question.model_validate_json(receive_exactly(connection, length))
    connection.sendall(_BEGUN)
    return question, files[0]


def receive_begun(connection: socket.socket) -> None:
    """The word that the other side has the question. Raises `Closed`, or `TimeoutError`."""
    if receive_exactly(connection, 1) != _BEGUN:
        raise Closed


def receive_reply(connection: socket.socket) -> Reply:
    """The next reply. Raises `Closed` for anything else, `TimeoutError` if the socket has a timeout and it passes."""
    length = _LENGTH.unpack(receive_exactly(connection, _LENGTH.size))[0]
    if length > _LONGEST:
        raise Closed
    try:
        return Reply.model_validate_json(receive_exactly(connection, length))
    except ValueError as error:
        raise Closed from error


def receive_exactly(connection: socket.socket, size: int) -> bytearray:
    """`size` bytes. Raises `Closed` if there are fewer."""
    content = bytearray(size)
    view = memoryview(content)
    while view:
        received = connection.recv_into(view)
        if received == 0:
            raise Closed
        view = view[received:]
    return content


def reply_of_clip(clip: Clip) -> Reply:
    """The reply that a clip is; its pictures are sent behind it."""
    facts = ClipFacts(
        duration=clip.duration,
        width=clip.width,
        height=clip.height,
        codec=clip.codec,
        timestamps=clip.timestamps,
        warnings=clip.warnings,
        decoded=clip.decoded,
        planned=clip.planned,
    )
    return Reply(kind="clip", clip=facts)


def clip_of(facts: ClipFacts, frames: Frames) -> Clip:
    """The clip that was sent."""
    return Clip(frames=frames, **facts.model_dump())


def reply_of_error(error: VideoError) -> Reply:
    """The reply that an error of the file is."""
    return Reply(kind="error", error=type(error).__name__, message=str(error)[:1000])


def error_of(reply: Reply) -> VideoError:
    """The error that was sent."""
    return _ERRORS.get(reply.error, Undecodable)(reply.message)
