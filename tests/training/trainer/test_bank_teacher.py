from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from tests.training.bank.test_build import CONFIG, CPU, Stills, items
from training.augment.mixup import Mixture
from training.bank.views import draw_views, item_key
from training.config.augmentation import MixupConfig
from training.config.distillation import TeacherConfig
from training.config.frozen import FrozenConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.errors import TrainingError
from training.model import checkpoint
from training.model.build import build_network
from training.model.train_state import new_train_state
from training.trainer.bank_teacher import BankTeacher
from training.trainer.sampler import MicroBatch

UNMIXED = Mixture(torch.zeros(2), torch.tensor([0, 1]), 1.0)
MICRO = MicroBatch(torch.tensor([1, 3]), torch.tensor([[2], [1]]), torch.Generator(), 1.0)


def finished_run(folder: Path, config: Config) -> torch.nn.Module:
    state = new_train_state(build_network(config), config.optimizer)
    state.epoch = config.epochs
    checkpoint.open_run(folder, config, resume=False)
    checkpoint.save(folder, state)
    return state.average.eval()


def taught(name: Path | str) -> Config:
    return replace(CONFIG, teacher=TeacherConfig(teacher=str(name), teacher_temperature=2.0))


def test_a_teacher_judges_the_students_views_at_its_own_size(tmp_path: Path) -> None:
    config = replace(CONFIG, seed=3, stages=parse_stages("1x1x64x4"))
    net = finished_run(tmp_path / "teacher", config)
    teacher = BankTeacher.load(taught(tmp_path / "teacher"), items(), tmp_path / "banks", CPU)
    assert teacher is not None
    seen = []
    for number, view in ((1, 2), (3, 1)):
        copy = Stills().copy(Path(f"{number}.jpg"))
        seen.append(draw_views(copy, item_key(copy), [view], 64, CONFIG)[:, 0])
    with torch.inference_mode():
        expected = F.softmax(net(torch.cat(seen)[:, :, None]) / 2, 1)
    torch.testing.assert_close(teacher(MICRO, CPU), expected, atol=1e-3, rtol=0)


def test_a_student_that_agrees_has_nothing_to_learn(tmp_path: Path) -> None:
    finished_run(tmp_path / "teacher", CONFIG)
    teacher = BankTeacher.load(taught(tmp_path / "teacher"), items(), tmp_path / "banks", CPU)
    assert teacher is not None
    agreeing = 2 * teacher(MICRO, CPU).log()
    assert float(teacher.loss(agreeing, UNMIXED, MICRO)) == pytest.approx(0, abs=1e-6)
    assert float(teacher.loss(agreeing.flip(1) + 1, UNMIXED, MICRO)) > 0


def test_the_loss_of_features_is_0_for_the_teachers_and_1_for_a_constant(tmp_path: Path) -> None:
    finished_run(tmp_path / "teacher", CONFIG)
    teacher = BankTeacher.load(taught(tmp_path / "teacher"), items(), tmp_path / "banks", CPU)
    assert teacher is not None
    (features,) = teacher._features(MICRO, CPU)
    scaled = (features - features.mean(1, keepdim=True)) / features.std(1, correction=0, keepdim=True)
    assert float(teacher.feature_loss(scaled, UNMIXED, MICRO)) == pytest.approx(0, abs=1e-3)
    assert float(teacher.feature_loss(torch.zeros(2, 1280), UNMIXED, MICRO)) == pytest.approx(
        1, abs=0.01
    )  # they are tiny


def test_of_mixed_views_a_student_learns_what_the_teacher_says_of_both(tmp_path: Path) -> None:
    finished_run(tmp_path / "teacher", CONFIG)
    frozen = FrozenConfig(views=3, auxiliary_views=2)
    mixing = replace(taught(tmp_path / "teacher"), frozen=frozen, mixing=MixupConfig(mixup=0.4))
    teacher = BankTeacher.load(mixing, items(), tmp_path / "banks", CPU)
    assert teacher is not None
    for head in teacher._heads:
        torch.nn.init.normal_(head.weight, std=3.0)  # so that its answers to the two views differ
    own, mixture = teacher(MICRO, CPU), Mixture(torch.zeros(2), torch.tensor([1, 0]), 0.75)
    agreeing = 2 * (0.75 * own + 0.25 * own.flip(0)).log()
    assert float(teacher.loss(agreeing, mixture, MICRO)) == pytest.approx(0, abs=1e-6)
    assert float(teacher.loss(agreeing, UNMIXED, MICRO)) > 1e-4
    (features,) = (F.layer_norm(each, each.shape[1:]) for each in teacher._features(MICRO, CPU))
    blended = 0.75 * features + 0.25 * features.flip(0)
    assert float(teacher.feature_loss(blended, mixture, MICRO)) == pytest.approx(0, abs=1e-6)
    assert float(teacher.feature_loss(blended, UNMIXED, MICRO)) > 1e-4


def test_a_teacher_that_knows_more_is_asked_for_the_students_outputs_alone(tmp_path: Path) -> None:
    finished_run(tmp_path / "teacher", CONFIG)
    knows_more = BankTeacher.load(taught(tmp_path / "teacher"), items(), tmp_path / "banks", CPU)
    student = replace(taught(tmp_path / "teacher"), data=replace(CONFIG.data, auxiliary=()))
    teacher = BankTeacher.load(student, items()[:2], tmp_path / "banks", CPU)
    assert knows_more is not None
    assert teacher is not None
    micro = replace(MICRO, rows=torch.tensor([1, 0]))
    own = knows_more(micro, CPU)[:, :2]
    torch.testing.assert_close(teacher(micro, CPU), own / own.sum(1, keepdim=True))


def test_a_teacher_without_stages_is_refused(tmp_path: Path) -> None:
    finished_run(tmp_path / "teacher", replace(CONFIG, architecture="videoxception-a"))
    with pytest.raises(TrainingError, match="are for videoxception-c and -d"):
        BankTeacher.load(taught(tmp_path / "teacher"), items(), tmp_path / "banks", CPU)


def test_without_a_name_there_is_no_teacher(tmp_path: Path) -> None:
    assert BankTeacher.load(CONFIG, items(), tmp_path, CPU) is None


def test_features_are_learnt_from_a_teacher_on_views() -> None:
    with pytest.raises(TrainingError, match="--teacher-features must be at least 0"):
        TeacherConfig(teacher="one", teacher_features=-1.0)
    with pytest.raises(TrainingError, match="--teacher-features needs --views"):
        Config(teacher=TeacherConfig(teacher="one", teacher_features=1.0))
