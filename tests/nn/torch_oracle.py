# SPDX-License-Identifier: Apache-2.0
"""Trains networks in PyTorch as tests/nn/torch_layers_test.cpp does in swprune.

Usage: torch_oracle.py CASE.npz RESULT.npz [CASE.npz RESULT.npz ...]

A case holds the records of a model file (docs/formats-files.md), for each convolution its dense
weights "dense.NAME" and their 0/1 mask "keep.NAME", for each dropout layer the factors of every step
"drop.NAME", and images, labels (or targets), learning rate, momentum, weight decay and smoothing. A
result holds, in float64 and, with the prefix "float.", in float32: logits of inference before
training, logits, loss and gradients of the first step, and all parameters and statistics at the end.
"""

import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def text(array):
    return bytes(array).decode()


class OptionA(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.stride = int(f["stride"])
        self.more = int(f["out_channels"] - f["in_channels"])

    def forward(self, x):
        x = x[:, :, :: self.stride, :: self.stride]
        before = self.more // 2
        return functional.pad(x, (0, 0, 0, 0, before, self.more - before))


class Residual(nn.Module):
    def __init__(self, paths, f):
        super().__init__()
        self.path, self.shortcut, self.relu = paths[0], paths[1], f["relu"] != 0

    def forward(self, x):
        y = self.path(x) + self.shortcut(x)
        return functional.relu(y) if self.relu else y


class Concatenation(nn.Module):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def forward(self, x):
        return torch.cat([x, self.path(x)], dim=1)


class Dropout(nn.Module):
    """Factors of our own layer: whose random numbers they are is no question of the arithmetic."""

    def __init__(self, factors):
        super().__init__()
        self.factors, self.step = torch.tensor(factors), 0

    def forward(self, x):
        return x * self.factors[self.step].to(x.dtype) if self.training else x


class Network:
    def __init__(self, case):
        self.case, self.named, self.keep = case, {}, {}
        stack = []
        for i in range(int(case["layers"][0])):
            self.add(f"layer{i}.", stack)
        self.net = nn.Sequential(*stack)

    def add(self, prefix, stack):
        kind, name = text(self.case[prefix + "kind"]), text(self.case[prefix + "name"])
        fields = text(self.case[prefix + "fields"]).split()
        f = dict(zip(fields, self.case[prefix + "values"]))
        if prefix + "paths" in self.case:
            sizes = [int(n) for n in self.case[prefix + "paths"]]
            inside = stack[len(stack) - sum(sizes) :]
            del stack[len(stack) - sum(sizes) :]
            paths = [nn.Sequential(*[inside.pop(0) for _ in range(n)]) for n in sizes]
            stack.append(Residual(paths, f) if kind == "residual" else Concatenation(paths[0]))
        else:
            stack.append(self.make(kind, name, prefix, f))

    def make(self, kind, name, prefix, f):
        if kind in ("conv2d", "fully_connected"):
            return self.convolution(name, prefix, f)
        if kind == "batch_norm":
            norm = nn.BatchNorm2d(int(f["channels"]), eps=f["epsilon"], momentum=f["momentum"])
            self.named[name + ".scale"], self.named[name + ".shift"] = norm.weight, norm.bias
            with torch.no_grad():
                norm.weight.copy_(torch.tensor(self.case[prefix + "parameter.scale"]))
                norm.bias.copy_(torch.tensor(self.case[prefix + "parameter.shift"]))
                norm.running_mean.copy_(torch.tensor(self.case[prefix + "state.running_mean"]))
                norm.running_var.copy_(torch.tensor(self.case[prefix + "state.running_variance"]))
            self.named[name + ".running_mean"] = norm.running_mean
            self.named[name + ".running_variance"] = norm.running_var
            return norm
        if kind == "dropout":
            return Dropout(self.case["drop." + name])
        return {
            "relu": nn.ReLU,
            "relu6": nn.ReLU6,
            "max_pool": lambda: nn.MaxPool2d(int(f["size"]), int(f["stride"])),
            "average_pool": lambda: nn.AvgPool2d(int(f["size"]), int(f["stride"])),
            "global_average_pool": lambda: nn.AdaptiveAvgPool2d(1),
            "option_a_shortcut": lambda: OptionA(f),
        }[kind]()

    def convolution(self, name, prefix, f):
        weights = torch.tensor(self.case["dense." + name])
        out, inputs, kh, kw = weights.shape
        conv = nn.Conv2d(
            inputs,
            out,
            (kh, kw),
            stride=int(f.get("stride", 1)),
            padding=int(f.get("padding", 0)),
            dilation=int(f.get("dilation", 1)),
            bias=f["bias"] != 0,
        )
        keep = torch.tensor(self.case["keep." + name])
        with torch.no_grad():
            conv.weight.copy_(weights)
            if f["bias"] != 0:
                conv.bias.copy_(torch.tensor(self.case[prefix + "parameter.bias"]))
        conv.weight.register_hook(lambda gradient: gradient * keep.to(gradient.dtype))
        self.named[name + ".weights"] = conv.weight
        if f["bias"] != 0:
            self.named[name + ".bias"] = conv.bias
        return conv

    def set_step(self, step):
        for module in self.net.modules():
            if isinstance(module, Dropout):
                module.step = step

    def loss(self, logits, step):
        logits = logits.flatten(1)
        if "targets" in self.case:
            return functional.mse_loss(logits, torch.tensor(self.case["targets"][step]))
        labels = torch.tensor(self.case["labels"][step])
        smoothing = float(self.case["smoothing"][0])
        return functional.cross_entropy(logits, labels, label_smoothing=smoothing)


def run(case, dtype):
    torch.set_default_dtype(dtype)
    case = {k: v.astype(str(dtype)[6:]) if v.dtype.kind == "f" and not k.endswith("values") else v
            for k, v in case.items()}
    network, result = Network(case), {}
    weights = [p for n, p in network.named.items() if n.endswith(".weights")]
    others = [p for n, p in network.named.items()
              if isinstance(p, nn.Parameter) and not n.endswith(".weights")]
    optimiser = torch.optim.SGD(
        [{"params": weights, "weight_decay": float(case["decay"][0])}, {"params": others}],
        lr=float(case["rate"][0]),
        momentum=float(case["momentum"][0]),
    )
    images = torch.tensor(case["images"])
    network.net.eval()
    with torch.no_grad():
        result["inference"] = network.net(images[0])
    network.net.train()
    for step, batch in enumerate(images):
        network.set_step(step)
        batch.requires_grad_(step == 0)
        optimiser.zero_grad()
        logits = network.net(batch)
        loss = network.loss(logits, step)
        loss.backward()
        result[f"loss.{step}"] = loss
        if step == 0:
            result["logits"] = logits
            result["gradient.images"] = batch.grad
            for name, p in network.named.items():
                if isinstance(p, nn.Parameter):
                    result["gradient." + name] = p.grad.clone()
        optimiser.step()
    for name, p in network.named.items():
        result["final." + name] = p
    return {k: v.detach().double().numpy().reshape(-1) for k, v in result.items()}


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for source, target in zip(sys.argv[1::2], sys.argv[2::2]):
        case = dict(np.load(source))
        result = run(case, torch.float64)
        result.update({"float." + k: v for k, v in run(case, torch.float32).items()})
        np.savez(target, **result)


main()
