from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.shipped import REFERENCE
from training.augment.mixup import Mixture
from training.config.clip import ClipConfig
from training.config.data import DataConfig
from training.config.distillation import TeacherConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.errors import TrainingError
from training.model import checkpoint
from training.model.build import build_network
from training.model.train_state import new_train_state
from training.recipes import smoke
from training.trainer.distillation import LoadedTeacher, Teacher
from training.trainer.sampler import MicroBatch
from videoxception.actions import ACTIONS
from videoxception.clip import ClipSpec

CPU = torch.device("cpu")


class Fixed(nn.Module):
    """A network that always says the same."""

    def __init__(self, logits: list[float]) -> None:
        super().__init__()
        self.logits = torch.tensor(logits)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(len(clips), -1)


def fixed(logits: list[float]) -> LoadedTeacher:
    return LoadedTeacher(Fixed(logits), 128, ClipSpec())


ACTIONS_ONLY = DataConfig(classes=ACTIONS)
CLIPS = torch.zeros(4, 3, 1, 2, 2)
UNMIXED = Mixture(CLIPS, torch.arange(4), 1.0)
MICRO = MicroBatch(torch.arange(4), torch.zeros(4, 1, dtype=torch.long), torch.Generator(), 1.0)


def test_a_student_that_agrees_has_nothing_to_learn() -> None:
    teacher = Teacher([fixed([1.0, 2.0, 3.0])], temperature=2.0)
    agreeing = torch.tensor([[1.0, 2.0, 3.0]]).expand(4, -1)
    assert float(teacher.loss(agreeing, UNMIXED, MICRO)) == pytest.approx(0, abs=1e-6)
    assert float(teacher.loss(agreeing.flip(1), UNMIXED, MICRO)) > 0.1


def test_several_teachers_speak_with_the_mean_of_their_probabilities() -> None:
    teacher = Teacher([fixed([9.0, 0.0]), fixed([0.0, 9.0])], temperature=1.0)
    assert torch.allclose(teacher(CLIPS), torch.full((4, 2), 0.5))


def test_gradients_do_not_shrink_with_the_temperature() -> None:
    """To first order they are (student - teacher) logits over K, at any temperature (Hinton et al., section 2.1)."""
    for temperature in (4.0, 40.0):
        logits = torch.tensor([[0.3, -0.3]], requires_grad=True)
        Teacher([fixed([0.0, 0.0])], temperature).loss(
            logits, Mixture(CLIPS[:1], torch.arange(1), 1.0), MICRO
        ).backward()
        assert logits.grad is not None
        assert torch.allclose(logits.grad, logits.detach() / 2, rtol=0.02)


def test_no_teacher_and_wrong_ones() -> None:
    assert Teacher.load(Config(), CPU) is None
    with pytest.raises(TrainingError, match="nobody is neither: no model nobody"):
        Teacher.load(Config(teacher=TeacherConfig(teacher="nobody")), CPU)
    other = Config(teacher=TeacherConfig(teacher="videoxception-a"), data=DataConfig(classes=("Yes", "No")))
    with pytest.raises(TrainingError, match="other classes"):
        Teacher.load(other, CPU)


def test_a_teacher_that_knows_more_is_asked_for_the_students_outputs_alone() -> None:
    teacher = Teacher([fixed([1.0, 2.0, 9.0])], temperature=1.0, outputs=2)
    assert torch.allclose(teacher(CLIPS), torch.tensor([1.0, 2.0]).softmax(0).expand(4, -1))


def test_a_teacher_without_the_students_others_is_refused() -> None:
    config = Config(teacher=TeacherConfig(teacher=REFERENCE), data=replace(ACTIONS_ONLY, auxiliary=("YoYo",)))
    with pytest.raises(TrainingError, match="knows other --auxiliary than this run"):
        Teacher.load(config, CPU)


def test_a_finished_run_teaches(tmp_path: Path) -> None:
    data = DataConfig(classes=("a", "b"), auxiliary=("c",))
    config = Config(data=data, stages=parse_stages("1x1x32x8"))
    state = new_train_state(build_network(config), config.optimizer)
    checkpoint.open_run(tmp_path, config, resume=False)
    student = replace(config, teacher=TeacherConfig(teacher=str(tmp_path), teacher_temperature=1.0))
    with pytest.raises(TrainingError, match="finish it with --resume"):
        Teacher.load(student, CPU)
    state.epoch = config.epochs
    state.average.load_state_dict(build_network(replace(config, seed=1)).state_dict())
    checkpoint.save(tmp_path, state)
    clips = torch.rand(2, 3, 1, 32, 32)
    teacher = Teacher.load(student, CPU)
    assert teacher is not None
    assert torch.allclose(teacher(clips), state.average.eval()(clips).softmax(1), atol=1e-3)
    with pytest.raises(TrainingError, match="has other classes than this run"):
        Teacher.load(replace(student, data=replace(data, classes=("b", "a"))), CPU)


def test_a_released_model_teaches() -> None:
    one = TeacherConfig(teacher=REFERENCE, teacher_temperature=1.0)
    teacher = Teacher.load(Config(data=ACTIONS_ONLY, teacher=one), CPU)
    assert teacher is not None
    said = teacher(torch.rand(2, 3, 2, 32, 32))
    assert said.shape == (2, 16)
    assert torch.allclose(said.sum(1), torch.ones(2))
    assert not said.requires_grad


def test_a_teacher_built_for_other_clips_is_refused(tmp_path: Path) -> None:
    data = DataConfig(classes=("a", "b"))
    vivit = replace(smoke("vivit_tiny"), data=data)
    state = new_train_state(build_network(vivit), vivit.optimizer)
    checkpoint.open_run(tmp_path, vivit, resume=False)
    state.epoch = vivit.epochs
    checkpoint.save(tmp_path, state)
    student = replace(smoke("mini_vivit_tiny"), data=data, teacher=TeacherConfig(teacher=str(tmp_path)))
    assert Teacher.load(student, CPU) is not None
    longer = replace(student, clip_shape=ClipConfig(clip_frames=16, clip_size=32), stages=parse_stages("1x16x32x8"))
    with pytest.raises(TrainingError, match="built for clips of 8 frames of 32x32, but --stages has 1x16x32x8"):
        Teacher.load(longer, CPU)
