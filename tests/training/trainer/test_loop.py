from dataclasses import replace
from pathlib import Path

import pytest
import torch

from training.cache.loader import FrameLoader
from training.config.augmentation import CameraConfig, ColorJitterConfig
from training.config.data import DataConfig
from training.config.frozen import FrozenConfig
from training.config.optimizer import OptimizerConfig
from training.config.schema import Config
from training.config.stages import Stage, parse_stages
from training.errors import TrainingError
from training.model import checkpoint
from training.model.build import build_network, init_temporal_identity, zero_unreachable_taps
from training.model.frozen import freeze
from training.model.train_state import TrainState, new_train_state
from training.trainer.distributed import World, floating_buffers
from training.trainer.loop import TrainContext, train
from training.trainer.schedule import learning_rate
from videoxception.nets.planar import Passes, depthwise, product
from videoxception.nets.videoxception import CTSeparableConv3D, VideoXception

CPU = torch.device("cpu")
TWO = DataConfig(classes=("dark", "light"))
CONFIG = Config(stages=parse_stages("2x1x16x8,2x3x16x4"), dropout=0.3, seed=5, data=TWO)


def loader() -> FrameLoader:
    """Two kinds of frame that a network can tell apart."""
    torch.manual_seed(1)
    targets = torch.arange(20) % 2
    frames = torch.randint(0, 100, (20, 1, 3, 24, 32)) + 120 * targets.view(20, 1, 1, 1, 1)
    return FrameLoader(list(frames.to(torch.uint8).numpy()), targets)


def fresh() -> TrainState:
    torch.manual_seed(CONFIG.seed)
    net = VideoXception(2, (4, 8), (3, 3), CONFIG.dropout)
    init_temporal_identity(net)
    return new_train_state(net, CONFIG.optimizer)


def weights(state: TrainState) -> torch.Tensor:
    return torch.cat([p.flatten().float() for p in state.average.state_dict().values()])


def test_the_loss_falls() -> None:
    optimizer = OptimizerConfig(lr=1e-2, label_smoothing=0.0)
    config = Config(stages=parse_stages("20x1x16x8"), dropout=0.0, optimizer=optimizer, data=TWO)
    losses = [report.loss for report in train(TrainContext(fresh(), config, loader()))]
    assert losses[-1] < 0.7 * losses[0]


def test_a_run_that_is_stopped_and_resumed_ends_the_same(tmp_path: Path) -> None:
    whole = fresh()
    for _ in train(TrainContext(whole, CONFIG, loader())):
        pass
    stopped = fresh()
    for report in train(TrainContext(stopped, CONFIG, loader())):
        checkpoint.save(tmp_path, stopped)
        if report.epoch == 3:
            break
    resumed = fresh()
    assert checkpoint.restore(tmp_path, resumed, CPU)
    assert [report.epoch for report in train(TrainContext(resumed, CONFIG, loader()))] == [4]
    assert torch.equal(weights(resumed), weights(whole))


def test_a_share_of_others_is_drawn_alike_when_resumed(tmp_path: Path) -> None:
    def start() -> TrainState:
        torch.manual_seed(0)
        return new_train_state(VideoXception(3, (4, 8), (3, 3)), config.optimizer)

    config = replace(CONFIG, data=replace(TWO, auxiliary=("neither",)), auxiliary_share=0.3)
    seen = loader()
    seen.targets = torch.arange(20) % 3
    whole, stopped, resumed = start(), start(), start()
    for _ in train(TrainContext(whole, config, seen)):
        pass
    next(iter(train(TrainContext(stopped, config, seen))))
    checkpoint.save(tmp_path, stopped)
    assert checkpoint.restore(tmp_path, resumed, CPU)
    for _ in train(TrainContext(resumed, config, seen)):
        pass
    assert torch.equal(weights(resumed), weights(whole))


def test_validation_is_asked_for_at_the_end_of_each_stage() -> None:
    asked: list[tuple[int, int]] = []
    state = fresh()

    def validate(net: torch.nn.Module, stage: Stage) -> float:
        asked.append((state.epoch, stage.frames))
        return 0.5

    for _ in train(TrainContext(state, CONFIG, loader(), validate)):
        pass
    assert asked == [(2, 1), (4, 3)]


def test_the_learning_rate_rises_then_falls_to_zero() -> None:
    config = OptimizerConfig(lr=1.0, warmup=0.1)
    assert learning_rate(0.05, config) == pytest.approx(0.5)
    assert learning_rate(0.1, config) == pytest.approx(1.0)
    assert learning_rate(0.55, config) == pytest.approx(0.5)
    assert learning_rate(1.0, config) == pytest.approx(0.0)
    assert learning_rate(0.0, config) > 0


def test_a_network_without_motion_sees_each_frame_by_itself() -> None:
    net = VideoXception(4, (4, 8), (3, 7)).eval()
    init_temporal_identity(net)
    one = torch.rand(2, 3, 1, 16, 16)
    torch.testing.assert_close(net(one.expand(-1, -1, 10, -1, -1)), net(one))


