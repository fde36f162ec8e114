"""What a release says of the weights behind it."""

from dataclasses import replace
from pathlib import Path

from training.config.data import DataConfig
from training.config.distillation import TeacherConfig
from training.config.schema import Config
from training.model import checkpoint
from training.model.pretrained import describe_pretrained
from training.reporting.provenance import pretrained_in_words

C = Config(architecture="videoxception-c", data=DataConfig(classes=("a", "b")))
D = replace(C, architecture="videoxception-d")


def test_weights_behind_teachers_are_named_where_they_are_others(tmp_path: Path) -> None:
    for name, config in (("c", C), ("d", D)):
        checkpoint.open_run(tmp_path / name, config, resume=False)
    taught = replace(C, teacher=TeacherConfig(teacher=f"{tmp_path / 'c'},{tmp_path / 'd'}"))
    own, others = describe_pretrained(C), f"taught by a model that began with {describe_pretrained(D)}"
    assert pretrained_in_words(C) == own
    assert pretrained_in_words(replace(C, teacher=TeacherConfig(teacher=str(tmp_path / "c")))) == own
    assert pretrained_in_words(taught) == f"{own}; {others}"
    fresh = replace(taught, pretrained="none", teacher=TeacherConfig(teacher=str(tmp_path / "d")))
    assert pretrained_in_words(fresh) == f"weights drawn by chance; {others}"
