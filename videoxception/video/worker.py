"""What runs in a decoder process: it locks itself in, then answers requests until its socket is closed.

Started by `decoder_process.py` with nothing but the socket: no environment, no other open files.
"""

import importlib
import os
import pkgutil
import socket
import sys
import time
from collections.abc import Iterator
from typing import BinaryIO

import av
import numpy as np
from av.video.frame import VideoFrame

from videoxception.clip import Clip, ClipSpec, Stretch
from videoxception.video import sandbox, wire
from videoxception.video.decode import decode_file
from videoxception.video.errors import OverBudget, Undecodable, VideoError
from videoxception.video.frame import Scaler, turn
from videoxception.video.limits import Limits
from videoxception.video.memory import address_space, address_space_taken, be_killed_first, container_limit
from videoxception.video.orientation import CLOCKWISE
from videoxception.video.window_clips import WindowClip, decode_windows

_SAY_SECONDS = 1.0  # between words that the work on windows goes on
_TOO_LITTLE = "the video takes more memory than there is for it; send smaller frames"


def main() -> None:
    """Serve a socket. The last arguments are how many decoders share the memory, and the socket's descriptor."""
    decoders, descriptor = map(int, sys.argv[-2:])
    connection = socket.socket(fileno=descriptor)
    be_killed_first()
    _import_everything()
    missing = sandbox.enter(address_space(container_limit(), address_space_taken(), decoders))
    wire.send(connection, wire.Reply(kind="ready", missing=missing))
    while True:
        try:
            request, file = wire.receive_request(connection)
        except (wire.Closed, OSError):
            return
        _answer(connection, request, file)


def _import_everything() -> None:
    """Import what PyAV and NumPy would import at their first use, which is too late once no file can be opened."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in ("av.__main__", "av.datasets"):
            importlib.import_module(module.name)
    frame = VideoFrame(16, 16, "yuv420p")
    Scaler((8, 8), Stretch())(turn(frame, CLOCKWISE))
    request = wire.Request(spec=ClipSpec(), limits=Limits(), budget=None)
    wire.Request.model_validate_json(request.model_dump_json())


def _answer(connection: socket.socket, request: wire.Request, descriptor: int) -> None:
    """Decode a file and send the outcome."""
    try:
        with os.fdopen(descriptor, "rb") as file:
            for clip in _clips(connection, request, file):
                wire.send(connection, wire.reply_of(clip))
                connection.sendall(np.ascontiguousarray(clip.frames).data)
    except OverBudget:
        wire.send(connection, wire.Reply(kind="over-budget"))
    except VideoError as error:
        wire.send(connection, wire.reply_of_error(error))
    except MemoryError:
        wire.send(connection, wire.reply_of_error(Undecodable(_TOO_LITTLE)))


def _clips(connection: socket.socket, request: wire.Request, file: BinaryIO) -> Iterator[WindowClip | Clip]:
    """Yield the clips that a request asks for. Of windows, say now and then that the work goes on."""
    said = time.monotonic()

    def stopped() -> bool:
        return wire.is_stopped(connection)

    def stopped_or_say_so() -> bool:
        nonlocal said
        if time.monotonic() > said + _SAY_SECONDS:
            wire.send(connection, wire.Reply(kind="progress"))
            said = time.monotonic()
        return stopped()

    if request.windows is None:
        yield decode_file(file, request.spec, request.limits, stopped, budget=request.budget)
    else:
        yield from decode_windows(file, request.spec, request.windows, request.limits, stopped_or_say_so)
