"""Settings of distillation."""

from dataclasses import dataclass

from training.config.option import check_shares, option
from training.errors import TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class TeacherConfig:
    """Which trained models the network is distilled from, and how."""

    teacher: str = option(
        "", "released models, NAME[@VERSION], or folders of finished runs to learn from: ONE[,ANOTHER...]"
    )
    teacher_weight: float = option(0.5, "share of the loss that is the teacher's; the rest is the labels'")
    teacher_temperature: float = option(2.0, "temperature that softens the probabilities of teacher and student")
    teacher_features: float = option(
        0.0,
        "weight of a loss by which the features before the student's head learn to predict the teachers', through a"
        " linear map that is thrown away; with --views",
    )

    def __post_init__(self) -> None:
        check_shares(self, "teacher_weight")
        if not self.teacher_temperature > 0:
            raise TrainingError(f"--teacher-temperature must be positive, but got {self.teacher_temperature}")
        if not self.teacher_features >= 0:
            raise TrainingError(f"--teacher-features must be at least 0, but got {self.teacher_features}")

    @property
    def names(self) -> tuple[str, ...]:
        """The teachers, one by one."""
        return tuple(name.strip() for name in self.teacher.split(",") if name.strip())
