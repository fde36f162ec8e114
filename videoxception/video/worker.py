"""A decoder process: locks itself in, then answers one question after the other until its socket is closed.

Started by `decoder_process.py` with nothing but the socket: no environment, no other open files.
"""

import importlib
import os
import pkgutil
import socket
import sys

import av
import numpy as np
from av.video.frame import VideoFrame

from videoxception.clip import ClipSpec, Stretch
from videoxception.video import sandbox, wire
from videoxception.video.decode import decode_file
from videoxception.video.errors import OverBudget, VideoError
from videoxception.video.limits import Limits
from videoxception.video.picture import Scaler, turn

_MEMORY = 4 * 2**30  # bytes of address space; OpenBLAS and FFmpeg reserve more than they use


def main() -> None:
    """Serves the socket whose descriptor is the last argument."""
    connection = socket.socket(fileno=int(sys.argv[-1]))
    _import_everything()
    missing = sandbox.enter(_MEMORY)
    wire.send(connection, wire.Reply(kind="ready", missing=missing))
    while True:
        try:
            question, descriptor = wire.receive_question(connection)
        except (wire.Closed, OSError):
            return
        _answer(connection, question, descriptor)


def _import_everything() -> None:
    """PyAV and NumPy import some modules at their first use, which is too late in a process that cannot open files."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in ("av.__main__", "av.datasets"):
            importlib.import_module(module.name)
    frame = VideoFrame(16, 16, "yuv420p")
    Scaler((8, 8), Stretch())(turn(frame, 1))
    question = wire.Question(spec=ClipSpec(), limits=Limits(), budget=None)
    wire.Question.model_validate_json(question.model_dump_json())


def _answer(connection: socket.socket, question: wire.Question, descriptor: int) -> None:
    def stopped() -> bool:
        return wire.is_stopped(connection)

    try:
        with os.fdopen(descriptor, "rb") as file:
            clip = decode_file(file, question.spec, question.limits, stopped, budget=question.budget)
    except OverBudget:
        wire.send(connection, wire.Reply(kind="over-budget"))
    except VideoError as error:
        wire.send(connection, wire.reply_of_error(error))
    except MemoryError:
        wire.send(connection, wire.Reply(kind="error", error="Undecodable", message="the video takes too much memory"))
    else:
        wire.send(connection, wire.reply_of_clip(clip))
        connection.sendall(np.ascontiguousarray(clip.frames).data)
