"""Convolutions named as Caffe's layers are: a layer and its batch norm side by side, NAME and NAME_bn."""

from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F


class NamedLayers(nn.Module):
    """A module whose convolutions, each with a batch norm and a ReLU behind it, are called by their names."""

    def add_conv2d(self, name: str, inputs: int, outputs: int, kernel_size: int, stride: int = 1) -> None:
        """Add a 2-D convolution that keeps height and width but for its stride."""
        conv = nn.Conv2d(inputs, outputs, kernel_size, stride, padding=kernel_size // 2)
        self.add_module(name, conv)
        self.add_module(f"{name}_bn", nn.BatchNorm2d(outputs))

    def add_conv3d(self, name: str, inputs: int, outputs: int, stride: int = 1) -> None:
        """Add a 3 x 3 x 3 convolution without batch norm."""
        self.add_module(name, nn.Conv3d(inputs, outputs, 3, stride, padding=1))

    def add_norm3d(self, name: str, channels: int) -> None:
        """Add a 3-D batch norm."""
        self.add_module(f"{name}_bn", nn.BatchNorm3d(channels))

    def layer(self, name: str, x: Tensor) -> Tensor:
        """Return ReLU of batch norm of a convolution."""
        return self.norm_relu(name, self.conv(name, x))

    def conv(self, name: str, x: Tensor) -> Tensor:
        """Return a convolution alone."""
        return cast(Tensor, self.get_submodule(name)(x))

    def norm_relu(self, name: str, x: Tensor) -> Tensor:
        """Return ReLU of a batch norm."""
        return F.relu(self.get_submodule(f"{name}_bn")(x))
