"""The int8 graph and its parts: the same network, near answers, and told apart from one that is not near."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch

from training.export.int8.agreement import agreement
from training.export.int8.graph import Graph, step_of
from training.export.int8.quantise import can_quantise, quantise
from training.export.int8.rounding import round_weights
from training.export.int8.weights import equalised, weights_of
from videoxception import golden
from videoxception.clip import ClipSpec
from videoxception.nets import create
from videoxception.nets.fused_norms import FusedVideoXception, fuse_norms
from videoxception.nets.served import Served

SPEC = ClipSpec(frames=4, size=(32, 32))
CLASSES, OTHERS = 5, 3


def make_net(auxiliary: int = 0) -> FusedVideoXception:
    """A network with random weights and lively batch norms."""
    torch.manual_seed(3)
    net = create("videoxception-a", CLASSES, auxiliary=auxiliary)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_var.uniform_(0.01, 0.1)
            module.running_mean.uniform_(-0.1, 0.1)
    fused = fuse_norms(Served(net.eval(), SPEC, auxiliary).eval(), SPEC)
    assert isinstance(fused, FusedVideoXception)
    return fused


def answers(model: ov.Model, clips: np.ndarray, precision: str = "f32") -> np.ndarray:
    """Logits of clips, one after the other."""
    model.reshape({0: [1, *SPEC.shape]})
    request = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision}).create_infer_request()
    return np.concatenate([request.infer([clip[None]])[0].copy() for clip in clips])


def expected(net: FusedVideoXception, clips: np.ndarray) -> np.ndarray:
    """What the network itself says."""
    with torch.inference_mode():
        return net(torch.from_numpy(clips)).numpy()


CLIPS = golden.draw(SPEC, 1, 6)


@pytest.mark.parametrize("auxiliary", [0, OTHERS])
def test_in_floating_point_the_graph_is_the_network(auxiliary: int) -> None:
    net = make_net(auxiliary)
    graph = Graph(weights_of(net), SPEC, quantised=False)
    assert np.allclose(answers(graph.build(), CLIPS), expected(net, CLIPS), rtol=1e-4, atol=1e-4)


def test_scales_of_channels_change_nothing() -> None:
    net = make_net()
    plain = weights_of(net)
    channels = {"input": 0, "spatial": 0, "temporal": 0}
    largest = {
        f"{name}{i}": np.random.default_rng(i).uniform(0.1, 9, len(plain.blocks[i].spatial))
        for i in range(1, len(plain.blocks))
        for name in channels
    }
    graph = Graph(equalised(plain, largest), SPEC, quantised=False)
    assert np.allclose(answers(graph.build(), CLIPS), expected(net, CLIPS), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("auxiliary", [0, OTHERS])
def test_int8_answers_nearly_the_same(auxiliary: int) -> None:
    net = make_net(auxiliary)
    found, right = answers(quantise(net, SPEC, CLIPS), CLIPS), expected(net, CLIPS)
    assert found.shape == (6, CLASSES + bool(auxiliary))
    spread = right.std(0).max()
    assert 0 < np.abs(found - right).max() < 0.1 * spread


def test_it_does_multiply_integers() -> None:
    model = quantise(make_net(), SPEC, CLIPS)
    model.reshape({0: [1, *SPEC.shape]})
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    ran = [node.get_rt_info()["runtimePrecision"].astype(str) for node in compiled.get_runtime_model().get_ops()]
    assert ran.count("u8") + ran.count("i8") >= 9  # three convolutions in each of three blocks


def test_its_file_holds_its_weights_in_eight_bits(tmp_path: Path) -> None:
    net = make_net()
    ov.save_model(quantise(net, SPEC, CLIPS), tmp_path / "int8.xml", compress_to_fp16=False)
    rounded = sum(b.across.size + b.spatial.size + b.temporal.size for b in weights_of(net).blocks[1:])
    assert (tmp_path / "int8.bin").stat().st_size < 1.2 * rounded


def test_without_the_biases_moved_it_would_be_further_off() -> None:
    """The steps are worth their while: plain rounding of the same network is further from it."""
    net = make_net()
    right, plain = expected(net, CLIPS), Graph(weights_of(net), SPEC, quantised=True)
    largest = np.abs(answers(plain.build(), CLIPS) - right).max()
    assert np.abs(answers(quantise(net, SPEC, CLIPS), CLIPS) - right).max() < 0.5 * largest


def test_other_networks_are_left_alone() -> None:
    net = torch.nn.Flatten()
    assert not can_quantise(net)
    with pytest.raises(ValueError, match="not for Flatten"):
        quantise(net, SPEC, CLIPS)
    with pytest.raises(ValueError, match="at least one clip"):
        quantise(make_net(), SPEC, CLIPS[:0])


def test_rounding_makes_up_for_its_errors() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(12, 400)) + rng.normal(size=(1, 400))  # channels that go together
    weights = rng.normal(size=(8, 12))
    step = step_of(weights) * 8  # coarse, so that it matters
    rounded = round_weights(weights, step, inputs @ inputs.T / 400)
    assert np.allclose(rounded / step[:, None], np.rint(rounded / step[:, None]))
    plain = step[:, None] * np.rint(weights / step[:, None])
    assert np.square((rounded - weights) @ inputs).mean() < 0.8 * np.square((plain - weights) @ inputs).mean()


def test_agreement() -> None:
    before = np.array([[2.0, 0.0, 9.0]] * 200, np.float32)
    assert agreement(before, before, 2, 1.0).passed
    other_label = before.copy()
    other_label[:3, 1] = 2.5
    told = agreement(before, other_label, 2, 1.0)
    assert told.equal_labels == pytest.approx(0.985)
    assert told.change_p99 > 0.05
    assert not told.passed
    little = agreement(before, before + np.float32([0.0, 0.1, 0.0]), 2, 1.0)
    assert little.passed
    assert 0 < little.change_median == pytest.approx(little.change_p99)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_an_answer_that_is_no_number_never_passes(wrong: float) -> None:
    before = np.array([[2.0, 0.0, 9.0]] * 1000, np.float32)
    after = before.copy()
    after[7, 2] = wrong  # an output behind those of the classes
    told = agreement(before, after, 2, 1.0)
    assert told.equal_labels == 0.999
    assert told.change_median == 0
    assert not told.passed


def test_answers_that_do_not_depend_on_the_clip_never_pass() -> None:
    """Of a network that has learnt next to nothing, whose answers are nearly the same for all clips."""
    before = np.float32([0.0, 0.0, 0.5]) + np.random.default_rng(0).normal(0, 0.01, (200, 3)).astype(np.float32)
    saturated = np.repeat(before.mean(0, keepdims=True), len(before), 0)
    told = agreement(before, saturated, 3, 1.0)
    assert told.equal_labels == 1
    assert told.change_p99 < 0.01
    assert not told.passed
    assert agreement(before, before * np.float32(1.02), 3, 1.0).passed


def test_channels_that_never_fire_divide_nothing_by_zero() -> None:
    net = make_net()
    with torch.no_grad():
        net.blocks[0].separable[6].weight.zero_()
        net.blocks[0].shortcut.weight.zero_()
        net.blocks[0].shortcut.bias.fill_(-1.0)
    assert np.isfinite(answers(quantise(net, SPEC, CLIPS), CLIPS)).all()


def test_weights_are_those_of_the_network(tmp_path: Path) -> None:
    weights = weights_of(make_net(OTHERS))
    assert len(weights.blocks) == 4
    assert weights.head.shape == (CLASSES + OTHERS, 512)
    assert replace(weights, auxiliary=0).auxiliary == 0
