#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The PyTorch side: trains ResNet-20 with what cifar10_resnet20_share wrote, one thread.

Leaves OUT/history.json after every epoch; started again, it goes on behind the last one.
"""
import argparse
import json
import math
import os
import platform
import time

import numpy as np
import torch
from torch.nn import functional as F

import cifar10
from resnet20 import Masked

WARM_UP = 0.15  # of all steps
BATCH = 128
FIRST_RATE, PEAK_RATE = 0.01, 0.1
WEIGHT_DECAY = 5e-4  # on all parameters


def learning_rate(step, steps):
    """One cycle: a line up to the peak, then a cosine to 0 that it reaches at step = steps."""
    rise = WARM_UP * steps
    if step < rise:
        return FIRST_RATE + (PEAK_RATE - FIRST_RATE) * step / rise
    return PEAK_RATE * 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))


def tensor(images):
    number = np.float64 if torch.get_default_dtype() == torch.float64 else np.float32
    batch = torch.from_numpy(cifar10.scaled(images, number))
    return batch.contiguous(memory_format=torch.channels_last)


def long_labels(labels):
    return torch.from_numpy(labels.astype(np.int64))


class Run:
    def __init__(self, options):
        self.options = options
        self.train_set, self.test_set = cifar10.load(options.data)
        self.shared = np.load(f"{options.shared}/presentation.npz")
        self.masked = Masked(f"{options.shared}/masks.npz", f"{options.shared}/weights.npz")
        self.net = self.masked.net
        self.optimiser = torch.optim.SGD(self.net.parameters(), lr=FIRST_RATE, momentum=0.9,
                                         nesterov=True, weight_decay=WEIGHT_DECAY)
        self.order, self.change = self.shared["order"], self.shared["change"]
        images = len(self.train_set[1])
        assert self.order.shape[1] == images, f"{images} images, order of {self.order.shape[1]}"
        self.batches = math.ceil(images / BATCH)
        self.steps = self.batches * len(self.order)
        self.losses = []  # of every step

    def step(self, epoch, batch):
        numbers = self.order[epoch][batch * BATCH : (batch + 1) * BATCH]
        images, labels = self.train_set
        rate = learning_rate(epoch * self.batches + batch, self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        x = tensor(cifar10.changed(images[numbers], self.change[epoch][numbers]))
        y = long_labels(labels[numbers])
        self.optimiser.zero_grad(set_to_none=True)
        logits = self.net(x)
        loss = F.cross_entropy(logits, y)
        loss.backward()
        self.masked.hold()
        self.optimiser.step()
        self.losses.append(loss.item())
        return loss.item() * len(numbers), int((logits.detach().argmax(1) == y).sum())

    def epoch(self, epoch):
        self.net.train()
        begin, cpu = time.time(), time.process_time()
        loss, correct = 0.0, 0
        for batch in range(self.batches):
            a, b = self.step(epoch, batch)
            loss, correct = loss + a, correct + b
        images = len(self.train_set[1])
        return {"epoch": epoch + 1, "loss": loss / images, "train_accuracy": correct / images,
                "test_accuracy": self.test_accuracy(), "seconds": time.time() - begin,
                "cpu_seconds": time.process_time() - cpu}

    @torch.no_grad()
    def test_accuracy(self):
        self.net.eval()
        images, labels = self.test_set
        correct = 0
        for i in range(0, len(labels), 500):
            guess = self.net(tensor(images[i : i + 500])).argmax(1)
            correct += int((guess == long_labels(labels[i : i + 500])).sum())
        return correct / len(labels)

    def go_on(self):
        """Epochs done before, from OUT/checkpoint.pt."""
        path = f"{self.options.out}/checkpoint.pt"
        if not os.path.exists(path):
            return []
        saved = torch.load(path)
        self.net.load_state_dict(saved["net"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.losses = saved["losses"]
        return saved["epochs"]

    def save(self, epochs):
        state = {"net": self.net.state_dict(), "optimiser": self.optimiser.state_dict(),
                 "losses": self.losses, "epochs": epochs}
        replace(f"{self.options.out}/checkpoint.pt", lambda f: torch.save(state, f))
        history = {"side": "pytorch", "torch": torch.__version__, "numpy": np.__version__,
                   "python": platform.python_version(), "threads": torch.get_num_threads(),
                   "batch": BATCH, "bits": 64 if self.options.double else 32, "sparsity": self.masked.sparsity(),
                   "absent_are_zero": self.masked.absent_are_zero(), "epochs": epochs,
                   "losses": self.losses}
        text = json.dumps(history, indent=1).encode()
        replace(f"{self.options.out}/history.json", lambda f: f.write(text))


def replace(path, write):
    """Writes a file under another name first, so that no half of it can be met."""
    with open(path + ".new", "wb") as f:
        write(f)
    os.replace(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="directory of CIFAR-10's binary files")
    parser.add_argument("--shared", required=True, help="directory of cifar10_resnet20_share")
    parser.add_argument("--out", required=True, help="directory to write to")
    parser.add_argument("--double", action="store_true",
                        help="64-bit numbers, to compare step by step")
    options = parser.parse_args()
    if options.double:
        torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    os.makedirs(options.out, exist_ok=True)
    run = Run(options)
    epochs = run.go_on()
    for epoch in range(len(epochs), len(run.order)):
        epochs.append(run.epoch(epoch))
        run.save(epochs)
        print(epochs[-1], flush=True)


if __name__ == "__main__":
    main()
