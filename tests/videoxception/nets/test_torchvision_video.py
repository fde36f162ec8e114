import pytest
import torch
from torch import nn
from torchvision.models import video

from videoxception import nets
from videoxception.nets.torchvision_video import _AveragePool


@pytest.mark.parametrize("name", ["s3d", "mvit_v2_s", "swin3d_t"])
def test_torchvisions_weights_load_key_for_key(name: str) -> None:
    with torch.device("meta"):
        theirs, ours = getattr(video, name)(num_classes=11), nets.create(name, 11)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for key, tensor in theirs.state_dict().items():
        assert ours.state_dict()[key].shape == tensor.shape, key


def test_the_last_pooling_is_torchvisions_where_there_is_enough_to_pool() -> None:
    x = torch.randn(2, 5, 4, 9, 7)
    assert torch.equal(_AveragePool()(x), nn.AvgPool3d((2, 7, 7), stride=1)(x))
    assert _AveragePool()(x[:, :, :1, :2, :2]).shape == (2, 5, 1, 1, 1)


def test_dropout_of_the_swin_transformer_is_of_pooled_features_alone() -> None:
    net = nets.create("swin3d_t", 4, dropout=0.7, width=0.25)
    assert [module.p for module in net.modules() if isinstance(module, nn.Dropout) and module.p] == [0.7]


def test_statistics_of_s3d_follow_a_short_training() -> None:
    norm = next(module for module in nets.create("s3d", 4).modules() if isinstance(module, nn.BatchNorm3d))
    for _ in range(40):
        norm(5 + torch.randn(2, norm.num_features, 1, 4, 4))
    assert norm.running_mean is not None
    assert norm.running_mean.min() > 4.5
