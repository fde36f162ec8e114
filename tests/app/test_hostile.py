"""Uploads that are made to hurt: each gets a typed answer soon, and good files beside it get theirs."""

import io
import select
import socket
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import httpx
import numpy as np
import pytest

from tests.videos import make_video
from tests.waiting import LONG
from videoxception.video import Limits
from videoxception.video.container import open_video

Clients = Callable[..., httpx.Client]
SOON = 50.0  # seconds, on a busy machine


def answer(client: httpx.Client, content: bytes) -> tuple[int, str]:
    """The status and the kind of problem that an upload gets, soon."""
    start = time.monotonic()
    response = client.post("/predict", content=content)
    assert time.monotonic() - start < SOON
    return response.status_code, response.json().get("type", "").rpartition(":")[2]


def test_huge_frames_in_a_small_file(client: httpx.Client, tmp_path: Path) -> None:
    options = {"preset": "ultrafast"}
    path = make_video(tmp_path / "a.mp4", "libx264", 1, size=(8192, 8192), options=options)
    assert path.stat().st_size < 1_000_000
    assert answer(client, path.read_bytes()) == (422, "too-many-pixels")


def test_a_video_of_two_pixels_by_two(client: httpx.Client, tmp_path: Path) -> None:
    assert answer(client, make_video(tmp_path / "a.mp4", "libx264", 20, size=(2, 2)).read_bytes()) == (200, "")


def packets(path: Path, count: int, step: int, streams: int = 1) -> bytes:
    """A Matroska file of `count` tiny packets, `step` milliseconds apart, in each of so many streams."""
    with av.open(str(path), "w") as output:
        made = [output.add_stream("mjpeg", rate=25) for _ in range(streams)]
        for stream in made:
            stream.width, stream.height, stream.pix_fmt = 16, 16, "yuvj420p"
        image = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        content = bytes(made[0].codec_context.encode(image.reformat(format="yuvj420p"))[0])
        output.start_encoding()
        for stream in made:
            for k in range(count):
                packet = av.Packet(content)
                packet.pts = packet.dts = k * step
                packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 1000), stream, True
                output.mux(packet)
    return path.read_bytes()


def test_ten_hours_at_a_frame_a_second(client_of: Clients, tmp_path: Path) -> None:
    assert answer(client_of(), packets(tmp_path / "a.mkv", 36_000, 1000)) == (422, "too-long")


def test_a_hundred_thousand_packets(client_of: Clients, tmp_path: Path) -> None:
    assert answer(client_of(), packets(tmp_path / "a.mkv", 100_000, 1)) == (422, "too-long")


def test_hundreds_of_streams(client: httpx.Client, tmp_path: Path) -> None:
    """Those beyond the limit are not even opened."""
    content = packets(tmp_path / "a.mkv", 2, 40, streams=120)
    assert answer(client, content) == (200, "")
    (tmp_path / "b.mkv").write_bytes(content)
    limits = Limits(streams=10)
    with (tmp_path / "b.mkv").open("rb") as file, open_video(file, limits) as (container, _):
        assert len(container.streams) <= 10


REFERENCES = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{}'\n",
    "DASH": '<?xml version="1.0"?><MPD><BaseURL>{}</BaseURL></MPD>',
    "SDP": "v=0\nm=video 0 RTP/AVP 96\nc=IN IP4 127.0.0.1\na={}\n",
    "SVG": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{}"/></svg>',
}


@pytest.mark.parametrize("kind", REFERENCES)
@pytest.mark.parametrize("target", ["file", "http", "data:video/mp4;base64,AAAA", "/etc/passwd", "concat:/etc/passwd"])
def test_references_are_not_followed(kind: str, target: str, client: httpx.Client, video: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        target = {"file": f"file://{video}", "http": f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"}.get(
            target, target
        )
        assert answer(client, REFERENCES[kind].format(target).encode()) == (415, "not-a-video")
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_zip_bomb(client: httpx.Client) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("clip.mp4", bytes(50 * 2**20))
    assert answer(client, packed.getvalue()) == (415, "not-a-video")


def test_a_video_that_is_an_archive_as_well(client: httpx.Client, video: Path) -> None:
    """What stands behind a video's end does not matter; it is decoded as what it is."""
    packed = io.BytesIO(video.read_bytes())
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("evil.txt", "x" * 1000)
    assert answer(client, packed.getvalue()) == (200, "")


def test_sound_with_cover_art(client: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="mp4") as output:
        sound = output.add_stream("aac", rate=44100, layout="mono")
        cover = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 44100, 0, Fraction(1, 44100)
        output.mux(sound.encode(frame))
        output.mux(sound.encode(None))
        image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        output.mux(cover.encode(image.reformat(format="yuvj420p")))
        output.mux(cover.encode(None))
    assert answer(client, path.read_bytes()) == (415, "not-a-video")


@pytest.mark.parametrize("start", [b"", b'--a\r\nContent-Disposition: form-data; name="x"\r\n\r\n'])
def test_a_body_without_end_is_hung_up_on(start: bytes, client: httpx.Client) -> None:
    """The service takes a little more than its limit, answers, and closes the connection."""
    address = (client.base_url.host, client.base_url.port or 80)
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    head += b"Content-Type: multipart/form-data; boundary=a\r\n\r\n" if start else b"\r\n"
    sent = 0
    with socket.create_connection(address, timeout=SOON) as connection, suppress(ConnectionError):
        connection.sendall(head + (b"%x\r\n%s\r\n" % (len(start), start) if start else b""))
        while sent < 64 * 2**20:
            connection.sendall(b"10000\r\n" + bytes(2**16) + b"\r\n")
            sent += 2**16
    assert sent < 32 * 2**20


def test_a_byte_at_a_time_is_hung_up_on(client_of: Clients) -> None:
    client = client_of(upload_timeout=1.0)
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=SOON) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        while not select.select([connection], [], [], 0.3)[0]:  # a byte that comes after the end would reset it
            connection.sendall(b"x")
        said = b"".join(iter(lambda: connection.recv(4096), b""))
    assert said.startswith(b"HTTP/1.1 408")
    assert b"slow-upload" in said


def test_two_hundred_at_once(client_of: Clients, video: Path) -> None:
    client = client_of(max_in_flight=32)
    expected = client.post("/predict", content=video.read_bytes()).json()
    outcomes: list[tuple[int, bool]] = []

    def post() -> None:
        response = crowd.post("/predict", content=video.read_bytes())
        right = response.json() == expected if response.status_code == 200 else "retry-after" in response.headers
        outcomes.append((response.status_code, right))

    threads = [threading.Thread(target=post) for _ in range(200)]
    with httpx.Client(base_url=client.base_url, timeout=LONG, limits=httpx.Limits(max_connections=200)) as crowd:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(outcomes) == 200
    assert all(right for _, right in outcomes)
    assert {status for status, _ in outcomes} <= {200, 503}
    assert client.post("/predict", content=video.read_bytes()).json() == expected
