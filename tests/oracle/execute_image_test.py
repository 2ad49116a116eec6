#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the Python executor: images built by hand from docs/formats.md against a direct
convolution, and broken images, each of which must be refused with a text that names the field.

Environment: SWPRUNE_ORACLE_SEED starts the random cases somewhere else.
"""

import copy
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

try:
    import numpy as np
except ImportError:
    print("SKIPPED: execute_image_test needs numpy")
    sys.exit(1 if os.environ.get("SWPRUNE_REQUIRE_ORACLES") == "1" else 77)

from execute_image import Options, execute
from accelerator_image import FormatError
from image_builder import Array, make_case, random_layer

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = int(os.environ.get("SWPRUNE_ORACLE_SEED", "1"))


def run(case, options=None, activations=None, note=None):
    """The activation region after the run, as an array of bytes."""
    region = case.activations if activations is None else activations
    data = execute(case.built.image, region.tobytes(), case.built.desc_offset, case.built.layers,
                   options, note)
    return np.frombuffer(data, np.uint8)


def differences(case, region):
    """What differs from the direct convolution, or lies where nothing may be written: texts."""
    texts = []
    untouched = np.ones(len(region), bool)
    for index, m in enumerate(case.maps[1:], 1):
        expected = (case.expected[index] & 255).astype(np.uint8)
        bytes_of_map = m.indices(m.groups * 4)
        untouched[bytes_of_map] = False
        wrong = region[bytes_of_map] != expected
        if wrong.any():
            texts.append(f"map {index}: {int(wrong.sum())} of {wrong.size} bytes, the first at "
                         f"(n, c, y, x) = {tuple(int(i) for i in np.argwhere(wrong)[0])}")
    stray = untouched & (region != case.activations)
    if stray.any():
        texts.append(f"byte {int(np.argmax(stray))} is of no output map and was changed")
    return texts


def conv_case(rng, **options):
    """3x3 convolution with padding, 6 -> 12 channels (both end in a partial group), row 1 empty."""
    live = np.array([[True, True], [False, False]])
    layer = random_layer(rng, Array(), 6, 12, (3, 3), live, pad=1, zero_in=7, zero_out=3,
                         strip_rows=2, **options)
    return make_case(rng, Array(), [layer], 2, (11, 13))


def two_layers(rng, images=5):
    """A pooled convolution whose output is interleaved, and a fully connected layer on it."""
    array = Array()
    first = random_layer(rng, array, 5, 16, (3, 3), np.array([[True, False], [True, True]]),
                         pool=True, seg=(2, 4), images_per_step=4, out_interleaved=True,
                         chunk_rows=2, run_log2=0)
    second = random_layer(rng, array, 16, 10, (3, 3),
                          np.array([[True, True, False, True], [False, True, False, True]]),
                          seg=(1, 1), images_per_step=array.pixels, out_interleaved=True,
                          run_log2=3, out_signed=True, clamp=(-128, 127), zero_out=-5)
    return make_case(rng, array, [first, second], images, (8, 8))


def random_case(rng):
    """One layer of random shape and schedule, sometimes with a fully connected one behind it."""
    pick = lambda *choices: choices[rng.integers(len(choices))]  # noqa: E731
    array = pick(Array(), Array(8, 8, 4, 16, 4), Array(2, 4, 8, 64, 1), Array(4, 8, 12, 8, 8))
    pool, skip = bool(rng.integers(2)), bool(rng.integers(4))
    kernel = (int(rng.integers(1, 9)), int(rng.integers(1, 9))) if rng.integers(4) else (1, 1)
    dilation, stride = (int(rng.integers(1, 5)) if rng.integers(2) else 1 for _ in range(2))
    pad = int(rng.integers(0, 4))
    size = tuple(int(max(dilation * (k - 1) + 1 - 2 * pad, 1) + rng.integers(3, 14))
                 for k in kernel)
    nif, nof = int(rng.integers(1, 15)), int(rng.integers(1, 30))
    shape = (-(-nof // array.pof), -(-nif // 4))
    live = rng.random(shape) < pick(0.0, 0.3, 0.6, 1.0) if skip else np.ones(shape, bool)
    seg_y = 2 ** int(rng.integers(pool, array.poy.bit_length()))
    seg_x = 2 ** int(rng.integers(pool, array.pox.bit_length()))
    fits = array.pixels // (seg_y * seg_x)
    in_signed, out_signed = bool(rng.integers(2)), bool(rng.integers(2))
    tail = bool(rng.integers(3) == 0)
    layer = random_layer(
        rng, array, nif, nof, kernel, live, stride=stride,
        dilation=dilation, pad=pad, pool=pool,
        in_signed=in_signed, out_signed=out_signed, skip=skip, seg=(seg_y, seg_x),
        zero_in=int(rng.integers(-128, 128) if in_signed else rng.integers(0, 256)),
        zero_out=int(rng.integers(-40, 40)), clamp=(-128, 127) if out_signed else (0, 255),
        images_per_step=int(rng.integers(1, fits + 1)), out_interleaved=tail,
        chunk_rows=int(rng.integers(1, shape[0] + 1)), strip_rows=int(rng.integers(1, 4)),
        chunks_outer=bool(rng.integers(2)))
    # With strides and pooling small maps can vanish: such a shape is no layer.
    out = [o >> pool for o in layer.conv_size(size)]
    size = tuple(s + 4 * (o < 1) for s, o in zip(size, out))
    layers = [layer]
    if tail:
        window = tuple(min(o >> pool, 8) for o in layer.conv_size(size))
        shape = (-(-9 // array.pof), -(-nof // 4))
        layers.append(random_layer(rng, array, nof, 9, window, rng.random(shape) < 0.6,
                                   in_signed=out_signed, seg=(1, 1), out_interleaved=True,
                                   images_per_step=array.pixels, strip_rows=int(rng.integers(1, 9)),
                                   pad=int(rng.integers(0, 2)), zero_in=1))
    return make_case(rng, array, layers, int(rng.integers(1, 7)), size)


class Correct(unittest.TestCase):
    """Images that are right give what the direct convolution gives."""

    def check(self, case, strict=True):
        options = Options()
        self.assertEqual(differences(case, run(case, options)), [])
        if strict:
            self.assertEqual(options.warnings, [])

    def test_padding_and_empty_row(self):
        self.check(conv_case(np.random.default_rng(SEED)))

    def test_dense_control(self):
        rng = np.random.default_rng(SEED)
        layer = random_layer(rng, Array(), 6, 12, (3, 3), pad=1, zero_in=7, skip=False)
        self.check(make_case(rng, Array(), [layer], 2, (9, 9)))

    def test_pool_signed_and_unsigned(self):
        for signed in (False, True):
            with self.subTest(signed=signed):
                rng = np.random.default_rng(SEED + 7)
                layer = random_layer(rng, Array(), 4, 8, (3, 3), pool=True, out_signed=signed,
                                     clamp=(-128, 127) if signed else (0, 255), run_log2=1)
                self.check(make_case(rng, Array(), [layer], 1, (11, 18)))

    def test_stride_two(self):
        rng = np.random.default_rng(SEED + 8)
        layer = random_layer(rng, Array(), 8, 8, (5, 3), stride=2, pad=2, zero_in=-3,
                             in_signed=True, seg=(2, 4), images_per_step=4)
        self.check(make_case(rng, Array(), [layer], 6, (15, 12)))

    def test_residual(self):
        for signed, pool, seg in ((False, False, (4, 8)), (True, True, (2, 4))):
            with self.subTest(signed=signed):
                rng = np.random.default_rng(SEED + 12)
                layer = random_layer(rng, Array(), 16, 16, (3, 3), pad=1, pool=pool, seg=seg,
                                     in_signed=signed, out_signed=signed, chunk_rows=1,
                                     images_per_step=2 if pool else 1,
                                     clamp=(-128, 127) if signed else (0, 255),
                                     residual=(3, 11, 4))
                case = make_case(rng, Array(), [layer], 3, (11, 14))
                self.check(case)
                case.layers[0].residual = (3, 12, 4)
                record = case.built.descriptor(0)
                case.built.put("h", record[0] + 90, 12, record)
                self.assertNotEqual(differences(case, run(case)), [])

    def test_interleaved_behind_pool(self):
        self.check(two_layers(np.random.default_rng(SEED + 9)))

    def test_every_row_empty(self):
        rng = np.random.default_rng(SEED + 10)
        layer = random_layer(rng, Array(), 8, 16, (3, 3), np.zeros((2, 2), bool))
        self.check(make_case(rng, Array(), [layer], 1, (7, 7)))

    def test_many_groups(self):
        rng = np.random.default_rng(SEED + 11)
        layer = random_layer(rng, Array(), 150, 24, (1, 1), rng.random((3, 38)) < 0.5, chunk_rows=2)
        self.check(make_case(rng, Array(), [layer], 1, (5, 9)))

    def test_by_hand(self):
        """One pixel of one channel whose numbers can be followed on paper: ties and clamps."""
        for value, expected in ((2, 1), (3, 1), (4, 2), (5, 2), (255, 100)):
            # 1x1 kernel, weight 1, bias -1: (value - 1) / 2, ties up; clamp at 100.
            rng = np.random.default_rng(0)
            layer = random_layer(rng, Array(), 1, 1, (1, 1), clamp=(0, 100))
            layer.weights[:] = 1
            layer.bias[:], layer.multiplier[:], layer.shift[:] = -1, 1, 1
            case = make_case(rng, Array(), [layer], 1, (1, 1))
            case.activations[case.maps[0].base] = value
            self.assertEqual(run(case)[case.maps[1].base], expected)

    def test_random_layers(self):
        inside = total = 0
        for seed in range(SEED, SEED + 300):
            with self.subTest(seed=seed):
                case = random_case(np.random.default_rng(seed))
                self.check(case)
                for layer, expected in zip(case.layers, case.expected[1:]):
                    inside += int(((expected > layer.clamp[0])
                                   & (expected < layer.clamp[1])).sum())
                    total += expected.size
        # Clamped results hide errors: most results must not be clamped.
        self.assertGreater(inside, total // 2)

    def test_values_that_do_not_matter(self):
        """Channels beyond the last one and images that do not exist change nothing."""
        case = two_layers(np.random.default_rng(SEED))
        first, clean = case.maps[0], run(case)
        beyond = first.indices(8)[:, first.channels:]
        dirty = case.activations.copy()
        dirty[beyond] ^= 0x55
        dirty[case.maps[1].base:] = 0x3C  # where outputs and absent images of layer 1 lie
        options = Options(ignore_activation_padding=True)
        after = run(case, options, dirty)
        for m in case.maps[1:]:
            self.assertTrue((after[m.indices(m.channels)] == clean[m.indices(m.channels)]).all())


class Sensitive(unittest.TestCase):
    """The comparison itself can fail: a change that breaks no rule shows in the results."""

    def changed(self, case, offset):
        case.built.image[offset] ^= 0x20
        self.assertNotEqual(differences(case, run(case)), [])

    def test_results_changed_afterwards(self):
        case = conv_case(np.random.default_rng(SEED))
        region = run(case).copy()
        region[case.maps[1].address(1, 3, 2, 2)] ^= 1
        self.assertEqual(len(differences(case, region)), 1)
        region = run(case).copy()
        region[0] ^= 1
        self.assertIn("byte 0 is of no output map", differences(case, region)[0])

    def test_weight(self):
        case = conv_case(np.random.default_rng(SEED))
        at = case.built.get("I", case.built.step(0, 0)[0] + 28)
        self.changed(case, at + 8)

    def test_parameters(self):
        for byte in (1, 4):  # bias, multiplier
            case = conv_case(np.random.default_rng(SEED))
            at = case.built.get("I", case.built.step(0, 0)[0] + 24)
            self.changed(case, at + byte)

    def test_wrong_block(self):
        """A list that names another slot than the weights were made for."""
        rng = np.random.default_rng(SEED)
        live = np.array([[True, False], [False, True]])
        layer = random_layer(rng, Array(), 8, 16, (3, 3), live, chunk_rows=2)
        case = make_case(rng, Array(), [layer], 1, (8, 8))
        self.assertEqual(differences(case, run(case)), [])
        at = case.built.get("I", case.built.step(0, 0)[0] + 12)
        case.built.image[at] ^= 1
        self.assertNotEqual(differences(case, run(case)), [])

    def test_warnings(self):
        rng = np.random.default_rng(SEED)
        case = conv_case(rng)
        record = case.built.descriptor(0)
        load = case.built.get("B", record[0] + 22)
        self.assertGreater(load, 0)
        case.built.put("B", record[0] + 22, load - 1, record)
        options = Options()
        self.assertEqual(differences(case, run(case, options)), [])
        self.assertIn("not the largest", " ".join(options.warnings))
        layer = random_layer(rng, Array(), 4, 8, (3, 3), run_log2=2)  # 4 words of odd-sized rows
        options = Options()
        run(make_case(rng, Array(), [layer], 1, (9, 9)), options)
        self.assertIn("not neighbours", " ".join(options.warnings))


# Descriptor of conv_case: offset, type, value, word of the message. The value alone is changed, the
# CRC is made right again.
BROKEN_DESCRIPTOR = [
    (0, "I", 0x4C505754, "magic"), (4, "H", 1, "version"), (6, "H", 64, "bytes"),
    (8, "B", 0, "poy"), (8, "B", 6, "poy"), (9, "B", 4, "seg_x_log2"), (10, "B", 6, "pof"),
    (11, "B", 12, "bus_bytes"), (11, "B", 8, "load_log2"),
    (12, "I", 0x18, "SegY"), (12, "I", 0x11, "pass_interval"),
    (12, "I", 0x10 | 1 << 31, "flags"), (12, "I", 0, "list_beats"), (16, "B", 0, "kernel_h"),
    (16, "B", 9, "kernel_h"), (16, "B", 2, "conv_h"), (17, "B", 9, "kernel_w"),
    (17, "B", 5, "conv_w"), (18, "B", 0, "stride"), (18, "B", 5, "stride"), (18, "B", 2, "conv_h"),
    (19, "B", 0, "dilation"), (19, "B", 5, "dilation"), (19, "B", 2, "conv_h"),
    (20, "B", 3, "seg_y_log2"), (21, "B", 4, "seg_x_log2"),
    (21, "B", 200, "seg_x_log2"), (21, "B", 2, "bank_cols"), (22, "B", 4, "load_log2"),
    (23, "B", 4, "run_log2"), (23, "B", 1, "pass_interval"), (24, "h", 256, "zero_in"),
    (24, "h", -257, "zero_in"), (28, "h", -1, "clamp_lo"), (30, "h", 256, "clamp_hi"),
    (28, "h", 9, None), (30, "h", -1, "clamp_hi"), (32, "H", 0, "in_h"), (32, "H", 12, "conv_h"),
    (34, "H", 12, "conv_w"), (36, "H", 10, "conv_h"), (38, "H", 14, "conv_w"), (40, "B", 16, "pad"),
    (40, "B", 0, "conv_h"), (41, "B", 1, "reserved"), (42, "H", 0, "out_groups4"),
    (42, "H", 4, "og_first|never written|beyond|output map"), (42, "H", 2, "rows|og_first"),
    (44, "H", 3, "bank_cols"), (46, "H", 3, "slot_words"), (48, "I", 0, "step_count"),
    (48, "I", 1 << 30, "steps"), (48, "I", 1, "never written"), (52, "I", 32, "steps_offset"),
    (52, "I", 1 << 31, "steps"), (56, "I", 8, "output strides"), (56, "I", 6, "out_px_stride"),
    (60, "I", 0, "output strides"), (64, "I", 64, "output strides"), (76, "H", 0, "pass_interval"),
    (76, "H", 65, "pass_interval"), (78, "B", 1, "res_load_log2"), (94, "H", 1, "res_w"),
    (98, "H", 1, "reserved"),
    (104, "B", 1, "reserved"), (123, "B", 1, "reserved"), (12, "I", 0x50, "flags"),
    (12, "I", 0x30, "res_stride"),
    (12, "I", 0x210, "flags"),
]

# Step records of conv_case: step, offset, type, value, word of the message of that step (a word
# that starts with ^: of another place where the change shows first).
BROKEN_STEP = [
    (0, 0, "I", 35, "flags"), (0, 0, "I", 19, "flags"), (0, 0, "I", 1, "flags"),
    (0, 0, "I", 2, "flags"),
    (1, 0, "I", 0, "og_first"), (0, 4, "H", 0, "rows"), (0, 4, "H", 3, "rows"),
    (0, 6, "H", 0, "sub_rows"), (0, 6, "H", 4, "sub_rows"),
    (0, 6, "H", 1, "^layer 0, output map.*never written"),
    (0, 8, "H", 1, "sub_cols"), (0, 10, "H", 1, "fetch_offset|slot|fetch list"),
    (0, 10, "H", 3, "fetch list"),
    (0, 10, "H", 5000, "slots"), (0, 12, "I", 65, "list_offset"), (0, 12, "I", 1 << 30, "list"),
    (0, 16, "H", 0, "list_beats"), (0, 16, "H", 2, "list_beats"), (0, 18, "H", 2, "param_beats"),
    (0, 20, "H", 0, "weight_beats"), (0, 20, "H", 65535, "weight_beats"),
    (0, 24, "I", 4, "param_offset"), (0, 24, "I", 1 << 30, "param_offset"),
    (0, 28, "I", 16, "weight_offset"), (0, 28, "I", 1 << 31, "weight_offset"),
    (0, 32, "I", 8, "fetch_offset"), (0, 32, "I", 1 << 30, "fetch_offset"),
    (0, 36, "I", 68, "act_offset"), (0, 36, "I", 1 << 31, "act_offset"),
    (0, 22, "H", 13 * 12, "plane_words"), (0, 22, "H", 14, "plane_words"),
    (0, 22, "H", 13 * 8, "no word of image"), (0, 40, "I", 64, "res_offset"),
    (2, 22, "H", 13 * 3, "no word of image"), (0, 44, "H", 0, "images"), (0, 44, "H", 2, "images"),
    (0, 46, "h", 1, "row_idx0"), (0, 46, "h", -1, "plane_words"), (0, 48, "H", 1, "res_words"),
    (0, 57, "B", 1, "act_offset"), (0, 57, "B", 4, "y_start"), (0, 57, "B", 16, "y_start"),
    (0, 50, "H", 2, "oy_first"), (0, 50, "H", 12, "oy_first"),
    (0, 50, "H", 4, "out_offset"), (0, 52, "I", 1 << 31, "out_offset"),
    (0, 52, "I", 4, "out_offset"),
    (0, 52, "I", 0, "^layer 0, step 2, padding"), (0, 56, "B", 0, "last_channels"),
    (0, 56, "B", 5, "last_channels"), (0, 56, "B", 3, "last_channels"), 
    (0, 58, "H", 2, "og_first"), (0, 60, "I", 0, "crc"), (1, 60, "I", 5, "crc"),
]


class Refused(unittest.TestCase):
    """Each rule is broken once, and the text names the field."""

    def case(self):
        return conv_case(np.random.default_rng(SEED))

    def refuse(self, case, words, **options):
        with self.assertRaisesRegex(FormatError, words) as caught:
            run(case, **options)
        text = str(caught.exception)
        for part in (": given ", ", expected "):
            self.assertIn(part, text)

    def test_descriptor_fields(self):
        for offset, kind, value, words in BROKEN_DESCRIPTOR:
            with self.subTest(offset=offset, value=value):
                case = self.case()
                record = case.built.descriptor(0)
                case.built.put(kind, record[0] + offset, value, record)
                if words is None:
                    self.assertNotEqual(differences(case, run(case)), [])
                else:
                    self.refuse(case, f"^layer 0.*({words})")

    def test_step_fields(self):
        for step, offset, kind, value, words in BROKEN_STEP:
            with self.subTest(step=step, offset=offset, value=value):
                case = self.case()
                record = case.built.step(0, step)
                case.built.put(kind, record[0] + offset, value, record if offset != 60 else None)
                self.refuse(case, words if words[0] == "^" else
                            f"^layer 0, step {step}\\b.*({words})")

    def test_any_bit_of_a_record(self):
        """Without a new CRC no bit of a descriptor or step record can change."""
        rng = np.random.default_rng(SEED)
        for record in ("descriptor", "step"):
            for _ in range(60):
                case = self.case()
                at, size = (case.built.descriptor(0) if record == "descriptor"
                            else case.built.step(0, 2))
                bit = int(rng.integers(8 * size))
                with self.subTest(record=record, bit=bit):
                    case.built.image[at + bit // 8] ^= 1 << bit % 8
                    self.refuse(case, "crc|magic")

    def test_second_layer_of_another_array(self):
        case = two_layers(np.random.default_rng(SEED))
        record = case.built.descriptor(1)
        case.built.put("B", record[0] + 11, 64, record)
        self.refuse(case, "^layer 1, bus_bytes: given 64, expected 32")

    def test_lists(self):
        # Row 0 of conv_case is slot 0 with 4 channels, then slot 1 with 2; row 1 is empty.
        for step, at, value, words in (
                (0, 0, 0x3001, "ascending"), (0, 2, 0x9002, "slot: given 2"),
                (0, 2, 0xA001, "weight_beats"), (0, 0, 0x7000, "null"),
                (0, 2, 0x1001, "list_offset|row"), (1, 0, 0xC001, "slot and channels 0"),
                (1, 0, 0xD000, "slot and channels 0"), (0, 2, 0xC000, "only one"),
                (0, 0, 0x1000, "channels of input group 0"),
                (0, 4, 1, "padding after list_offset")):
            with self.subTest(at=at, value=hex(value)):
                case = self.case()
                offset = case.built.get("I", case.built.step(0, step)[0] + 12)
                if at == 0 and value == 0x1000:  # keep the sizes: the row loses two channels
                    self.shrink_weights(case)
                case.built.put("H", offset + at, value)
                self.refuse(case, words)

    def shrink_weights(self, case):
        """Makes the weights of chunk 0, the even steps, two channels (2 * 9 * 8 bytes) shorter."""
        size = (6 - 2) * 9 * 8
        offset = case.built.get("I", case.built.step(0, 0)[0] + 28)
        case.built.image[offset + size:offset + 448] = bytes(448 - size)
        for step in range(0, case.built.step_counts[0], 2):
            record = case.built.step(0, step)
            case.built.put("H", record[0] + 20, size // 32, record)

    def test_parameters(self):
        for at, value, words in ((6, 0, "shift.*channel 0"), (6, 48, "shift.*1 .. 47"),
                                 (7, 1, "bytes 7-11"), (11, 255, "bytes 7-11"),
                                 (96, 1, "padding after param_offset")):
            with self.subTest(at=at, value=value):
                case = self.case()
                offset = case.built.get("I", case.built.step(0, 0)[0] + 24)
                case.built.image[offset + at] = value
                self.refuse(case, words)

    def test_beyond_the_last_channel(self):
        for at, value in ((12 * 5, 1), (12 * 4 + 4, 1), (12 * 7 + 6, 2)):  # channels 12-15 of 12
            with self.subTest(at=at):
                case = self.case()
                offset = case.built.get("I", case.built.step(0, 1)[0] + 24)
                case.built.image[offset + at] = value
                self.refuse(case, "beyond the last channel")
        rng = np.random.default_rng(SEED)
        case = make_case(rng, Array(), [random_layer(rng, Array(), 4, 4, (1, 1))], 1, (4, 4))
        case.built.image[case.built.get("I", case.built.step(0, 0)[0] + 28) + 4] = 1
        self.refuse(case, "weights beyond the last channel")

    def test_fetch_list(self):
        for at, value, words in ((4, 0, "ascending"), (0, 64, "multiple of 576"),
                                 (4, 576 * 64, "act_offset"), (8, 1, "padding after fetch_offset")):
            with self.subTest(at=at, value=value):
                case = self.case()
                case.built.put("I", case.built.get("I", case.built.step(0, 0)[0] + 32) + at, value)
                self.refuse(case, words)

    def test_dense_needs_every_group(self):
        rng = np.random.default_rng(SEED)
        layer = random_layer(rng, Array(), 8, 8, (1, 1), skip=False)
        case = make_case(rng, Array(), [layer], 1, (4, 4))
        case.built.put("I", case.built.get("I", case.built.step(0, 0)[0] + 32) + 4, 128)
        self.refuse(case, "all groups without skip")

    def test_padding_of_activations_and_weights(self):
        case = self.case()
        case.activations[case.maps[0].base + 4 * 11 * 13] = 1
        self.refuse(case, "padding after the activation plane")
        run(case, Options(ignore_activation_padding=True))
        rng = np.random.default_rng(SEED)
        case = make_case(rng, Array(), [random_layer(rng, Array(), 4, 8, (1, 1))], 1, (4, 4))
        case.built.image[case.built.get("I", case.built.step(0, 0)[0] + 28) + 32] = 1
        self.refuse(case, "padding after weight_offset")

    def test_shared_bank(self):
        """SegX = 2 puts words 0 and 2 of a row into one bank: runs of 4 are impossible."""
        rng = np.random.default_rng(SEED)
        layer = random_layer(rng, Array(), 4, 8, (1, 1), seg=(4, 2), images_per_step=4)
        case = make_case(rng, Array(), [layer], 4, (8, 8))
        self.assertEqual(differences(case, run(case)), [])
        record = case.built.descriptor(0)
        self.assertEqual(case.built.get("B", record[0] + 22), 1)
        case.built.put("B", record[0] + 22, 2, record)
        self.refuse(case, "load_log2.*share a bank")

    def test_wrong_segment_of_an_image(self):
        """in_image_stride and images: fewer images in the tile than in a step that keeps it."""
        rng = np.random.default_rng(SEED)
        layer = random_layer(rng, Array(), 4, 16, (1, 1), seg=(2, 4), images_per_step=3)
        case = make_case(rng, Array(), [layer], 3, (5, 5))
        self.assertEqual(differences(case, run(case)), [])
        record = case.built.descriptor(0)
        for stride in (0, 64, 1 << 31):
            broken = copy.deepcopy(case)
            broken.built.put("I", record[0] + 72, stride, record)
            self.refuse(broken, "in_image_stride|act_offset")
        broken = copy.deepcopy(case)
        broken.built.put("H", case.built.step(0, 1)[0] + 44, 4, case.built.step(0, 1))
        self.refuse(broken, "images: given 4, expected at most 3|out_offset")

    def test_written_twice(self):
        """Both rows to the same planes: two values for one word."""
        rng = np.random.default_rng(SEED)
        case = make_case(rng, Array(), [random_layer(rng, Array(), 4, 16, (1, 1))], 1, (4, 4))
        out = case.built.get("I", case.built.step(0, 0)[0] + 52)
        case.built.put("I", case.built.step(0, 1)[0] + 52, out, case.built.step(0, 1))
        self.refuse(case, "already written|output map")

    def test_written_twice_at_once(self):
        from execute_image import Activations
        region = Activations(bytes(64))
        address, values = np.array([8, 12, 8]), np.array([5, 6, 5], np.uint32)
        region.write("here", address, values)
        self.assertEqual(list(region.words[:4]), [0, 0, 5, 6])
        region.begin_layer()
        with self.assertRaisesRegex(FormatError, "here, result word at byte 8: .*already written"):
            region.write("here", address, values + np.array([0, 0, 1], np.uint32))
        with self.assertRaisesRegex(FormatError, "here, result address"):
            region.write("here", np.array([64]), values[:1])

    def test_tile_without_slots(self):
        """The tile of an empty row needs no slots, though another row of the layer has blocks."""
        case = conv_case(np.random.default_rng(SEED), chunks_outer=True)
        self.assertEqual(differences(case, run(case)), [])
        record = case.built.step(0, 4)
        case.built.put("H", record[0] + 10, 0, record)
        case.built.put("B", record[0] + 56, 0, record)
        self.assertEqual(differences(case, run(case)), [])

    def test_row_twice_with_other_weights(self):
        """A chunk computed twice with different weights at the right place."""
        rng = np.random.default_rng(SEED)
        layer = random_layer(rng, Array(), 4, 8, (1, 1), strip_rows=1)
        case = make_case(rng, Array(), [layer], 2, (4, 4))
        first, second = case.built.step(0, 0), case.built.step(0, 1)
        out = case.built.get("I", first[0] + 52)
        case.built.put("I", second[0] + 52, out, second)
        self.refuse(case, "already written")

    def test_accumulator(self):
        """512 input channels at the extremes stay inside; the check itself is tried directly."""
        from execute_image import accumulate

        class Huge:
            rows = [type("Row", (), {"slots": (0,), "channels": (1,)})]
            bias = np.zeros((1, 4), np.int64)
            weights = [np.full((1, 4), 2, np.int64)]

        live = np.array([True, False])
        inside = accumulate("here", Huge, np.array([[(1 << 30) - 1, 0, 0, 0], [1, 0, 0, 0]]), 1,
                            live)
        self.assertEqual(int(inside[0, 0, 0]), (1 << 31) - 2)
        for value in (1 << 30, -(1 << 30) - 1):
            values = np.array([[value, 0, 0, 0], [1, 0, 0, 0]])
            with self.assertRaisesRegex(FormatError, "accumulator of chunk row 0, pixel 0"):
                accumulate("here", Huge, values, 1, live)
        dead = np.array([[1, 0, 0, 0], [1 << 30, 0, 0, 0]])  # a pixel without a result may wrap
        self.assertEqual(int(accumulate("here", Huge, dead, 1, live)[0, 1, 0]), -(1 << 31))

    def test_truncated(self):
        case = self.case()
        for size in range(0, len(case.built.image), 64):
            broken = copy.deepcopy(case)
            del broken.built.image[size:]
            self.refuse(broken, "image region")
        for size in (0, 64, case.maps[1].base, case.maps[1].base + case.maps[1].size - 64):
            self.refuse(case, "activation region", activations=case.activations[:size])
        self.refuse(case, "size", activations=case.activations[:-1])

    def test_random_damage(self):
        """Any damage with right CRCs is either refused as a FormatError or changes only values."""
        rng = np.random.default_rng(SEED)
        refused = 0
        original = [two_layers(rng, 2), self.case()]
        for index in range(600):
            case = copy.deepcopy(original[index % 2])
            at, seed = int(rng.integers(64, len(case.built.image))), index
            case.built.image[at] ^= 1 << int(rng.integers(8))
            for layer in range(case.built.layers):
                records = [case.built.descriptor(layer)]
                records += [case.built.step(layer, s) for s in range(case.built.step_counts[layer])]
                for record in records:
                    case.built.put("B", record[0], case.built.image[record[0]], record)
            with self.subTest(seed=SEED, trial=seed, at=at):
                try:
                    run(case)
                except FormatError:
                    refused += 1
        self.assertGreater(refused, 100)


class Program(unittest.TestCase):
    """The command line."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.case = two_layers(np.random.default_rng(SEED))
        self.write("image.bin", bytes(self.case.built.image))
        self.write("act.bin", self.case.activations.tobytes())

    def write(self, name, data):
        with open(os.path.join(self.folder.name, name), "wb") as file:
            file.write(data)

    def execute(self, *extra, offset=None, layers=2):
        offset = self.case.built.desc_offset if offset is None else offset
        command = [sys.executable, os.path.join(HERE, "execute_image.py"), "image.bin", "act.bin",
                   "--desc-offset", str(offset), "--layers", str(layers), *extra, "out.bin"]
        return subprocess.run(command, cwd=self.folder.name, capture_output=True, text=True,
                              timeout=120, check=False)

    def files(self):
        return sorted(os.listdir(self.folder.name))

    def test_good(self):
        done = self.execute("--verbose", "--strict")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, "layer 0: .* passes.*\nlayer 1: ")
        with open(os.path.join(self.folder.name, "out.bin"), "rb") as file:
            region = np.frombuffer(file.read(), np.uint8)
        self.assertEqual(differences(self.case, region), [])
        self.assertEqual(self.files(), ["act.bin", "image.bin", "out.bin"])

    def test_bad(self):
        for extra, words in ((dict(offset=0), "magic"), (dict(offset=4), "--desc-offset"),
                             (dict(offset=-64), "--desc-offset"), (dict(layers=0), "--layers"),
                             (dict(layers=9), "layer 2, (magic|descriptor)"),
                             (dict(offset=1 << 40), "descriptor")):
            with self.subTest(**extra):
                done = self.execute(**extra)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr, f"^error: .*{words}.*given .*, expected ")
                self.assertEqual(self.files(), ["act.bin", "image.bin"])

    def test_missing_file_and_bad_option(self):
        os.unlink(os.path.join(self.folder.name, "act.bin"))
        done = self.execute()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "error: act.bin: No such file")
        self.assertEqual(self.execute("--layers", "many").returncode, 2)

    def test_strict(self):
        record = self.case.built.descriptor(0)
        self.case.built.put("B", record[0] + 22, 0, record)
        self.write("image.bin", bytes(self.case.built.image))
        self.assertEqual(self.execute().returncode, 0)
        done = self.execute("--strict")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not the largest", done.stderr)


if __name__ == "__main__":
    print(f"SWPRUNE_ORACLE_SEED={SEED}")
    unittest.main(verbosity=1)
