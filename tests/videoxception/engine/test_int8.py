"""The int8 graph as an engine: when it is taken, and that its answers are as steady as any."""

import shutil
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from training.export.int8.quantise import quantise
from videoxception import engine as engines
from videoxception import golden
from videoxception.engine import EngineError
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.manifest import Agreement
from videoxception.nets.fused_norms import fuse_norms
from videoxception.nets.served import load_served
from videoxception.store import Release, StoreError, open_release, sha256_of

NEAR = Agreement(n=100, equal_labels=0.99, change_median=0.001, change_p99=0.02, passed=True)


@pytest.fixture(scope="module")
def release(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The shipped model with an int8 graph, of a few drawn clips."""
    folder = tmp_path_factory.mktemp("store") / release.manifest.name / str(release.manifest.version)
    shutil.copytree(release.folder, folder)
    copy = Release(folder, release.manifest)
    spec = copy.manifest.clip
    model = quantise(fuse_norms(load_served(copy), spec), spec, golden.draw(spec, 5, 3))
    ov.save_model(model, copy.int8_graph, compress_to_fp16=False)
    return with_agreement(copy, NEAR)


def with_agreement(release: Release, int8: Agreement | None) -> Release:
    """The same folder with other words about its int8 graph."""
    files = release.manifest.files | {path.name: sha256_of(path) for path in release.folder.glob("graph-int8.*")}
    manifest = release.manifest.model_copy(update={"int8": int8, "files": files})
    (release.folder / "model.json").write_text(manifest.model_dump_json())
    return Release(release.folder, manifest)


def has_bf16() -> bool:
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def test_it_is_taken_where_it_passed_and_the_cpu_is_of_the_kind(release: Release) -> None:
    assert OpenVINOEngine(release).precision == ("int8" if has_bf16() else "f32")


def test_it_is_not_taken_where_it_did_not_pass(release: Release) -> None:
    failed = Release(
        release.folder, release.manifest.model_copy(update={"int8": NEAR.model_copy(update={"passed": False})})
    )
    assert OpenVINOEngine(failed).precision == ("bf16" if has_bf16() else "f32")
    assert OpenVINOEngine(failed, "int8").precision == "int8"


def test_an_answer_is_the_same_to_the_bit_in_any_company(release: Release) -> None:
    engine, clips = OpenVINOEngine(release, "int8"), golden.draw(release.manifest.clip, 3, 3)
    together = engine.predict(clips)
    for clip, row in zip(clips, together, strict=True):
        assert np.array_equal(engine.predict(clip[None])[0], row)
    assert np.array_equal(OpenVINOEngine(release, "int8").predict(clips[::-1])[::-1], together)


def test_its_answers_are_those_of_the_network_nearly(release: Release) -> None:
    clips = golden.draw(release.manifest.clip, 5, 3)
    exact = OpenVINOEngine(release, "f32").predict(clips)
    assert np.abs(OpenVINOEngine(release, "int8").predict(clips) - exact).max() < 0.05 * np.abs(exact).max()


def test_a_model_without_it_says_so(release: Release, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="released without an int8 graph"):
        OpenVINOEngine(Release(tmp_path, release.manifest), "int8")


def test_a_gpu_does_not_have_it(release: Release) -> None:
    with pytest.raises(EngineError, match="int8 is for CPUs"):
        engines.create(release, "cuda", "int8")


def test_its_files_are_checked_like_the_others(release: Release, tmp_path: Path) -> None:
    folder = tmp_path / release.manifest.name / str(release.manifest.version)
    shutil.copytree(release.folder, folder)
    assert open_release(folder).manifest.int8 == NEAR
    (folder / "graph-int8.bin").write_bytes(b"")
    with pytest.raises(StoreError, match=r"graph-int8\.bin is damaged"):
        open_release(folder)
