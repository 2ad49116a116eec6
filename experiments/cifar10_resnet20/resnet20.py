# SPDX-License-Identifier: Apache-2.0
"""ResNet-20 as swprune defines it, held to masks, in PyTorch.

The layers carry the names of swprune's nn/layer_lists.hpp: conv1, layerS.B.conv1, fc, ...
"""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def weight_masks(path):
    """0/1 masks [out][in][kh][kw] by layer of a mask file (docs/formats-files.md, "Mask file")."""
    d, masks = np.load(path), {}
    for name in [n for n in d.files if n + ".block" in d.files]:
        (bo, bi), (out, inp, kh, kw) = d[name + ".block"], d[name + ".shape"]
        grid, taps = d[name], d[name + ".taps"]
        taps = taps.reshape(*(grid.shape if taps.size > kh * kw else (1, 1)), kh, kw)
        full = (grid[:, :, None, None] * taps).repeat(bo, 0).repeat(bi, 1)
        masks[name] = full[:out, :inp]
    return masks


def conv3x3(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)


class Block(nn.Module):
    """Two 3x3 convolutions beside the identity; option A of He et al., CVPR 2016, section 4.1."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.stride = 1 if inputs == outputs else 2
        self.beside = (outputs - inputs) // 2  # zero channels on either side of the identity
        self.conv1 = conv3x3(inputs, outputs, self.stride)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = conv3x3(outputs, outputs)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        if self.stride != 1:
            x = F.avg_pool2d(x, 1, self.stride)  # every second pixel; faster than x[:, :, ::2, ::2]
            x = F.pad(x, (0, 0, 0, 0, self.beside, self.beside))
        return F.relu(y.add_(x), inplace=True)


class ResNet20(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = conv3x3(3, 16)
        self.bn1 = nn.BatchNorm2d(16)
        inputs = 16
        for stage, outputs in enumerate((16, 32, 64), start=1):
            blocks = [Block(inputs if b == 0 else outputs, outputs) for b in range(3)]
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
            inputs = outputs
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


class Masked:
    """A network with first weights from a file, whose gradients are held to the masks."""

    def __init__(self, masks_file, weights_file):
        self.net = ResNet20()
        self.masks = {}
        weights = np.load(weights_file)
        for name, mask in weight_masks(masks_file).items():
            layer = self.net.get_submodule(name)
            first = torch.from_numpy(weights[name + ".weights"]).reshape(layer.weight.shape)
            layer.weight.data.copy_(first)
            self.masks[layer] = torch.from_numpy(mask).to(layer.weight.dtype).reshape(layer.weight.shape)
            assert (layer.weight.data[self.masks[layer] == 0] == 0).all(), name
        layers = [m for m in self.net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        assert set(layers) == set(self.masks), "every layer with weights needs a mask"
        nn.init.zeros_(self.net.fc.bias)
        self.net.to(memory_format=torch.channels_last)
        for layer in self.masks:
            form = torch.channels_last if layer.weight.dim() == 4 else torch.contiguous_format
            self.masks[layer] = self.masks[layer].contiguous(memory_format=form)

    def hold(self):
        """To be called between backward() and the optimiser's step."""
        for layer, mask in self.masks.items():
            layer.weight.grad.mul_(mask)

    def sparsity(self):
        kept = sum(int(m.sum()) for m in self.masks.values())
        return 1 - kept / sum(m.numel() for m in self.masks.values())

    def absent_are_zero(self):
        return all(bool((l.weight.data[m == 0] == 0).all()) for l, m in self.masks.items())
