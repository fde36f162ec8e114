"""The frozen network of frames stays as it is; the transformer over it sees the order of frames."""

import torch
from torch import nn

from videoxception import nets
from videoxception.nets.frozen_transformer import FrozenTransformer


def small() -> FrozenTransformer:
    torch.manual_seed(0)
    net = nets.create("lite0_transformer", 4, channels=32, frames=5)
    assert isinstance(net, FrozenTransformer)
    return net


def test_the_backbone_is_never_trained() -> None:
    net = small().train()
    assert not any(module.training for module in net.backbone.modules())
    assert net.blocks[0].training
    before = {name: tensor.clone() for name, tensor in net.backbone.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    net(torch.rand(2, 3, 5, 64, 64)).square().sum().backward()
    optimizer.step()
    assert all(torch.equal(before[name], tensor) for name, tensor in net.backbone.state_dict().items())


def test_features_that_were_kept_give_the_same_logits() -> None:
    net, clips = small().eval(), torch.rand(2, 3, 5, 64, 64)
    with torch.inference_mode():
        features = net.features(clips)
        assert features.shape == (2, 5, 1280)
        assert torch.equal(net.classify(features), net(clips))


def test_the_order_of_frames_matters() -> None:
    net, clips = small().eval(), torch.rand(2, 3, 5, 64, 64)
    nn.init.normal_(net.tokens.pos_embed)
    with torch.inference_mode():
        assert (net(clips) - net(clips.flip(2))).abs().max() > 1e-4


def test_resnet_normalises_frames_as_imagenet_asks() -> None:
    net = nets.create("resnet50_transformer", 4, channels=32, frames=2).eval()
    seen = []
    net.backbone.net.conv1.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    net(torch.full((1, 3, 2, 32, 32), 0.5))
    torch.testing.assert_close(
        seen[0][0, :, 0, 0], (0.5 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    )
