#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Executes an accelerator image as docs/formats.md says, and refuses what that page forbids.

    execute_image.py IMAGE.bin ACTIVATIONS.bin --desc-offset N --layers L [--verbose] OUT.bin

IMAGE.bin and ACTIVATIONS.bin are the two regions of section 1 as they lie in memory when the
accelerator starts, each with its base at 0. The descriptor of the first layer lies at byte N of the
image. OUT.bin gets the activation region after the run. Exit code 0: done; 1: a rule is broken, the
text on stderr names layer, step, field, given and expected, and OUT.bin is not written; 2: bad
options; 77: numpy is missing (1 when SWPRUNE_REQUIRE_ORACLES=1).

Words go through simulated banks at the addresses of section 6, with a note of which pixel each word
belongs to, so a wrong slot, bank, segment or vbase is found and not only its consequence.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True  # the source folder may be read only, and should stay clean

try:
    import numpy as np
except ImportError:
    print("SKIPPED: the Python executor needs numpy", file=sys.stderr)
    sys.exit(1 if os.environ.get("SWPRUNE_REQUIRE_ORACLES") == "1" else 77)

from accelerator_image import (ALIGNMENT, Chunk, FormatError, Image, ceil_div, read_fetch_list,
                               read_layers, read_steps, require, round_up)


class Activations:
    """The activation region: words, and which of them the current layer has written."""

    def __init__(self, data):
        require(len(data) % 4 == 0, "activation region", "size", len(data), "a multiple of 4")
        self.bytes = np.frombuffer(data, np.uint8).copy()
        self.words = self.bytes.view("<u4")
        self.begin_layer()

    def begin_layer(self):
        self.written = np.zeros(len(self.words), bool)

    def require_inside(self, where, field, first, end):
        """Bytes first .. end - 1 must lie inside the region."""
        require(0 <= first and end <= len(self.bytes), where, field, f"bytes {first} .. {end - 1}",
                f"inside the activation region of {len(self.bytes)} bytes")

    def write(self, where, address, values):
        """Writes words at byte addresses (flat arrays); a word gets one value in a layer."""
        if not address.size:
            return
        self.require_inside(where, "result address", int(address.min()), int(address.max()) + 4)
        index = address // 4
        again = self.written[index]
        self._require_same(where, index[again], values[again])
        self.words[index] = values
        self.written[index] = True
        self._require_same(where, index, values)

    def _require_same(self, where, index, values):
        wrong = self.words[index] != values
        if wrong.any():
            i = int(np.argmax(wrong))
            raise FormatError(where, f"result word at byte {4 * int(index[i])}",
                              f"0x{values[i]:08x}", f"0x{self.words[index[i]]:08x}, which this "
                              "layer has already written there")


