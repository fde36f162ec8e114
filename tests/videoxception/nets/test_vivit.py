"""ViViT: its shape, how it begins, and weights of a ViT."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models.vision_transformer import VisionTransformer

from videoxception import nets
from videoxception.nets.transformer import Block
from videoxception.nets.vit_weights import vivit_weights
from videoxception.nets.vivit import central_frame

SHAPE = {"width": 0.25, "layers": 3, "patch": 8, "frames": 6, "size": 32}  # of the tiny one: 48 channels, 3 heads


def vit() -> VisionTransformer:
    torch.manual_seed(0)
    net = VisionTransformer(32, 8, 3, 3, 48, 192, num_classes=10).eval()
    for parameter in net.parameters():  # torchvision begins with biases and a class token of zero
        nn.init.normal_(parameter, 0, 0.2)
    return net


def filled(tubelet: int = 2) -> nn.Module:
    net = nets.create("vivit_tiny", 4, tubelet=tubelet, **SHAPE).eval()
    missing = net.load_state_dict(vivit_weights(vit().state_dict(), net), strict=False)
    assert not missing.unexpected_keys
    assert all(name.startswith(("temporal.", "head.")) for name in missing.missing_keys)
    return net


@pytest.mark.parametrize("tubelet", [1, 2, 3])
def test_a_tubelet_begins_as_its_middle_frames_patch(tubelet: int) -> None:
    patches = nn.Conv2d(3, 5, 4, 4)
    tubelets = nn.Conv3d(3, 5, (tubelet, 4, 4), (tubelet, 4, 4))
    with torch.no_grad():
        tubelets.weight.copy_(central_frame(patches.weight, tubelet))
        tubelets.bias.copy_(patches.bias)
    clip = torch.randn(1, 3, tubelet, 8, 8)
    torch.testing.assert_close(tubelets(clip)[:, :, 0], patches(clip[:, :, tubelet // 2]))


def test_with_a_vits_weights_a_moment_gets_the_class_token_of_its_middle_frame() -> None:
    net, clip = filled(), torch.randn(2, 3, 6, 32, 32)
    with torch.inference_mode():
        found = net.spatial(net.patch_embed(clip)).view(2, 3, 48)
        expected = torch.stack([class_token(clip[:, :, frame]) for frame in (1, 3, 5)], 1)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def class_token(frames: Tensor) -> Tensor:
    """What torchvision's ViT classifies of frames (B, 3, H, W), which ViViT has as (x - 0.5) / 0.5."""
    net = vit()
    net.heads = nn.Identity()
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return net((frames / 2 + 0.5 - mean) / std)


