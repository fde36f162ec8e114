"""The clips of a moving square tell their class by the order of frames alone."""

import torch

from benchmarks.direction.clips import CLASSES, OPPOSITE, draw
from benchmarks.direction.learning import config_of, measure, within_pairs
from training.model.build import build_network
from videoxception.nets.optical_flow import optical_flow

RNG = torch.Generator


def test_things_move_as_the_class_says() -> None:
    """By optical flow where two neighbouring frames differ."""
    clips, labels = draw(200, 2, 64, RNG().manual_seed(0))
    grey = clips.mean(1, keepdim=True)
    changed = (clips[:, :, 0] != clips[:, :, 1]).any(1, keepdim=True)
    assert torch.equal(changed.flatten(1).any(1), labels != CLASSES.index("still"))
    flow = optical_flow(grey[:, :, 0], grey[:, :, 1])
    across, down = ((flow * changed).sum((2, 3)) / changed.sum((2, 3)).clamp(min=1)).unbind(1)
    found = torch.stack([-across, across, -down, down], 1).argmax(1)
    moving = labels != CLASSES.index("still")
    assert (found == labels)[moving].float().mean() > 0.9


def test_reversals_are_in_the_set_under_the_opposite_label() -> None:
    assert [CLASSES[other] for other in OPPOSITE] == ["right", "left", "down", "up", "still"]
    counts = draw(4000, 2, 32, RNG().manual_seed(1))[1].bincount()
    assert counts.min() > 700
    assert counts.max() < 900


def test_no_frame_tells_the_class() -> None:
    """The mean frame of each class is the same, as far as chance allows: places are uniform."""
    clips, labels = draw(4000, 4, 32, RNG().manual_seed(2))
    for number in range(4):
        means = torch.stack([clips[labels == label, :, number].mean((0, 1)) for label in range(len(CLASSES))])
        assert (means - means.mean(0)).abs().max() < 0.03


def test_frame_by_frame_scores_half_within_pairs_and_no_more_than_chance_allows() -> None:
    config = config_of("fr2d_18")
    torch.manual_seed(0)
    accuracy, pairs = measure(build_network(config), config.clip, 128, "looks")
    assert pairs == 0.5
    assert accuracy <= 0.6


def test_arguments_replace_those_of_the_reduced_size() -> None:
    assert config_of("r3d_18", "width=0.5").architecture_arguments == {"width": 0.5}
    assert config_of("videoxception-c", "shift=0").architecture_arguments == {"shift": 0}


def test_ties_within_pairs_count_half() -> None:
    logits = torch.tensor([[2.0, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 3, 0], [0, 0, 0, 0, 9]])
    assert within_pairs(logits, torch.tensor([0, 1, 2, 4])).tolist() == [1, 0.5, 0]
