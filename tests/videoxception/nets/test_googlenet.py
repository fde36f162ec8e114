"""GoogLeNet over frames, and inflated, with weights such as torchvision's."""

import torch
from torch import nn
from torchvision.models import googlenet

from training.model.published import adapted
from videoxception import nets
from videoxception.nets.inflate import inflated


def peer() -> nn.Module:
    torch.manual_seed(0)
    net = googlenet(weights=None, aux_logits=False, init_weights=False, num_classes=1000).eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_var, 0.1, 0.3)
    return net


def test_frames_get_torchvisions_features_and_inflated_weights_fit() -> None:
    theirs, ours = peer(), nets.create("cnn_lstm", 4).eval()
    own = ours.state_dict()
    missing = ours.load_state_dict(adapted(theirs.state_dict(), ours), strict=False).missing_keys
    assert missing == [name for name in own if name.startswith(("lstm.", "fc."))]
    clips = torch.rand(1, 3, 2, 64, 64)
    theirs.fc, theirs.dropout = nn.Identity(), nn.Identity()
    with torch.inference_mode():
        expected = theirs(clips[0].transpose(0, 1))
        torch.testing.assert_close(ours.features(clips)[0], expected, rtol=1e-3, atol=1e-4)
    with torch.device("meta"):
        grown = nets.create("i3d", 4)
    shapes = {name: tensor.shape for name, tensor in adapted(theirs.state_dict(), grown).items()}
    assert shapes == {name: tensor.shape for name, tensor in grown.state_dict().items() if name in shapes}
    assert grown.state_dict().keys() - shapes.keys() == {"fc.weight", "fc.bias"}


def test_an_inflated_kernel_sees_a_still_as_the_flat_one_sees_its_frame() -> None:
    flat, deep = nn.Conv2d(3, 4, 3, padding=1), nn.Conv3d(3, 4, 3, padding=(0, 1, 1))
    deep.load_state_dict(inflated(flat.state_dict(), deep.state_dict()))
    frame = torch.randn(1, 3, 6, 6)
    still = frame.unsqueeze(2).expand(-1, -1, 5, -1, -1)
    torch.testing.assert_close(deep(still), flat(frame).unsqueeze(2).expand(-1, -1, 3, -1, -1))