class Buffer:
    """The activation buffer of section 6: Poy x Pox banks, holding one tile."""

    def __init__(self, layer, step, image, activations, options):
        self.layer, self.fields, self.step = layer, step.fields, step
        self.planes = read_fetch_list(image, layer, step)
        self._check_extent()
        if len(self.planes) and self.fields.plane_words:
            self._load(activations, options)
        else:
            self._clear(1)

    def _clear(self, used_words):
        """Empty banks. They are kept as [bank][slot][word of the slot]: an address is
        `slot * slot_words + word`, and every word is checked to be below slot_words, so the part of
        a slot that nothing can lie in needs no memory."""
        shape = (self.layer.pixels, len(self.planes), used_words)
        self.used_words = used_words
        self.values = np.zeros(shape, np.uint32)
        self.owners = np.full(shape, -1, np.int64)

    # --- what is fetched ---

    def _check_extent(self):
        f, s, where = self.layer.fields, self.fields, self.step.where
        together = self.layer.pixels if self.layer.interleaved else 1
        self.together = together
        row_words = f.in_w * together
        require(s.plane_words % row_words == 0, where, "plane_words", s.plane_words,
                f"whole rows of {row_words} words")
        self.loaded_rows = s.plane_words // row_words
        if self.layer.interleaved:
            require(self.loaded_rows == f.in_h or not s.slots, where, "plane_words", s.plane_words,
                    f"{f.in_h * row_words}: the whole interleaved plane")
        self.y_first = self.step.y_first
        require(self.y_first + self.loaded_rows <= f.in_h, where, "plane_words", s.plane_words,
                f"rows that end at row {f.in_h} of the map, the first is {self.y_first}")
        self.first_plane = s.act_offset - self.y_first * row_words * 4
        require(self.first_plane >= 0 and self.first_plane % ALIGNMENT == 0, where, "act_offset",
                s.act_offset, "row y_first of a plane that starts at a multiple of 64")
        if s.images > 1 and not self.layer.interleaved:
            stride, least = f.in_image_stride, self.layer.in_group_stride
            if len(self.planes):
                least += int(self.planes[-1])
            require(stride % self.layer.in_group_stride == 0 and stride >= least, where,
                    "in_image_stride", stride,
                    f"a multiple of {self.layer.in_group_stride}, at least {least}")

    def _word_places(self):
        """Of each word of a plane as it arrives: image of the step, input y and x, the bank inside
        the array for the step's image 0 (planar) and the address inside the slot."""
        f, layer, s = self.layer.fields, self.layer, self.fields
        word = np.arange(s.plane_words)
        pixel = word // self.together
        y, x = self.y_first + pixel // f.in_w, pixel % f.in_w
        if layer.interleaved:
            return word % self.together, y, x, word % self.together, word // self.together
        bank, address = bank_and_address(layer, self.step.vbase, y, x)
        return np.zeros_like(word), y, x, bank, address

    def _load(self, activations, options):
        layer, s, where = self.layer, self.fields, self.step.where
        image_of, y, x, bank, address = self._word_places()
        kept = np.flatnonzero((not layer.phase_zero)
                              | ((y % layer.fields.stride == 0) & (x % layer.fields.stride == 0)))
        require(kept.size > 0, where, "plane_words", s.plane_words, "a word that is kept")
        image_of, y, x, bank, address = (v[kept] for v in (image_of, y, x, bank, address))
        require(int(address.min()) >= 0 and int(address.max()) < layer.fields.slot_words, where,
                "slot_words", layer.fields.slot_words, f"> {int(address.max())}, the last address "
                "inside a slot that a loaded word has")
        self._check_runs(kept, bank, options)
        copies = 1 if layer.interleaved else s.images
        for copy in range(copies):
            self._check_planes(activations, copy * layer.fields.in_image_stride, options)
        self._clear(int(address.max()) + 1)
        slot = np.arange(len(self.planes))[:, None]
        for copy in range(copies):
            offset = copy * layer.fields.in_image_stride
            banks = bank + segment_origin(layer, copy) if copies > 1 else bank
            first = (s.act_offset + offset + self.planes) // 4
            index = first[:, None] + kept
            self._warn_own_results(activations, index, image_of, options)
            self.values[banks, slot, address] = activations.words[index]
            self.owners[banks, slot, address] = self.owner(slot, image_of + copy, y, x)
        self._check_unique(copies, len(kept))

    def owner(self, slot, image, y, x):
        """One number for the word of (slot, image of the step, y, x)."""
        f = self.layer.fields
        return ((slot * self.layer.pixels + image) * f.in_h + y) * f.in_w + x

    def _check_unique(self, copies, words):
        kept = int((self.owners >= 0).sum())
        loaded = copies * len(self.planes) * words
        require(kept == loaded, self.step.where, "activation buffer",
                f"{loaded} words loaded into {kept} places", "a place for each word")

    def _check_planes(self, activations, offset, options):
        bus = self.layer.fields.bus_bytes
        for slot, plane in enumerate(self.planes):
            first = self.fields.act_offset + offset + int(plane)
            end = first + 4 * self.fields.plane_words
            field = f"act_offset + image and plane of slot {slot}"
            activations.require_inside(self.step.where, field, first // bus * bus,
                                       round_up(end, bus))
            start = self.first_plane + offset + int(plane)
            end = start + self.layer.in_plane_bytes
            activations.require_inside(self.step.where, field, start, round_up(end, ALIGNMENT))
            if not options.ignore_activation_padding:
                padding = activations.bytes[end:round_up(end, ALIGNMENT)]
                require(not padding.any(), self.step.where,
                        f"padding after the activation plane at byte {start}", padding.tolist(),
                        "zeros")

    def _check_runs(self, kept, bank, options):
        """The U words that one part of a beat keeps never share a bank."""
        run, strided = self.layer.load, self.layer.load_strided
        words, shared = self._shared_bank(kept, bank, run, strided)
        if shared:
            raise FormatError(self.step.where, "load_log2", f"parts of {run}, words {words[0]} and "
                              f"{words[1]} of a plane share a bank", "no shared bank in a part")
        if 2 * run * 4 <= self.layer.fields.bus_bytes:
            options.larger_run_shares |= all(self._shared_bank(kept, bank, 2 * run, way)[1]
                                             for way in (False, True))
        else:
            options.larger_run_shares = True

    def _shared_bank(self, kept, bank, run, strided):
        # Planes and images are multiples of 64 apart, so one plane stands for all of them.
        beat, word = np.divmod(self.fields.act_offset // 4 + kept, self.layer.fields.bus_bytes // 4)
        parts = self.layer.fields.bus_bytes // 4 // run
        part = word % parts if strided else word // run
        key = (beat * parts + part) * self.layer.pixels + bank
        order = np.argsort(key, kind="stable")
        same = np.flatnonzero(np.diff(key[order]) == 0)
        if not same.size:
            return (0, 0), False
        return (int(kept[order[same[0]]]), int(kept[order[same[0] + 1]])), True

    def _warn_own_results(self, activations, index, image_of, options):
        real = index[:, image_of < self.fields.images]
        if activations.written[real].any():
            options.warn(f"{self.step.where}: fetches words that the same layer has written")

    # --- what is read ---

    def gather(self, where, pixels):
        """Activations of a row of sub-tiles: int64 [pixels][slots * 4 * taps], in the order slot,
        ci, ky, kx; zero_in outside the map and at pixels without a result."""
        layer, f = self.layer, self.layer.fields
        slots, count, taps = len(self.planes), len(pixels.live), layer.taps
        if not slots:
            return np.zeros((count, 0), np.int64)
        y, x = pixels.input_y, pixels.input_x
        used = ((y >= 0) & (y < f.in_h) & (x >= 0) & (x < f.in_w) & pixels.live[:, None])
        y, x = np.where(used, y, 0), np.where(used, x, 0)
        bank, address = bank_and_address(layer, self.step.vbase, y, x)
        bank = bank + pixels.bank_origin[:, None]
        used_address = np.where(used, address, 0)
        outside = (used_address < 0) | (used_address >= self.used_words)
        if outside.any():
            self._missing(where, pixels, y, x, outside)
        slot = np.arange(slots)[:, None]
        place = (np.where(used, bank, 0)[:, None, :], slot, used_address[:, None, :])
        wanted = self.owner(slot, pixels.image[:, None, None], y[:, None, :], x[:, None, :])
        wrong = (self.owners[place] != wanted) & used[:, None, :]
        if wrong.any():
            self._missing(where, pixels, y, x, wrong.any(axis=1))
        kind = np.int8 if layer.in_signed else np.uint8
        channels = np.ascontiguousarray(self.values[place]).view(kind)
        channels = channels.reshape(count, slots, taps, 4).astype(np.int64)
        channels = np.where(used[:, None, :, None], channels, f.zero_in)
        return channels.transpose(0, 1, 3, 2).reshape(count, slots * 4 * taps)

    def _missing(self, where, pixels, y, x, wrong):
        pixel, tap = np.argwhere(wrong)[0]
        raise FormatError(
            where, "activation buffer",
            f"no word of image {pixels.image[pixel]} at input pixel ({y[pixel, tap]}, "
            f"{x[pixel, tap]}) at its address", f"it loaded (y_first {self.y_first}, "
            f"{self.loaded_rows} rows), output pixel ({pixels.oy[pixel]}, {pixels.ox[pixel]}) "
            "reads it")


def segment_origin(layer, image):
    """Bank of pixel (0, 0) of the segment of an image of the step (number or array)."""
    pox = layer.fields.pox
    across = pox // layer.seg_x
    return layer.seg_y * (image // across) * pox + layer.seg_x * (image % across)


def bank_and_address(layer, vbase, y, x):
    """Section 6: bank inside the array for segment 0, and the address inside the slot."""
    f = layer.fields
    v, u = y // f.stride, x // f.stride
    bank = (v % layer.seg_y) * f.pox + u % layer.seg_x
    address = (((v // layer.seg_y - vbase) * f.stride + y % f.stride) * f.bank_cols
               + (u // layer.seg_x) * f.stride + x % f.stride)
    return bank, address


class Pixels:
    """The pixels of one row of sub-tiles, flat in the order sub-tile column, py, px."""

    def __init__(self, layer, step, sub_row):
        f, s = layer.fields, step.fields
        sx, py, px = (axis.ravel() for axis in np.indices((s.sub_cols, f.poy, f.pox)))
        self.image = (py // layer.seg_y) * (f.pox // layer.seg_x) + px // layer.seg_x
        self.bank_origin = segment_origin(layer, self.image)
        self.oy = s.oy_first + sub_row * layer.seg_y + py % layer.seg_y
        self.ox = sx * layer.seg_x + px % layer.seg_x
        # With pool an odd last row or column has no result, so nothing has to be loaded for it.
        self.live = ((self.image < s.images) & (self.oy < layer.out_h << layer.p)
                     & (self.ox < layer.out_w << layer.p))
        ky, kx = (axis.ravel() for axis in np.indices((f.kernel_h, f.kernel_w)))
        self.input_y = self.oy[:, None] * f.stride + f.dilation * ky - f.pad
        self.input_x = self.ox[:, None] * f.stride + f.dilation * kx - f.pad


def accumulate(where, chunk, activations, taps, live):
    """acc of section 7 for every row of the chunk: int64 [rows][pixels][Pof].

    The accumulator has 32 bits; the sum is wrapped to them, and a wrap that changed it is refused.
    """
    pixels, pof = len(live), chunk.bias.shape[1]
    acc = np.zeros((len(chunk.rows), pixels, pof), np.int64)
    for index, (row, weights) in enumerate(zip(chunk.rows, chunk.weights)):
        if not row.slots:
            continue
        columns = np.concatenate([slot * 4 * taps + np.arange(channels * taps)
                                  for slot, channels in zip(row.slots, row.channels)])
        acc[index] = activations[:, columns] @ weights
    wrapped = (acc + (1 << 31)) % (1 << 32) - (1 << 31)
    wrong = (wrapped != acc) & live[None, :, None]
    if wrong.any():
        row, pixel, channel = np.argwhere(wrong)[0]
        raise FormatError(where, f"accumulator of chunk row {row}, pixel {pixel}, channel "
                          f"{channel}", acc[row, pixel, channel], "a sum within 32 bits")
    return wrapped


def requantise(layer, chunk, acc, added):
    """Section 7 from acc to the stored byte: uint8 [rows][pixels][Pof]. `added`: the residual."""
    f = layer.fields
    bias, multiplier, shift = (a[:, None, :] for a in (chunk.bias, chunk.multiplier, chunk.shift))
    # |acc + bias| <= 2^32, |multiplier| <= 2^15, 2^46 for rounding: far inside int64, and inside
    # the 50 bits of the page, so no wrap has to be made here.
    r = ((acc + bias) * multiplier + (np.int64(1) << (shift - 1))) >> shift
    return (np.clip(r + added + f.zero_out, f.clamp_lo, f.clamp_hi) & 255).astype(np.uint8)


def scaled_residual(layer, step, activations, pixels):
    """What is added behind the shift: int64 [rows][pixels][Pof], or 0."""
    f, s = layer.fields, step.fields
    if not step.residual:
        return 0
    require(s.res_words % f.res_w == 0, step.where, "res_words", s.res_words,
            f"whole rows of {f.res_w} words")
    words = np.arange(s.rows * layer.words_per_row)[:, None]
    live = pixels.live & (words + s.og_first * layer.words_per_row < f.out_groups4)
    y, x = f.res_stride * (pixels.oy - s.oy_first), f.res_stride * pixels.ox
    beyond = live & ((y >= s.res_words // f.res_w) | (x >= f.res_w))
    require(not beyond.any(), step.where, "res_words, res_w", (s.res_words, f.res_w),
            "a word for every output pixel")
    at = (s.res_offset + words * f.res_group_stride + pixels.image * f.res_image_stride
          + 4 * (y * f.res_w + x))
    at = np.where(live, at, s.res_offset)
    activations.require_inside(step.where, "res_offset", int(at.min()), int(at.max()) + 4)
    kind = np.int8 if layer.res_signed else np.uint8
    res = activations.words[at // 4].view(kind).reshape(at.shape + (4,)).astype(np.int64)
    scaled = ((res - f.res_zero) * f.res_multiplier + (1 << (f.res_shift - 1))) >> f.res_shift
    scaled = scaled.reshape(s.rows, layer.words_per_row, -1, 4).transpose(0, 2, 1, 3)
    return scaled.reshape(s.rows, -1, f.pof)


def pooled(layer, results, sub_cols):
    """Results as [rows][sub_cols][y][x][Pof], after 2x2 pooling where the layer has it."""
    f = layer.fields
    shape = (results.shape[0], sub_cols, f.poy, f.pox, f.pof)
    if not layer.pool:
        return results.reshape(shape)
    kind = np.int8 if layer.out_signed else np.uint8
    height, width = f.poy // 2, f.pox // 2
    windows = results.reshape(shape)[:, :, :2 * height, :2 * width].view(kind)
    windows = windows.reshape(shape[0], sub_cols, height, 2, width, 2, f.pof)
    return windows.max(axis=(3, 5)).view(np.uint8)


class Results:
    """Section 8: where the results of a row of sub-tiles go. Arrays are [sub_cols][py][px]."""

    def __init__(self, layer, step, sub_row):
        f, s, p = layer.fields, step.fields, layer.p
        sgy, sgx = layer.seg_y >> p, layer.seg_x >> p
        sx, py, px = np.indices((s.sub_cols, f.poy >> p, f.pox >> p))
        image = (py // sgy) * (f.pox // layer.seg_x) + px // sgx
        y = ((s.oy_first + sub_row * layer.seg_y) >> p) + py % sgy
        x = ((sx * layer.seg_x) >> p) + px % sgx
        self.valid = (image < s.images) & (y < layer.out_h) & (x < layer.out_w)
        self.address = (s.out_offset + image * f.out_image_stride
                        + (y - (s.oy_first >> p)) * f.out_row_stride + x * f.out_px_stride)
        word = np.arange(s.rows * layer.words_per_row)
        self.plane = word * f.out_group_stride
        self.plane_valid = s.og_first * layer.words_per_row + word < f.out_groups4

    def write(self, layer, where, activations, values):
        """Writes bytes [rows][sub_cols][y][x][Pof]."""
        words = np.ascontiguousarray(values).view("<u4")  # [rows][sub_cols][y][x][Pof / 4]
        words = words.transpose(0, 4, 1, 2, 3).reshape(len(self.plane), *self.valid.shape)
        address = self.plane[:, None, None, None] + self.address
        keep = self.plane_valid[:, None, None, None] & self.valid
        activations.write(where, address[keep], words[keep])

    def scattered_run(self, layer):
        """True when the words of one write of Run words are not neighbours inside one beat."""
        run = layer.run
        shape = (-1, self.valid.shape[2] // run, run)
        width = shape[1] * run
        address = self.address[:, :, :width].reshape(shape)
        valid = self.valid[:, :, :width].reshape(shape)
        first = address[:, :, :1]
        expected = first + 4 * np.arange(run)
        beat = address // layer.fields.bus_bytes
        apart = (address != expected) | (beat != first // layer.fields.bus_bytes)
        return bool((apart & valid).any())


class LayerRun:
    """Executes the steps of one layer."""

    def __init__(self, image, layer, activations, options):
        self.image, self.layer, self.activations, self.options = image, layer, activations, options
        self.chunks, self.maps = {}, {}
        self.channels_of_group, self.checked = {}, set()
        self.passes = self.tap_cycles = 0
        self.read_words = self.weight_bytes = 0

    def run(self):
        self.activations.begin_layer()
        self.options.larger_run_shares = False
        steps = read_steps(self.image, self.layer)
        chunk = buffer = None
        for step in steps:
            if step.new_weights:
                chunk = self._chunk(step)
            if step.new_activations:
                buffer = Buffer(self.layer, step, self.image, self.activations, self.options)
                self._count_fetch(step, buffer)
            self._check_kept(step, chunk, buffer)
            self._check_groups(step, chunk, buffer)
            self._compute(step, chunk, buffer)
        self._check_layer()

    def _chunk(self, step):
        s = step.fields
        key = (s.rows, s.og_first, s.slots, s.last_channels, s.list_offset, s.list_beats,
               s.param_offset, s.param_beats, s.weight_offset, s.weight_beats)
        if key not in self.chunks:
            self.chunks[key] = Chunk(self.image, self.layer, step)
        self.weight_bytes += s.weight_beats * self.layer.fields.bus_bytes
        return self.chunks[key]

    def _count_fetch(self, step, buffer):
        copies = 1 if self.layer.interleaved else step.fields.images
        self.read_words += copies * len(buffer.planes) * step.fields.plane_words

    # --- rules that join several records ---

    def _check_kept(self, step, chunk, buffer):
        """A step that keeps a chunk or a tile must be about what is there."""
        s, where = step.fields, step.where
        for field, kept in (("rows", len(chunk.rows)), ("og_first", chunk.first_group),
                            ("slots", len(buffer.planes)), ("row_idx0", buffer.fields.row_idx0),
                            ("y_start", buffer.fields.y_start),
                            ("last_channels", buffer.fields.last_channels)):
            given = getattr(s, field)
            require(given == kept, where, field, given, f"{kept}, as what is kept from before")
        require(s.images <= buffer.fields.images, where, "images", s.images,
                f"at most {buffer.fields.images}, as the tile that is kept")

    def _check_groups(self, step, chunk, buffer):
        """Each input group has one number of channels in the whole layer."""
        key = (id(chunk), buffer.planes.tobytes(), step.fields.last_channels)
        if key in self.checked:
            return
        self.checked.add(key)
        for index, row in enumerate(chunk.rows):
            where = f"{step.where}, chunk row {index}"
            for slot, channels in zip(row.slots, row.channels):
                require(slot < len(buffer.planes), where, "slot", slot,
                        f"below the {len(buffer.planes)} slots of the tile")
                if slot == len(buffer.planes) - 1:
                    require(channels == step.fields.last_channels, where,
                            f"channels of slot {slot}", channels,
                            f"{step.fields.last_channels} (last_channels)")
                group = int(buffer.planes[slot]) // self.layer.in_group_stride
                known = self.channels_of_group.setdefault(group, channels)
                require(channels == known, where, f"channels of input group {group}", channels,
                        f"{known}, as in another block of the layer")

    def _check_layer(self):
        where = self.layer.where
        if self.channels_of_group:
            last = max(self.channels_of_group)
            for group, channels in self.channels_of_group.items():
                require(channels == 4 or group == last, where, f"channels of input group {group}",
                        channels, f"4 in a group below the last one ({last})")
        if self.read_words and not self.options.larger_run_shares:
            self.options.warn(f"{where}: load_log2 {self.layer.fields.load_log2} is not the largest"
                              " for which no run shares a bank")
        self._check_complete()

    def _check_complete(self):
        """Every image that a step of the layer worked on has every word of its output map."""
        f, layer = self.layer.fields, self.layer
        group, y, x = np.indices((f.out_groups4, layer.out_h, layer.out_w))
        offset = group * f.out_group_stride + y * f.out_row_stride + x * f.out_px_stride
        for base in sorted(self.maps):
            missing = ~self.activations.written[(base + offset) // 4]
            if missing.any():
                at = tuple(int(i) for i in np.argwhere(missing)[0])
                raise FormatError(layer.where, f"output map at byte {base}",
                                  f"{int(missing.sum())} words never written, the first is (word "
                                  f"group, y, x) = {at}", f"all {offset.size} written")

    # --- the work ---

    def _compute(self, step, chunk, buffer):
        s, layer = step.fields, self.layer
        self._note_maps(step)
        for sub_row in range(s.sub_rows):
            where = f"{step.where}, sub-tile row {sub_row}"
            pixels = Pixels(layer, step, sub_row)
            values = buffer.gather(where, pixels)
            acc = accumulate(where, chunk, values, layer.taps, pixels.live)
            added = scaled_residual(layer, step, self.activations, pixels)
            results = pooled(layer, requantise(layer, chunk, acc, added), s.sub_cols)
            places = Results(layer, step, sub_row)
            places.write(layer, where, self.activations, results)
            if layer.run > 1 and places.scattered_run(layer):
                self.options.warn(f"{where}: run_log2 {layer.fields.run_log2} joins words that are "
                                  "not neighbours in one beat")
        passes = s.sub_rows * s.sub_cols
        self.passes += passes * s.rows
        self.tap_cycles += passes * layer.taps * sum(sum(row.channels) for row in chunk.rows)

    def _note_maps(self, step):
        """Remembers where the output maps of the step's images start; they must fit the region."""
        f, layer, s = self.layer.fields, self.layer, step.fields
        base = (s.out_offset - s.og_first * layer.words_per_row * f.out_group_stride
                - (s.oy_first >> layer.p) * f.out_row_stride)
        last = ((f.out_groups4 - 1) * f.out_group_stride + (layer.out_h - 1) * f.out_row_stride
                + (layer.out_w - 1) * f.out_px_stride)
        for image in range(s.images):
            start = base + image * f.out_image_stride
            if start not in self.maps:
                self.activations.require_inside(step.where, "out_offset: output map", start,
                                                start + last + 4)
                self.maps[start] = step


class Options:
    """What the command line asks for, and the warnings of a run."""

    def __init__(self, ignore_activation_padding=False):
        self.ignore_activation_padding = ignore_activation_padding
        self.larger_run_shares = False
        self.warnings = []

    def warn(self, text):
        if text not in self.warnings:
            self.warnings.append(text)


def execute(image_bytes, activation_bytes, desc_offset, layer_count, options=None, note=None):
    """The activation region after the run, as bytes. Throws FormatError.

    note: called with one line a layer (counts of what was done).
    """
    options = options or Options()
    image = Image(bytes(image_bytes))
    activations = Activations(bytes(activation_bytes))
    for layer in read_layers(image, desc_offset, layer_count):
        run = LayerRun(image, layer, activations, options)
        run.run()
        if note:
            note(f"{layer.where}: {layer.fields.step_count} steps, {len(run.maps)} images, "
                 f"{run.passes} passes, {run.tap_cycles} pass cycles, "
                 f"{run.read_words} activation words loaded, {run.weight_bytes} weight bytes "
                 f"fetched, {int(activations.written.sum())} words written")
    return activations.bytes.tobytes()


def write_file(path, data):
    """Writes beside the name and renames, so that a failure leaves no partial file."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def parse_arguments(arguments):
    def number(text):
        return int(text, 0)

    parser = argparse.ArgumentParser(
        description="Executes an accelerator image as docs/formats.md says.")
    parser.add_argument("image", metavar="IMAGE.bin", help="the image region, base 0")
    parser.add_argument("activations", metavar="ACTIVATIONS.bin", help="activation region, base 0")
    parser.add_argument("out", metavar="OUT.bin", help="the activation region after the run")
    parser.add_argument("--desc-offset", type=number, required=True, metavar="N",
                        help="byte of the first descriptor in the image region")
    parser.add_argument("--layers", type=number, required=True, metavar="L")
    parser.add_argument("--ignore-activation-padding", action="store_true",
                        help="do not ask for zeros after activation planes (poisoned memory)")
    parser.add_argument("--strict", action="store_true", help="warnings are errors")
    parser.add_argument("--verbose", action="store_true", help="one line a layer")
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse_arguments(arguments)
    run_options = Options(options.ignore_activation_padding)
    try:
        with open(options.image, "rb") as image, open(options.activations, "rb") as activations:
            result = execute(image.read(), activations.read(), options.desc_offset,
                             options.layers, run_options, print if options.verbose else None)
        for text in run_options.warnings:
            print(f"warning: {text}", file=sys.stderr)
        if options.strict and run_options.warnings:
            return 1
        write_file(options.out, result)
    except FormatError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except MemoryError:
        print("error: the image asks for more memory than there is", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