def test_margins_that_small_frames_never_reach_begin_at_zero() -> None:
    """Maps of 8 x 8 and 4 x 4, or 1 x 1 of a frame of 2, in front of kernels of 3 and 7."""
    net = VideoXception(4, (4, 8), (3, 7)).eval()
    zero_unreachable_taps(net, 8)
    first, second = (net.blocks[i].separable.spatial.weight[0, 0, 0] for i in (0, 2))
    assert bool((first != 0).all())
    assert bool((second != 0).all())  # three to each side of one of four
    before, small = second.clone(), torch.rand(2, 3, 1, 2, 2)
    answers = net(small)
    zero_unreachable_taps(net, 2)
    assert torch.equal(net(small), answers)  # what is zero now met nothing but padding
    assert second.count_nonzero() == 1
    assert second[3, 3] == before[3, 3]


def test_weight_decay_leaves_norms_biases_and_depthwise_kernels_alone() -> None:
    decayed, rest = fresh().optimizer.param_groups
    assert decayed["weight_decay"] > 0
    assert rest["weight_decay"] == 0
    assert all(p.ndim > 1 and p.shape[1] > 1 for p in decayed["params"])


def test_a_run_is_not_started_over_an_old_one(tmp_path: Path) -> None:
    checkpoint.open_run(tmp_path, Config(seed=9), resume=False)
    checkpoint.open_run(tmp_path, CONFIG, resume=False)  # nothing was trained yet
    checkpoint.save(tmp_path, fresh())
    with pytest.raises(TrainingError, match="holds a run already; add --resume"):
        checkpoint.open_run(tmp_path, CONFIG, resume=False)
    checkpoint.open_run(tmp_path, CONFIG, resume=True)
    with pytest.raises(TrainingError, match="with other options: --stages, --dropout, --seed;"):
        checkpoint.open_run(tmp_path, Config(data=TWO), resume=True)


def test_the_newest_checkpoints_are_kept(tmp_path: Path) -> None:
    state = fresh()
    for _ in train(TrainContext(state, CONFIG, loader())):
        checkpoint.save(tmp_path, state, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint-00003.pt",
        "checkpoint-00004.pt",
        "checkpoint.pt",
    ]
    older = fresh()
    (tmp_path / "checkpoint-00003.pt").replace(tmp_path / "checkpoint.pt")
    assert checkpoint.restore(tmp_path, older, CPU)
    assert older.epoch == 3


def test_parts_of_a_batch_add_up_to_its_gradient() -> None:
    """Without batch norms, which see the part alone, and without chance, parts are the same as the whole."""
    steady = CameraConfig(min_area=1, angle=0, aspect=0, still_prob=1, cut_prob=0, flip=False)
    dull = ColorJitterConfig(brightness=0, contrast=0, saturation=0, tint=0, gray_prob=0, erase_prob=0)
    trained = []
    for parts in (1, 2, 4):
        config = Config(
            stages=parse_stages("2x1x16x10"),
            dropout=0,
            data=TWO,
            camera=steady,
            color_jitter=dull,
            grad_accum_steps=parts,
        )
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 2))
        state = new_train_state(net, config.optimizer)
        assert all(report.loss > 0 for report in train(TrainContext(state, config, loader())))
        trained.append(weights(state))
    for other in trained[1:]:
        torch.testing.assert_close(other, trained[0], rtol=1e-4, atol=1e-5)


def test_parts_of_a_batch_leave_the_statistics_of_a_frozen_network_as_they_were() -> None:
    config = Config(
        architecture="videoxception-c",
        stages=parse_stages("1x1x32x6"),
        data=TWO,
        grad_accum_steps=3,
        frozen=FrozenConfig(frozen_stages=4),
    )
    torch.manual_seed(0)
    net = build_network(config)
    freeze(net, 4)
    for buffer in floating_buffers(net):
        buffer.uniform_(0.5, 1.5)
    before = [buffer.clone() for buffer in floating_buffers(net)]
    state = new_train_state(net, config.optimizer)
    next(train(TrainContext(state, config, loader())))
    for trained in (state.net, state.average):
        assert all(map(torch.equal, floating_buffers(trained), before))


def test_the_network_is_run_by_the_passes_that_are_given() -> None:
    seen = []

    def spy(separable: CTSeparableConv3D, x: torch.Tensor, frames: int) -> torch.Tensor:
        seen.append(frames)
        return depthwise(separable, x, frames)

    next(train(TrainContext(fresh(), CONFIG, loader(), passes=Passes(spy, product))))
    assert seen


def test_more_parts_than_items_is_a_mistake() -> None:
    config = replace(CONFIG, grad_accum_steps=5)  # of batches of 4
    with pytest.raises(TrainingError, match="a batch of 4 items has no 5 parts"):
        list(train(TrainContext(fresh(), config, loader())))


def test_a_loss_that_is_no_number_ends_the_run_with_a_remedy() -> None:
    config = replace(CONFIG, optimizer=OptimizerConfig(lr=1e30))
    with pytest.raises(TrainingError, match="not a number; lower --lr"):
        list(train(TrainContext(fresh(), config, loader())))


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match=r"checkpoint\.pt is damaged"):
        checkpoint.restore(tmp_path, fresh(), CPU)


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is not a run's folder"):
        checkpoint.read_config(tmp_path)


def test_processes_share_the_micro_batches_of_a_batch_evenly() -> None:
    assert [World().micro_batches(wanted) for wanted in (1, 3)] == [1, 3]
    assert [World(2).micro_batches(wanted) for wanted in (1, 4)] == [2, 4]
    with pytest.raises(TrainingError, match="--grad-accum-steps 3 cannot be shared by 2 processes"):
        World(2).micro_batches(3)
