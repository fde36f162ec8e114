"""Ten frames of a video as 128 x 128 RGB, by each of several libraries: the same work for each.

Runs as a process of its own in an environment that has the library. For each path on standard input it prints a line of
JSON {cpu, wall, means}: seconds, and the mean colours of each frame and of its upper left corner, which identify it.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

FRAMES, SIZE = 10, 128


def _numbers(count: int) -> list[int]:
    return [(2 * i + 1) * count // (2 * FRAMES) for i in range(FRAMES)]


def ours(path: str) -> Any:
    """Decode with this project's planned decoder."""
    from pathlib import Path

    from videoxception.clip import ClipSpec
    from videoxception.video import decode

    return decode(Path(path), ClipSpec()).frames


def pyav(path: str) -> Any:
    """Decode all frames with PyAV, one thread, and convert ten. The frame count comes from a pass over the packets."""
    import av
    import numpy as np
    from av.video.reformatter import VideoReformatter

    with av.open(path) as container:
        count = sum(packet.size > 0 for packet in container.demux(video=0))
    wanted, kept, reformatter = _numbers(count), [], VideoReformatter()
    with av.open(path) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for k, frame in enumerate(container.decode(video=0)):
            if k in wanted:
                scaled = reformatter.reformat(frame, SIZE, SIZE, "rgb24", interpolation="BICUBIC", threads=1)
                kept += [scaled.to_ndarray()] * wanted.count(k)
    return np.stack(kept)


def torchcodec_exact(path: str, mode: str = "exact") -> Any:
    """Decode with TorchCodec, one thread, scaling in the decoder."""
    from torchcodec.decoders import VideoDecoder
    from torchcodec.transforms import Resize

    decoder = VideoDecoder(path, seek_mode=mode, num_ffmpeg_threads=1, transforms=[Resize((SIZE, SIZE))])
    return decoder.get_frames_at(_numbers(len(decoder))).data.permute(0, 2, 3, 1).numpy()


def torchcodec_approximate(path: str) -> Any:
    """Decode with TorchCodec, seeking by the header's metadata."""
    return torchcodec_exact(path, "approximate")


def decord(path: str) -> Any:
    """Decode with decord, one thread, scaling in the decoder."""
    from decord import VideoReader

    reader = VideoReader(path, width=SIZE, height=SIZE, num_threads=1)
    return reader.get_batch(_numbers(len(reader))).asnumpy()


def opencv(path: str) -> Any:
    """Grab all frames with OpenCV, retrieve and scale ten."""
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    wanted, kept, k = _numbers(int(capture.get(cv2.CAP_PROP_FRAME_COUNT))), [], 0
    while len(kept) < FRAMES and capture.grab():
        if k in wanted:
            frame = cv2.resize(capture.retrieve()[1], (SIZE, SIZE), interpolation=cv2.INTER_AREA)[..., ::-1]
            kept += [frame] * wanted.count(k)
        k += 1
    return np.stack(kept)


def _means(frames: Any) -> list[list[float]]:
    """Return six numbers a frame; synthetic videos have a mark in the corner that identifies each frame."""
    corner = SIZE // 8 - 1  # without the mark's edge, which scalers blur differently
    means: list[list[float]] = [
        [*frame.mean((0, 1)).tolist(), *frame[:corner, :corner].mean((0, 1)).tolist()] for frame in frames
    ]
    return means


METHODS: dict[str, Callable[[str], Any]] = {
    method.__name__: method for method in (ours, pyav, torchcodec_exact, torchcodec_approximate, decord, opencv)
}


def main() -> None:
    """Decode the file of each input line with the method that the first argument names."""
    method = METHODS[sys.argv[1]]
    for line in sys.stdin:
        try:
            cpu, wall = time.process_time(), time.perf_counter()
            frames = method(line.strip())
            taken = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
            print(json.dumps(taken | {"means": _means(frames)}), flush=True)
        except Exception as error:  # a peer that fails on a file reports it and goes on
            print(json.dumps({"error": f"{type(error).__name__}: {error}"[:200]}), flush=True)


if __name__ == "__main__":
    main()
