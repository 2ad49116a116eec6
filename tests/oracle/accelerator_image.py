# SPDX-License-Identifier: Apache-2.0
"""Reads the accelerator image, version 2, and refuses what docs/formats.md does not allow.

Written from that page alone: section numbers in the comments are the page's. Nothing here is shared
with the compiler, the models or the RTL, so that an error in one of them cannot hide in both.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

ALIGNMENT = 64
DESCRIPTOR_BYTES = 128
STEP_BYTES = 64
PARAMETER_BYTES = 12
MAGIC = 0x4C505753

FLAG_POOL, FLAG_IN_SIGNED, FLAG_OUT_SIGNED, FLAG_INTERLEAVED, FLAG_SKIP = 1, 2, 4, 8, 16
FLAG_RESIDUAL, FLAG_RES_SIGNED, FLAG_LOAD_STRIDED, FLAG_PHASE_ZERO = 32, 64, 128, 256
FLAG_NEW_WEIGHTS, FLAG_NEW_ACTIVATIONS, FLAG_STEP_RESIDUAL = 1, 2, 16

ENTRY_NULL, ENTRY_LAST = 1 << 14, 1 << 15


class FormatError(Exception):
    """The image, or what it asks for, breaks a rule of docs/formats.md."""

    def __init__(self, where, field, given, expected):
        super().__init__(f"{where}, {field}: given {given}, expected {expected}")


def require(condition, where, field, given, expected):
    """Raises FormatError with its four parts unless the condition holds."""
    if not condition:
        raise FormatError(where, field, given, expected)


def require_range(where, field, given, low, high):
    """Raises FormatError unless low <= given <= high."""
    require(low <= given <= high, where, field, given, f"{low} .. {high}")


def ceil_div(a, b):
    return -(-a // b)


def round_up(value, multiple):
    return ceil_div(value, multiple) * multiple


class Image:
    """The image region: bytes with bounds, the alignment of section 1 and its zero padding."""

    def __init__(self, data):
        self.data = data

    def raw(self, where, field, offset, size):
        """Bytes [offset, offset + size), which must lie inside the region."""
        end = offset + size
        if end > len(self.data):
            raise FormatError(where, field, f"bytes {offset} .. {end - 1}",
                              f"an image region of at least {end} bytes, it has {len(self.data)}")
        return self.data[offset:end]

    def chunk(self, where, field, offset, size):
        """Bytes of a list or chunk: starts at a multiple of 64, zeros up to the next one."""
        require(offset % ALIGNMENT == 0, where, field, offset, "a multiple of 64")
        whole = self.raw(where, field, offset, round_up(size, ALIGNMENT))
        padding = whole[size:]
        if any(padding):
            first = next(i for i, byte in enumerate(padding) if byte)
            raise FormatError(where, f"padding after {field}",
                              f"{padding[first]} at byte {offset + size + first}", "0")
        return whole[:size]


def check_crc(where, record):
    """The last four bytes of a record are the CRC of the bytes before them."""
    given = int.from_bytes(record[-4:], "little")
    expected = zlib.crc32(record[:-4])
    require(given == expected, where, "crc", f"0x{given:08x}", f"0x{expected:08x}")


# --- section 3 ------------------------------------------------------------------------------------

_DESCRIPTOR = struct.Struct("<IHH4BI8B4h4HBB3H7IHBBIIhhBBHHHI20sI")
assert _DESCRIPTOR.size == DESCRIPTOR_BYTES


class DescriptorFields(NamedTuple):
    """The table of section 3, field by field."""

    magic: int
    version: int
    bytes: int
    poy: int
    pox: int
    pof: int
    bus_bytes: int
    flags: int
    kernel_h: int
    kernel_w: int
    stride: int
    dilation: int
    seg_y_log2: int
    seg_x_log2: int
    load_log2: int
    run_log2: int
    zero_in: int
    zero_out: int
    clamp_lo: int
    clamp_hi: int
    in_h: int
    in_w: int
    conv_h: int
    conv_w: int
    pad: int
    reserved: int
    out_groups4: int
    bank_cols: int
    slot_words: int
    step_count: int
    steps_offset: int
    out_px_stride: int
    out_row_stride: int
    out_group_stride: int
    out_image_stride: int
    in_image_stride: int
    pass_interval: int
    res_load_log2: int
    res_stride: int
    res_group_stride: int
    res_image_stride: int
    res_zero: int
    res_multiplier: int
    res_shift: int
    reserved_93: int
    res_w: int
    in_groups: int
    reserved_98: int
    row_uops: int
    reserved_tail: bytes
    crc: int


class Layer:
    """A checked descriptor and what follows from it."""

    def __init__(self, fields, index):
        self.fields = fields
        self.where = f"layer {index}"
        self._check_header()
        f = fields
        self.pool = bool(f.flags & FLAG_POOL)
        self.p = int(self.pool)
        self.in_signed = bool(f.flags & FLAG_IN_SIGNED)
        self.out_signed = bool(f.flags & FLAG_OUT_SIGNED)
        self.interleaved = bool(f.flags & FLAG_INTERLEAVED)
        self.skip = bool(f.flags & FLAG_SKIP)
        self.residual = bool(f.flags & FLAG_RESIDUAL)
        self.res_signed = bool(f.flags & FLAG_RES_SIGNED)
        self.load_strided = bool(f.flags & FLAG_LOAD_STRIDED)
        self.phase_zero = bool(f.flags & FLAG_PHASE_ZERO)
        self._check_residual()
        self._check_array()
        self._check_kernel()
        self._check_arithmetic()
        self._check_sizes()
        self._check_strides()
        self._check_pass_interval()

    def _range(self, field, low, high):
        require_range(self.where, field, getattr(self.fields, field), low, high)

    def _equal(self, field, expected):
        given = getattr(self.fields, field)
        require(given == expected, self.where, field, given, expected)

    def _check_header(self):
        f = self.fields
        require(f.magic == MAGIC, self.where, "magic", f"0x{f.magic:08x}", f"0x{MAGIC:08x}")
        self._equal("version", 2)
        self._equal("bytes", DESCRIPTOR_BYTES)
        require(f.flags >> 9 == 0, self.where, "flags", f"0x{f.flags:08x}", "bits 9-31 zero")
        for field in ("reserved", "reserved_93", "reserved_98"):
            self._equal(field, 0)
        require(not any(f.reserved_tail), self.where, "reserved bytes 104-123",
                f.reserved_tail.hex(), "all zero")

    def _check_residual(self):
        f = self.fields
        if not self.residual:
            require(not self.res_signed, self.where, "flags", f"0x{f.flags:08x}",
                    "bit 6 only with a residual")
            for field in ("res_load_log2", "res_stride", "res_group_stride", "res_image_stride",
                          "res_zero", "res_multiplier", "res_shift", "res_w"):
                self._equal(field, 0)
            return
        self._range("res_stride", 1, 2)
        self._range("res_zero", -256, 255)
        self._range("res_multiplier", 1, 32767)
        self._range("res_shift", 1, 31)
        self._range("res_w", 1, 65535)
        self._power("res_load_log2", 1, f.bus_bytes // 4)

    def _check_array(self):
        f = self.fields
        for field in ("poy", "pox", "pof"):
            self._range(field, 1, 255)
        require(f.pof % 4 == 0, self.where, "pof", f.pof, "a multiple of 4")
        require(f.bus_bytes in (8, 16, 32, 64), self.where, "bus_bytes", f.bus_bytes,
                "8, 16, 32 or 64")
        least = 1 + self.p
        self.seg_y = self._power("seg_y_log2", least, f.poy)
        self.seg_x = self._power("seg_x_log2", least, f.pox)
        self.load = self._power("load_log2", 1, f.bus_bytes // 4)
        self.run = self._power("run_log2", 1, f.pox >> self.p)
        require(f.poy % self.seg_y == 0, self.where, "poy", f.poy, f"a multiple of {self.seg_y}")
        require(f.pox % self.seg_x == 0, self.where, "pox", f.pox, f"a multiple of {self.seg_x}")
        require((f.pox >> self.p) % self.run == 0, self.where, "run_log2", f.run_log2,
                "a run that divides the columns of the (pooled) array")
        self.pixels = f.poy * f.pox
        self.max_images = self.pixels // (self.seg_y * self.seg_x)
        self.words_per_row = f.pof // 4

    def _power(self, field, low, high):
        exponent = getattr(self.fields, field)
        power = 1 << exponent
        require(low <= power <= high, self.where, field, f"{exponent} (2^{exponent})",
                f"a power of two in {low} .. {high}")
        return power

    def _check_kernel(self):
        self._range("kernel_h", 1, 8)
        self._range("kernel_w", 1, 8)
        self._range("stride", 1, 4)
        self._range("dilation", 1, 4)
        self._range("pad", 0, 15)
        self.taps = self.fields.kernel_h * self.fields.kernel_w
        if self.interleaved:
            need = "1 with interleaved input"
            require(self.fields.stride == 1, self.where, "stride", self.fields.stride, need)
            require(self.seg_y == 1, self.where, "SegY", self.seg_y, need)
            require(self.seg_x == 1, self.where, "SegX", self.seg_x, need)

    def _check_arithmetic(self):
        # Section 7: a is a 9-bit signed number, the result is stored as one byte.
        self._range("zero_in", -256, 255)
        low, high = (-128, 127) if self.out_signed else (0, 255)
        self._range("clamp_lo", low, high)
        self._range("clamp_hi", self.fields.clamp_lo, high)

    def _check_sizes(self):
        f = self.fields
        for field in ("in_h", "in_w", "conv_h", "conv_w", "out_groups4", "step_count"):
            require(getattr(f, field) >= 1, self.where, field, getattr(f, field), ">= 1")
        for out, size, kernel in (("conv_h", f.in_h, f.kernel_h), ("conv_w", f.in_w, f.kernel_w)):
            self._equal(out, (size + 2 * f.pad - f.dilation * (kernel - 1) - 1) // f.stride + 1)
        self._equal("bank_cols", ceil_div(ceil_div(f.in_w, f.stride), self.seg_x) * f.stride)
        require(f.steps_offset % ALIGNMENT == 0, self.where, "steps_offset", f.steps_offset,
                "a multiple of 64")
        self.out_h, self.out_w = f.conv_h >> self.p, f.conv_w >> self.p
        require(self.out_h >= 1 and self.out_w >= 1, self.where, "conv_h, conv_w",
                f"{f.conv_h} x {f.conv_w}", "at least one 2x2 window")
        self.sub_cols = ceil_div(f.conv_w, self.seg_x)
        self.out_groups = ceil_div(f.out_groups4, self.words_per_row)
        together = self.pixels if self.interleaved else 1
        self.in_plane_bytes = 4 * f.in_h * f.in_w * together
        self.in_group_stride = round_up(self.in_plane_bytes, ALIGNMENT)

    def _check_strides(self):
        for field in ("out_px_stride", "out_row_stride", "out_group_stride", "out_image_stride"):
            given = getattr(self.fields, field)
            require(given % 4 == 0, self.where, field, given, "a multiple of 4 (words)")

    def _check_pass_interval(self):
        f = self.fields
        writes = self.words_per_row * (f.poy >> self.p) * ((f.pox >> self.p) // self.run)
        fits = f.pass_interval == writes or (
            f.pass_interval > writes and self.pixels % f.pass_interval == 0)
        # D = Poy * Pox / Chains, and the image does not say how many chains the array has.
        require(fits, self.where, "pass_interval", f.pass_interval,
                f"{writes}, or a greater divisor of {self.pixels}")

    def output_layouts(self, images):
        """Names and strides of the layouts of section 2 that the output strides describe, if the
        layer has steps of that many images. A stride that nothing steps over may be anything."""
        f = self.fields
        used = {"out_px_stride": self.out_w > 1, "out_row_stride": self.out_h > 1,
                "out_group_stride": f.out_groups4 > 1, "out_image_stride": images > 1}
        found = []
        for name, together in (("planar", 1), ("interleaved", self.pixels)):
            group = round_up(4 * self.out_h * self.out_w * together, ALIGNMENT)
            strides = {"out_px_stride": 4 * together, "out_row_stride": 4 * self.out_w * together,
                       "out_group_stride": group,
                       "out_image_stride": 4 if name == "interleaved" else f.out_groups4 * group}
            if all(getattr(f, k) == v for k, v in strides.items() if used[k]):
                found.append(name)
        if not found:
            given = {k: getattr(f, k) for k, u in used.items() if u}
            raise FormatError(self.where, "output strides", given,
                              "those of a planar or of an interleaved map")
        return found


def read_layers(image, offset, count):
    """The descriptors of `count` layers one behind the other, checked."""
    require(offset >= 0 and offset % ALIGNMENT == 0, "command line", "--desc-offset", offset,
            "a multiple of 64")
    require(count >= 1, "command line", "--layers", count, ">= 1")
    layers = []
    for index in range(count):
        where = f"layer {index}"
        record = image.raw(where, "descriptor", offset + index * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES)
        fields = DescriptorFields._make(_DESCRIPTOR.unpack(record))
        require(fields.magic == MAGIC, where, "magic", f"0x{fields.magic:08x}", f"0x{MAGIC:08x}")
        check_crc(where, record)
        layers.append(Layer(fields, index))
    first = layers[0].fields
    for layer in layers[1:]:
        for field in ("poy", "pox", "pof", "bus_bytes"):
            layer._equal(field, getattr(first, field))
    return layers


# --- section 4 ------------------------------------------------------------------------------------

_STEP = struct.Struct("<I4HI4H5IHhHHIBBHI")
assert _STEP.size == STEP_BYTES


class StepFields(NamedTuple):
    """The table of section 4, field by field."""

    flags: int
    rows: int
    sub_rows: int
    sub_cols: int
    slots: int
    list_offset: int
    list_beats: int
    param_beats: int
    weight_beats: int
    plane_words: int
    param_offset: int
    weight_offset: int
    fetch_offset: int
    act_offset: int
    res_offset: int
    images: int
    row_idx0: int
    res_words: int
    oy_first: int
    out_offset: int
    last_channels: int
    y_start: int
    og_first: int
    crc: int


@dataclass
class Step:
    """A checked step record."""

    fields: StepFields
    where: str
    new_weights: bool
    new_activations: bool
    vbase: int
    y_first: int
    residual: bool


def read_steps(image, layer):
    """The step records of a layer, checked as far as a record can be checked alone."""
    f = layer.fields
    table = image.raw(layer.where, "steps", f.steps_offset, f.step_count * STEP_BYTES)
    steps = []
    for index in range(f.step_count):
        record = table[index * STEP_BYTES:(index + 1) * STEP_BYTES]
        where = f"{layer.where}, step {index}"
        check_crc(where, record)
        steps.append(_check_step(layer, StepFields._make(_STEP.unpack(record)), where, index == 0))
    return steps


def _check_step(layer, s, where, first):
    f = layer.fields
    require(s.flags >> 5 == 0, where, "flags", f"0x{s.flags:08x}", "bits 5-31 zero")
    if first:
        require(s.flags & 3 == 3, where, "flags", s.flags, "both bits in the first step of a layer")
    residual = bool(s.flags & FLAG_STEP_RESIDUAL)
    require(layer.residual or not residual, where, "flags", f"0x{s.flags:08x}",
            "bit 4 only in a layer with residual")
    for field in () if residual else ("res_offset", "res_words"):
        require(getattr(s, field) == 0, where, field, getattr(s, field), "0 without residual")
    require_range(where, "rows", s.rows, 1, layer.out_groups)
    require_range(where, "og_first", s.og_first, 0, layer.out_groups - s.rows)
    require(s.sub_cols == layer.sub_cols, where, "sub_cols", s.sub_cols, layer.sub_cols)
    require_range(where, "slots", s.slots, 0, 4096)
    require_range(where, "images", s.images, 1, layer.max_images)
    low, high = (1, 4) if s.slots else (0, 0)
    require_range(where, "last_channels", s.last_channels, low, high)
    if not layer.skip:
        require(s.list_beats == 0, where, "list_beats", s.list_beats, "0 without skip")
    for field in ("list_offset", "param_offset", "weight_offset", "fetch_offset"):
        offset = getattr(s, field)
        require(offset % ALIGNMENT == 0, where, field, offset, "a multiple of 64")
    multiple = max(layer.seg_y, 1 + layer.p)
    require(s.oy_first % multiple == 0 and s.oy_first < f.conv_h, where, "oy_first", s.oy_first,
            f"a multiple of {multiple} below {f.conv_h}")
    row, phase = s.y_start & 15, s.y_start >> 4
    require(row < layer.seg_y and phase < f.stride, where, "y_start", s.y_start,
            f"a row below {layer.seg_y} and a phase below {f.stride}")
    vbase = s.oy_first // layer.seg_y - s.row_idx0
    y_first = (vbase * layer.seg_y + row) * f.stride + phase
    require(vbase >= 0 and y_first < f.in_h, where, "row_idx0, y_start", (s.row_idx0, s.y_start),
            f"a first row in 0 .. {f.in_h - 1}")
    most = ceil_div(f.conv_h - s.oy_first, layer.seg_y)
    require_range(where, "sub_rows", s.sub_rows, 1, most)
    if layer.interleaved:
        require(y_first == 0, where, "row_idx0, y_start", (s.row_idx0, s.y_start),
                "first row 0 with interleaved input")
    _check_output_offset(layer, s, where)
    return Step(s, where, bool(s.flags & FLAG_NEW_WEIGHTS), bool(s.flags & FLAG_NEW_ACTIVATIONS),
                vbase, y_first, residual)


def _check_output_offset(layer, s, where):
    base = s.out_offset - (s.oy_first >> layer.p) * layer.fields.out_row_stride
    multiple = 64 if layer.output_layouts(s.images) == ["planar"] else 4
    require(base >= 0 and base % multiple == 0, where, "out_offset", s.out_offset,
            f"a plane that starts at a multiple of {multiple}")


# --- section 5 ------------------------------------------------------------------------------------


class Row(NamedTuple):
    """The live blocks of one output group, in list order."""

    slots: tuple
    channels: tuple


class Chunk:
    """Some consecutive output groups: their rows, parameters and weights.

    `weights[r]` is int64 [K][Pof], K running over block, ci, ky, kx. `bias`, `multiplier` and
    `shift` are int64 [rows][Pof].
    """

    def __init__(self, image, layer, step):
        self.first_group = step.fields.og_first
        if layer.skip:
            self.rows = _read_lists(image, layer, step)
        else:
            self.rows = _full_rows(step.fields)
        self._read_parameters(image, layer, step)
        self._read_weights(image, layer, step)

    def _absent_channels(self, layer):
        """True for the channels that are certainly beyond Nof: [rows][Pof]."""
        pof = layer.fields.pof
        channel = (self.first_group + np.arange(len(self.rows)))[:, None] * pof + np.arange(pof)
        return channel >= 4 * layer.fields.out_groups4

    def _read_parameters(self, image, layer, step):
        s, where = step.fields, step.where
        size = s.rows * layer.fields.pof * PARAMETER_BYTES
        beats = ceil_div(size, layer.fields.bus_bytes)
        require(s.param_beats == beats, where, "param_beats", s.param_beats, beats)
        kind = np.dtype([("bias", "<i4"), ("multiplier", "<i2"), ("shift", "u1"),
                         ("zero", "u1", 5)])
        records = np.frombuffer(image.chunk(where, "param_offset", s.param_offset, size), kind)
        records = records.reshape(s.rows, layer.fields.pof)
        self.bias, self.multiplier, self.shift = (
            records[name].astype(np.int64) for name in ("bias", "multiplier", "shift"))
        self._refuse(where, "parameter shift", self.shift, (self.shift < 1) | (self.shift > 47),
                     "1 .. 47")
        tail = records["zero"].any(axis=2)
        self._refuse(where, "parameter bytes 7-11", tail.astype(int), tail, "all zero")
        absent = self._absent_channels(layer)
        for name, value in (("bias", 0), ("multiplier", 0), ("shift", 1)):
            given = getattr(self, name)
            self._refuse(where, f"{name} beyond the last channel", given,
                         absent & (given != value), value)

    def _refuse(self, where, field, values, wrong, expected):
        if wrong.any():
            row, channel = np.argwhere(wrong)[0]
            raise FormatError(where, f"{field} of chunk row {row}, channel {channel}",
                              values[row, channel], expected)

    def _read_weights(self, image, layer, step):
        s, where, pof = step.fields, step.where, layer.fields.pof
        lengths = [sum(row.channels) * layer.taps for row in self.rows]
        size = sum(lengths) * pof
        beats = ceil_div(size, layer.fields.bus_bytes)
        require(s.weight_beats == beats, where, "weight_beats", s.weight_beats, beats)
        data = np.frombuffer(image.chunk(where, "weight_offset", s.weight_offset, size), np.int8)
        data = data.reshape(-1, pof).astype(np.int64)
        ends = np.cumsum([0] + lengths)
        self.weights = [data[a:b] for a, b in zip(ends[:-1], ends[1:])]
        absent = self._absent_channels(layer)
        for row, weights in enumerate(self.weights):
            wrong = weights[:, absent[row]]
            require(not wrong.any(), where, f"weights beyond the last channel in chunk row {row}",
                    "a non-zero byte", "0")


def _read_lists(image, layer, step):
    """The rows of an index list; its length is known only by its `last` bits."""
    s, where = step.fields, step.where
    available = len(image.data) - s.list_offset
    rows, entries, count = [], [], 0
    while len(rows) < s.rows:
        at = s.list_offset + 2 * count
        require(available >= 2 * count + 2, where, "index list",
                f"no last entry of row {len(rows)}", "every row to end inside the image region")
        entry = int.from_bytes(image.data[at:at + 2], "little")
        entries.append(entry)
        count += 1
        if entry & ENTRY_LAST:
            rows.append(_row_of(entries, f"{where}, chunk row {len(rows)}"))
            entries = []
        else:
            require(not entry & ENTRY_NULL, f"{where}, chunk row {len(rows)}", "index list",
                    f"0x{entry:04x}", "a null entry to be the last of its row")
    image.chunk(where, "list_offset", s.list_offset, 2 * count)
    beats = ceil_div(2 * count, layer.fields.bus_bytes)
    require(s.list_beats == beats, where, "list_beats", s.list_beats, beats)
    return rows


def _row_of(entries, where):
    if entries[-1] & ENTRY_NULL:
        require(len(entries) == 1, where, "index list", f"{len(entries)} entries with a null",
                "a null entry to be the only one of its row")
        require(entries[0] == ENTRY_NULL | ENTRY_LAST, where, "index list", f"0x{entries[0]:04x}",
                "slot and channels 0 in a null entry")
        return Row((), ())
    slots = tuple(entry & 0xFFF for entry in entries)
    require(all(a < b for a, b in zip(slots, slots[1:])), where, "index list", slots,
            "ascending slots")
    return Row(slots, tuple((entry >> 12 & 3) + 1 for entry in entries))


def _full_rows(s):
    channels = (4,) * (s.slots - 1) + (s.last_channels,) if s.slots else ()
    return [Row(tuple(range(s.slots)), channels)] * s.rows


def read_fetch_list(image, layer, step):
    """Plane offsets of a tile's slots, int64 [slots]."""
    s = step.fields
    data = image.chunk(step.where, "fetch_offset", s.fetch_offset, 4 * s.slots)
    planes = np.frombuffer(data, "<u4").astype(np.int64)
    for slot, plane in enumerate(planes):
        field = f"fetch list entry {slot}"
        require(plane % layer.in_group_stride == 0, step.where, field, plane,
                f"a multiple of {layer.in_group_stride}")
        if slot:
            require(plane > planes[slot - 1], step.where, field, plane,
                    f"above {planes[slot - 1]} (ascending)")
        if not layer.skip:
            require(plane == slot * layer.in_group_stride, step.where, field, plane,
                    f"{slot * layer.in_group_stride}: all groups without skip")
    return planes
