# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10's binary files, plain or xz, and batches of them, changed as swprune changes them."""
import lzma
import os

import numpy as np

SHIFT = 4  # most pixels that swprune's augmentation moves an image by


def read_records(path):
    """Images uint8 [n][3][32][32] and labels uint8 [n] of one file, plain or with .xz."""
    if os.path.exists(path):
        with open(path, "rb") as f:
            raw = f.read()
    else:
        with lzma.open(path + ".xz") as f:
            raw = f.read()
    records = np.frombuffer(raw, np.uint8).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]


def load(directory):
    """(train images, train labels), (test images, test labels)."""
    parts = [read_records(f"{directory}/data_batch_{k}.bin") for k in range(1, 6)]
    train = tuple(np.concatenate(columns) for columns in zip(*parts))
    return train, read_records(f"{directory}/test_batch.bin")


def scaled(pixels, number=np.float32):
    """uint8 pixels as the numbers that swprune's train/batches.hpp makes of them."""
    return pixels.astype(number) * (number(1) / number(255))


def changed(images, changes):
    """Each image mirrored (changes[:, 2]), then moved down and right (changes[:, :2]) over black."""
    size = images.shape[-1]
    ground = np.zeros((len(images), 3, size + 2 * SHIFT, size + 2 * SHIFT), np.uint8)
    out = np.empty_like(images)
    for i, (down, right, mirrored) in enumerate(changes):
        image = images[i, :, :, ::-1] if mirrored else images[i]
        ground[i, :, SHIFT:-SHIFT, SHIFT:-SHIFT] = image
        y, x = SHIFT - down, SHIFT - right
        out[i] = ground[i, :, y : y + size, x : x + size]
    return out
