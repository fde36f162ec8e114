"""`?frames=true`: the answer with the frames that the model was shown."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from tests.videos import nearest_levels
from videoxception.clip import ClipSpec
from videoxception.video import decode


def images(body: dict[str, list[dict[str, str]]]) -> list[Image.Image]:
    """The frames of an answer."""
    prefix = "data:image/jpeg;base64,"
    assert all(frame["image"].startswith(prefix) for frame in body["frames"])
    return [Image.open(io.BytesIO(base64.b64decode(frame["image"].removeprefix(prefix)))) for frame in body["frames"]]


def test_the_frames_are_those_of_the_clip(client: httpx.Client, video: Path) -> None:
    body = client.post("/predict", params={"frames": True}, content=video.read_bytes()).json()
    assert [frame["timestamp"] for frame in body["frames"]] == body["clip"]["timestamps"]
    shown = images(body)
    assert {image.size for image in shown} == {(192, 128)}  # the video has 96 x 64
    clip = decode(video, ClipSpec())
    assert nearest_levels(np.stack([np.asarray(image) for image in shown])) == nearest_levels(clip.frames)


def test_they_are_not_there_unless_asked_for(client: httpx.Client, video: Path) -> None:
    with_frames = client.post("/predict", params={"frames": True}, content=video.read_bytes()).json()
    without = client.post("/predict", content=video.read_bytes()).json()
    del with_frames["frames"]
    assert with_frames == without


def test_nothing_of_them_is_kept(client_of: Callable[..., httpx.Client], video: Path) -> None:
    client = client_of(answer_cache=10)
    for frames, said in (("true", ""), ("false", "miss"), ("true", ""), ("false", "hit")):
        answer = client.post("/predict", params={"frames": frames}, content=video.read_bytes())
        assert ("frames" in answer.json()) == (frames == "true")
        assert answer.headers["Server-Timing"].partition("cache;desc=")[2] == said
