# SPDX-License-Identifier: Apache-2.0
"""PyTorch's side of training.cpp: answers one line with one line.

Seconds are CPU time of this process. Everything is channels_last, the faster format here."""
import resource
import sys
import time

import torch
from torch import nn

BATCH = 64


def timed(work):
    begin = time.process_time()
    work()
    return time.process_time() - begin


def conv_norm(inputs, outputs, stride=1):
    return [
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
    ]


def vgg16():
    layers, channels = [], 3
    for stage in ([64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3):
        for outputs in stage:
            layers += conv_norm(channels, outputs) + [nn.ReLU(inplace=True)]
            channels = outputs
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 10))


class Residual(nn.Module):
    """Two convolutions beside the identity, zero channels on both sides where it grows (option A)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.stride, self.pad = stride, (outputs - inputs) // 2
        self.body = nn.Sequential(
            *conv_norm(inputs, outputs, stride), nn.ReLU(inplace=True), *conv_norm(outputs, outputs)
        )

    def forward(self, x):
        short = x
        if self.pad:
            short = x[:, :, :: self.stride, :: self.stride]
            short = nn.functional.pad(short, (0, 0, 0, 0, self.pad, self.pad))
        return torch.relu_(self.body(x) + short)


def resnet20():
    layers, channels = conv_norm(3, 16) + [nn.ReLU(inplace=True)], 16
    for outputs in (16, 32, 64):
        for _ in range(3):
            layers.append(Residual(channels, outputs, 1 if channels == outputs else 2))
            channels = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Training:
    def __init__(self, net):
        torch.manual_seed(1)
        self.net = net().to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.SGD(
            self.net.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4
        )
        self.images = torch.randn(BATCH, 3, 32, 32).contiguous(memory_format=torch.channels_last)
        self.labels = torch.randint(10, (BATCH,))

    def step(self):
        self.net.train()
        self.optimiser.zero_grad()
        nn.functional.cross_entropy(self.net(self.images), self.labels).backward()
        self.optimiser.step()

    def infer(self):
        self.net.eval()
        with torch.no_grad():
            self.net(self.images)


class Convolution:
    def __init__(self, inputs, outputs, size):
        form = {"memory_format": torch.channels_last}
        self.x = torch.randn(BATCH, inputs, size, size).contiguous(**form)
        self.dy = torch.randn(BATCH, outputs, size, size).contiguous(**form)
        self.w = torch.randn(outputs, inputs, 3, 3).contiguous(**form)

    def forward(self):
        with torch.no_grad():
            nn.functional.conv2d(self.x, self.w, padding=1)

    def backward(self, by_data, by_weights):
        torch.ops.aten.convolution_backward(
            self.dy, self.x, self.w, [0], [1, 1], [1, 1], [1, 1], False, [0, 0], 1,
            [by_data, by_weights, False],
        )


def main():
    now = None
    for line in sys.stdin:
        word, *rest = line.split()
        answer = "ok"
        if word == "version":
            build = torch.__config__.show()
            isa = build.split("CPU capability usage: ")[1].split()[0]
            dnn = build.split("MKL-DNN ")[1].split()[0]
            answer = f"PyTorch {torch.__version__}, oneDNN {dnn}, {isa}"
        elif word == "threads":
            torch.set_num_threads(int(rest[0]))
        elif word == "net":
            now = Training({"vgg16": vgg16, "resnet20": resnet20}[rest[0]])
        elif word == "conv":
            now = Convolution(*map(int, rest))
        elif word == "step":
            answer = timed(now.step)
        elif word == "infer":
            answer = timed(now.infer)
        elif word == "forward":
            answer = timed(now.forward)
        elif word == "backward_data":
            answer = timed(lambda: now.backward(True, False))
        elif word == "backward_weights":
            answer = timed(lambda: now.backward(False, True))
        elif word == "held":
            answer = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(answer, flush=True)


main()
