import pytest
import torch

from training.config.optimizer import OptimizerConfig
from training.errors import TrainingError
from training.model.frozen import begin_training, depth_of, freeze, frozen_names
from training.model.train_state import new_train_state
from videoxception.nets import create
from videoxception.nets.videoxception_c import VideoXceptionC


def net() -> VideoXceptionC:
    made = create("videoxception-c", 3, shift=0.0)
    assert isinstance(made, VideoXceptionC)
    return made


def test_depths_grow_from_the_stem_to_the_head() -> None:
    lite = net()
    depths = [depth_of(lite, name) for name in lite.state_dict()]
    assert depths == sorted(depths)
    assert set(depths) == set(range(9))


def test_a_step_leaves_frozen_stages_and_statistics_as_they_were() -> None:
    lite = net()
    freeze(lite, 4)
    state = new_train_state(lite, OptimizerConfig(lr=0.1))
    before = {name: tensor.clone() for name, tensor in lite.state_dict().items()}
    begin_training(lite, 4)
    lite(torch.rand(2, 3, 1, 32, 32)).square().sum().backward()
    state.optimizer.step()
    changed = {name for name, tensor in lite.state_dict().items() if not torch.equal(tensor, before[name])}
    assert not changed & set(frozen_names(lite, 4))
    assert not any("running" in name for name in changed)
    assert any(name.startswith("blocks.8.") for name in changed)
    assert "head.weight" in changed


def test_frozen_blocks_are_never_skipped() -> None:
    made = create("videoxception-c", 3, stochastic_depth=0.9)
    assert isinstance(made, VideoXceptionC)
    frames = torch.rand(8, 3, 32, 32)
    as_served = made.eval().convolve(frames, stop=4)
    begin_training(made, 4)
    assert torch.equal(made.convolve(frames, stop=4), as_served)
    assert not torch.equal(made.convolve(as_served, start=4), made.eval().convolve(as_served, start=4))


def test_what_all_stages_but_the_head_give_is_pooled() -> None:
    lite = net().eval()
    clips = torch.rand(2, 3, 3, 32, 32)  # (B, 3, T, H, W)
    frames = clips.transpose(1, 2).flatten(0, 1)
    pooled = lite.features(frames).mean((2, 3))
    torch.testing.assert_close(lite.resume(pooled, 8, frames=3), lite(clips))


@pytest.mark.parametrize("stages", [1, 4, 7])
def test_a_network_resumes_behind_any_stage(stages: int) -> None:
    lite = net().eval()
    clips = torch.rand(2, 3, 3, 32, 32)
    frames = clips.transpose(1, 2).flatten(0, 1)
    maps = lite.convolve(lite.normalise(frames), 3, stop=stages)
    torch.testing.assert_close(lite.resume(maps, stages, frames=3), lite(clips))


def test_layer_decay_slows_what_lies_before_the_head() -> None:
    lite = net()
    freeze(lite, 6)
    groups = new_train_state(lite, OptimizerConfig(layer_decay=0.5)).optimizer.param_groups
    assert sorted({group["lr_scale"] for group in groups}) == [0.25, 0.5, 1.0]
    head = [group for group in groups if any(p is lite.head.weight for p in group["params"])]
    assert head[0]["lr_scale"] == 1.0


def test_other_networks_have_no_stages() -> None:
    with pytest.raises(TrainingError, match="are for videoxception-c and -d"):
        freeze(create("videoxception-a", 3), 1)


def test_a_network_of_frames_that_is_frozen_as_a_whole_has_no_stages_to_choose() -> None:
    made = create("lite0_transformer", 3, channels=32)
    assert {name.partition(".")[0] for name in frozen_names(made, 0)} == {"backbone"}
    with pytest.raises(TrainingError, match="--frozen-stages: the network of frames is frozen as a whole"):
        freeze(made, 4)