def as_timm(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """A ViT's weights by timm's names."""
    names = {"spatial.tokens.": "", "spatial.": ""}
    renamed = dict(weights)
    for old, new in names.items():
        renamed = {new + name.removeprefix(old) if name.startswith(old) else name: t for name, t in renamed.items()}
    renamed["patch_embed.proj.weight"] = weights["patch_embed.proj.weight"][:, :, 1]  # of two frames, the second
    return renamed | {"head.weight": torch.zeros(10, 48)}


def as_hugging_face(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same by those of Hugging Face's ViTForImageClassification."""
    parts = {
        "norm1": "layernorm_before",
        "norm2": "layernorm_after",
        "attn.proj": "attention.output.dense",
        "mlp.fc1": "intermediate.dense",
        "mlp.fc2": "output.dense",
    }
    renamed = {}
    for name, tensor in as_timm(weights).items():
        if ".attn.qkv." in name:
            _, number, *_, kind = name.split(".")
            for part, value in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
                renamed[f"vit.encoder.layer.{number}.attention.attention.{part}.{kind}"] = value
        elif name.startswith("blocks."):
            _, number, *middle, kind = name.split(".")
            renamed[f"vit.encoder.layer.{number}.{parts['.'.join(middle)]}.{kind}"] = tensor
        elif name.startswith("norm."):
            renamed[f"vit.layernorm.{name.removeprefix('norm.')}"] = tensor
        elif name.startswith("patch_embed."):
            renamed[f"vit.embeddings.patch_embeddings.projection.{name.rsplit('.', 1)[1]}"] = tensor
        elif name in ("cls_token", "pos_embed"):
            renamed["vit.embeddings." + {"cls_token": "cls_token", "pos_embed": "position_embeddings"}[name]] = tensor
    return renamed | {"classifier.weight": torch.zeros(10, 48)}


@pytest.mark.parametrize("renamed", [as_timm, as_hugging_face])
def test_the_same_weights_by_other_names(renamed) -> None:  # type: ignore[no-untyped-def]
    net = nets.create("vivit_tiny", 4, **SHAPE)
    expected = vivit_weights(vit().state_dict(), net)
    found = vivit_weights(renamed(expected), net)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


def test_position_embeddings_of_other_sizes_are_interpolated() -> None:
    net = nets.create("vivit_tiny", 4, **SHAPE | {"size": 64})
    weights = vit().state_dict()
    found = vivit_weights(weights, net)["spatial.tokens.pos_embed"]
    assert found.shape == (1, 1 + 64, 48)
    assert torch.equal(found[:, 0], weights["encoder.pos_embedding"][:, 0])
    corners = found[:, 1:].view(8, 8, 48).mean((0, 1)), weights["encoder.pos_embedding"][0, 1:].mean(0)
    torch.testing.assert_close(*corners, atol=0.1, rtol=0)


def test_position_embeddings_of_no_square_are_refused() -> None:
    weights = vit().state_dict()
    weights["encoder.pos_embedding"] = weights["encoder.pos_embedding"][:, :-1]
    with pytest.raises(ValueError, match="its 15 position embeddings are of no square of patches"):
        vivit_weights(weights, nets.create("vivit_tiny", 4, **SHAPE | {"size": 64}))


def test_weights_without_position_embeddings_are_refused() -> None:
    weights = vit().state_dict()
    del weights["encoder.pos_embedding"]
    with pytest.raises(ValueError, match=r"ViViT's spatial\.tokens\.pos_embed is missing"):
        vivit_weights(weights, nets.create("vivit_tiny", 4, **SHAPE))


def test_weights_of_something_else_are_told() -> None:
    with pytest.raises(ValueError, match=r"unknown parameter 'layer1\.0\.conv1\.weight'"):
        vivit_weights({"layer1.0.conv1.weight": torch.zeros(1)}, nets.create("vivit_tiny", 4, **SHAPE))


def test_a_clip_that_cannot_be_cut_is_told() -> None:
    with pytest.raises(ValueError, match="clips of 5 frames of 32 pixels cannot be cut into tubelets of 2 frames"):
        nets.create("vivit_tiny", 4, **SHAPE | {"frames": 5})


def test_multiplexed_layers_begin_as_plain_ones_with_the_same_weights() -> None:
    layers = nets.create("mini_vivit_tiny", 4, **SHAPE).spatial.blocks[0].eval()
    plain = Block(48, 3).eval()
    plain.load_state_dict(layers.shared.state_dict() | norms(plain))
    tokens = torch.randn(2, 17, 48)
    torch.testing.assert_close(layers(tokens), plain(plain(tokens)))


def norms(block: Block) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in block.state_dict().items() if name.startswith("norm")}


def test_two_layers_share_their_weights_and_nothing_else() -> None:
    blocks = nets.create("mini_vivit_tiny", 4, **SHAPE | {"layers": 5}).spatial.blocks
    assert [len(block.layers) for block in blocks] == [2, 2, 1]
    own = [name for name, _ in blocks[0].layers[0].named_parameters()]
    assert {name.partition(".")[0] for name in own} == {"norm1", "norm2", "before", "after", "places"}
    for name in own:
        assert blocks[0].layers[0].get_parameter(name) is not blocks[0].layers[1].get_parameter(name)


def test_weights_that_are_shared_are_saved_once(tmp_path: Path) -> None:
    net = nets.create("mini_vivit_tiny", 4, **SHAPE)
    save_file(net.state_dict(), tmp_path / "weights.safetensors")  # which refuses tensors that share memory
    assert sum(t.numel() for t in net.state_dict().values()) == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("size", ["tiny", "small", "base"])
def test_a_shared_network_has_half_the_weights(size: str) -> None:
    with torch.device("meta"):
        mini, whole = (
            sum(p.numel() for p in nets.create(f"{family}_{size}", 16).parameters())
            for family in ("mini_vivit", "vivit")
        )
    assert 0.48 < mini / whole < 0.56
