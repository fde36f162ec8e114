"""A model of another clip than the usual, whose architecture has arguments: from a run to its answers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.settings import Settings
from tests.app.conftest import serve, wait_until_ready
from tests.training.conftest import Runs
from tests.videos import make_video
from training.config.clip import ClipConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.evaluation.finished_runs import measure, open_finished_run
from training.evaluation.stored import load_predictions
from training.publish import publish
from training.run import run
from videoxception import Classifier, ModelStore, golden
from videoxception.clip import ClipSpec
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.engine.torch_reference import TorchEngine
from videoxception.nets.served import load_served
from videoxception.nets.videoxception_c import TemporalConv
from videoxception.store import Release


@pytest.fixture(scope="module")
def small(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A finished run of type D without convolutions over time, from no published weights, and its cache."""
    folder = tmp_path_factory.mktemp("small")
    config = Config(
        architecture="videoxception-d",
        architecture_args="temporal=false",
        name="small-d",
        clip_shape=ClipConfig(clip_frames=3, clip_size=64),
        stages=parse_stages("1x3x64x8"),
        pretrained="none",
        data=replace(runs.data, fold=1),
    )
    run(config, folder / "run", False, torch.device("cpu"), folder / "cache")
    return folder / "run", folder / "cache"


@pytest.fixture(scope="module")
def release(small: tuple[Path, Path]) -> Release:
    return publish(small[0], small[0].parent / "store", int8=False)


def test_the_release_says_clip_and_arguments(release: Release) -> None:
    assert release.manifest.clip == ClipSpec(frames=3, size=(64, 64))
    assert release.manifest.architecture.arguments == {"temporal": False}
    assert release.manifest.cost is not None
    assert release.manifest.cost.parameters == sum(p.numel() for p in load_served(release).parameters())
    assert not any(isinstance(module, TemporalConv) for module in load_served(release).modules())
    assert release.manifest.metrics is not None
    assert load_predictions(release.predictions).scores.outputs.shape == (3, 1, 3)


def test_its_graph_is_its_network(release: Release) -> None:
    clips = golden.draw(release.manifest.clip, 5, 4)
    engines = OpenVINOEngine(release, "f32"), TorchEngine(release, "cpu", "f32")
    on_cpu, reference = (engine.predict(clips) for engine in engines)
    assert clips.shape == (4, 3, 64, 64, 3)
    assert np.ptp(reference, 0).min() > 1e-3
    assert np.abs(on_cpu - reference).max() < 1e-3 * np.abs(reference).max()


def test_library_and_service_answer_alike(release: Release, tmp_path: Path) -> None:
    store, video = release.folder.parents[1], make_video(tmp_path / "clip.mp4", "libx264", 12)
    classifier = Classifier.load("small-d", store=ModelStore(built_in=store), device="cpu", precision="f32")
    expected = classifier.predict(video)
    assert len(expected.clip.timestamps) == 3
    settings = Settings(device="cpu", precision="f32", model="small-d", model_store=str(store), temp_dir=tmp_path)
    with serve(settings) as client:
        wait_until_ready(client)
        answer = client.post("/predict", content=video.read_bytes()).json()
    assert answer["label"] == expected.answer.label
    assert answer["probabilities"] == pytest.approx(expected.answer.probabilities, abs=1e-5)
    assert len(answer["clip"]["timestamps"]) == 3


def test_the_run_itself_is_measured_on_its_own_clips(small: tuple[Path, Path]) -> None:
    opened = open_finished_run(*small)
    assert opened.clips[0:1].shape == (1, 3, 64, 64, 3)
    assert len(measure(opened).items) == 3
