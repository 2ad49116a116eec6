# SPDX-License-Identifier: Apache-2.0
"""Builds small accelerator images straight from docs/formats.md, for the tests of the executor.

It shares no code with the executor: layouts and addresses are written a second time, as plain loops
wherever that is the clearer way to say what the page says.
"""

import struct
import zlib
from dataclasses import dataclass, field

import numpy as np


def up(value, multiple=64):
    return (value + multiple - 1) // multiple * multiple


@dataclass
class Array:
    """The accelerator that an image is made for."""

    poy: int = 4
    pox: int = 8
    pof: int = 8
    bus: int = 32
    chains: int = 2

    @property
    def pixels(self):
        return self.poy * self.pox


@dataclass
class Map:
    """A feature map of several images in the activation region (section 2)."""

    images: int
    channels: int
    height: int
    width: int
    together: int = 1  # 1: planar; P: interleaved
    base: int = 0

    @property
    def groups(self):
        return -(-self.channels // 4)

    @property
    def group_stride(self):
        return up(4 * self.height * self.width * self.together)

    @property
    def batch_stride(self):
        return self.groups * self.group_stride

    @property
    def size(self):
        return -(-self.images // self.together) * self.batch_stride

    def address(self, n, c, y, x):
        return (self.base + n // self.together * self.batch_stride + c // 4 * self.group_stride
                + ((y * self.width + x) * self.together + n % self.together) * 4 + c % 4)

    def indices(self, channels):
        """Byte of every [image][channel][y][x]."""
        n, c, y, x = np.indices((self.images, channels, self.height, self.width))
        return self.address(n, c, y, x)

    def put(self, region, values, rng):
        """Stores bytes [n][c][y][x]; channels and images that do not exist get random values."""
        for batch in range(-(-self.images // self.together)):
            for group in range(self.groups):
                at = self.base + batch * self.batch_stride + group * self.group_stride
                size = 4 * self.height * self.width * self.together
                region[at:at + size] = rng.integers(0, 256, size, np.uint8)
        region[self.indices(self.channels)] = values

    def get(self, region, channels=None):
        return region[self.indices(channels or self.channels)]


@dataclass
class Layer:
    """One convolution with its arithmetic, and how it is to be scheduled."""

    weights: np.ndarray  # int8 [nof][nif][kh][kw]
    live: np.ndarray  # bool [output groups][input groups]
    bias: np.ndarray
    multiplier: np.ndarray
    shift: np.ndarray
    stride: int = 1
    dilation: int = 1
    pad: int = 0
    pool: bool = False
    in_signed: bool = False
    out_signed: bool = False
    skip: bool = True
    out_interleaved: bool = False
    zero_in: int = 0
    zero_out: int = 0
    clamp: tuple = (0, 255)
    seg: tuple = (4, 8)
    images_per_step: int = 1
    chunk_rows: int = 1
    strip_rows: int = 1  # sub-tile rows of a strip
    chunks_outer: bool = False
    run_log2: int = 0
    residual: tuple = ()  # zero, multiplier, shift: the layer's own input is added

    def conv_size(self, size):
        """Height and width before pooling, of an input of this size."""
        return tuple((s + 2 * self.pad - self.dilation * (k - 1) - 1) // self.stride + 1
                     for s, k in zip(size, self.weights.shape[2:]))


def random_layer(rng, array, nif, nof, kernel, live=None, **options):
    """A layer with random weights, and parameters that spread the results over the output range:
    a sum of K products of random weights and activations is about 10900 * sqrt(K)."""
    out_groups, in_groups = -(-nof // array.pof), -(-nif // 4)
    if live is None:
        live = np.ones((out_groups, in_groups), bool)
    spread = 10900 * np.sqrt(max(1, live.mean() * nif * kernel[0] * kernel[1]))
    shift = rng.integers(16, 26, nof)
    multiplier = np.clip(rng.uniform(30, 90, nof) / spread * 2.0**shift, 1, 32767).astype(int)
    bias = (spread * rng.uniform(-0.5, 1.5, nof)).astype(int)
    return Layer(weights=rng.integers(-128, 128, (nof, nif) + kernel).astype(np.int8), live=live,
                 bias=bias, multiplier=multiplier, shift=shift, **options)


def reference(layer, array, values):
    """Direct convolution by section 7: values [n][nif][h][w] as numbers, result likewise, for all
    channels of the last output word."""
    nof, nif, kh, kw = layer.weights.shape
    pad = layer.pad
    kept = layer.live.repeat(array.pof, 0)[:nof].repeat(4, 1)[:, :nif]
    weights = layer.weights.astype(np.int64) * kept[:, :, None, None]
    padded = np.pad(values.astype(np.int64), ((0, 0), (0, 0), (pad, pad), (pad, pad)),
                    constant_values=layer.zero_in)
    height, width = layer.conv_size(values.shape[2:])
    acc = np.zeros((len(values), nof, height, width), np.int64)
    for ky in range(kh):
        for kx in range(kw):
            part = padded[:, :, layer.dilation * ky::layer.stride,
                          layer.dilation * kx::layer.stride][:, :, :height, :width]
            acc += np.tensordot(part, weights[:, :, ky, kx], (1, 1)).transpose(0, 3, 1, 2)
    channels = up(nof, 4)
    result = np.full((len(values), channels, height, width), layer.zero_out, np.int64)
    for c in range(nof):
        half = 2 ** (int(layer.shift[c]) - 1)
        product = (acc[:, c] + int(layer.bias[c])) * int(layer.multiplier[c])
        result[:, c] += (product + half) // (2 * half)
    if layer.residual:
        zero, multiplier, shift = layer.residual
        added = values[:, :nof].astype(np.int64) - zero
        result[:, :nof] += (added * multiplier + (1 << (shift - 1))) >> shift
    result = np.clip(result, *layer.clamp)
    if layer.pool:
        result = result[:, :, :height // 2 * 2, :width // 2 * 2]
        result = np.maximum(result[:, :, 0::2], result[:, :, 1::2])
        result = np.maximum(result[..., 0::2], result[..., 1::2])
    return result


@dataclass
class Built:
    """An image region with what a test needs to change it."""

    image: bytearray
    desc_offset: int
    layers: int
    steps_offsets: list = field(default_factory=list)
    step_counts: list = field(default_factory=list)

    def put(self, kind, offset, value, record=None):
        """Changes a field and, when `record` = (offset, bytes) is given, that record's CRC."""
        struct.pack_into("<" + kind, self.image, offset, value)
        if record is not None:
            at, size = record
            crc = zlib.crc32(self.image[at:at + size - 4])
            struct.pack_into("<I", self.image, at + size - 4, crc)

    def get(self, kind, offset):
        return struct.unpack_from("<" + kind, self.image, offset)[0]

    def descriptor(self, layer):
        return self.desc_offset + 128 * layer, 128

    def step(self, layer, step):
        return self.steps_offsets[layer] + 64 * step, 64


class Builder:
    """Compiles a chain of layers; maps[i] is the input of layer i, maps[-1] the output."""

    def __init__(self, array, layers, maps):
        self.array, self.layers, self.maps = array, layers, maps
        self.image = bytearray(b"\xa5" * 64)  # something in front: no offset is zero by accident

    def build(self):
        descriptors = []
        built = Built(self.image, 0, len(self.layers))
        for layer, source, target in zip(self.layers, self.maps, self.maps[1:]):
            compiler = LayerCompiler(self, layer, source, target)
            steps = compiler.steps()
            built.steps_offsets.append(self.append(b"".join(steps)))
            built.step_counts.append(len(steps))
            descriptors.append(compiler.descriptor(built.steps_offsets[-1], len(steps)))
        built.desc_offset = self.append(b"".join(descriptors))
        return built

    def append(self, data):
        at = len(self.image)
        self.image += data + bytes(up(len(data)) - len(data))
        return at


class LayerCompiler:
    """Steps and descriptor of one layer."""

    def __init__(self, builder, layer, source, target):
        self.builder, self.array, self.layer = builder, builder.array, layer
        self.source, self.target = source, target
        self.nof, self.nif, self.kh, self.kw = layer.weights.shape
        self.interleaved = source.together > 1
        self.conv_h, self.conv_w = layer.conv_size((source.height, source.width))
        self.phase_zero = (self.kh == self.kw == 1 and layer.stride > 1
                           and layer.pad % layer.stride == 0)
        self.groups = (np.flatnonzero(layer.live.any(0)) if layer.skip
                       else np.arange(layer.live.shape[1]))
        self.slot_words = 0
        self.bank_cols = (-(-(-(-source.width // layer.stride)) // layer.seg[1])) * layer.stride
        self.loads = []

    # --- chunks ---

    def channels(self, group):
        return min(4, self.nif - 4 * int(group))

    def row_blocks(self, og):
        return [(slot, int(group)) for slot, group in enumerate(self.groups)
                if not self.layer.skip or self.layer.live[og, group]]

    def chunk(self, first, rows):
        """Appends list, parameters and weights; returns the fields of the step that name them."""
        entries, weights = b"", b""
        for og in range(first, first + rows):
            blocks = self.row_blocks(og)
            for index, (slot, group) in enumerate(blocks):
                last = 0x8000 if index == len(blocks) - 1 else 0
                entries += struct.pack("<H", slot | (self.channels(group) - 1) << 12 | last)
                weights += self.block(og, group)
            if not blocks:
                entries += struct.pack("<H", 0xC000)
        parameters = b"".join(self.parameter(c) for c in range(first * self.array.pof,
                                                               (first + rows) * self.array.pof))
        if not self.layer.skip:
            entries = b""
        bus, append = self.array.bus, self.builder.append
        return dict(rows=rows, og_first=first,
                    list_offset=append(entries) if entries else 0,
                    list_beats=-(-len(entries) // bus),
                    param_offset=append(parameters), param_beats=-(-len(parameters) // bus),
                    weight_offset=append(weights), weight_beats=-(-len(weights) // bus))

    def block(self, og, group):
        data = bytearray()
        for c in range(4 * group, 4 * group + self.channels(group)):
            for ky in range(self.kh):
                for kx in range(self.kw):
                    for o in range(og * self.array.pof, (og + 1) * self.array.pof):
                        kept = o < self.nof and self.layer.live[og, group]
                        data.append(int(self.layer.weights[o, c, ky, kx]) & 255 if kept else 0)
        return bytes(data)

    def parameter(self, c):
        if c >= self.nof:
            return struct.pack("<ihB5x", 0, 0, 1)
        return struct.pack("<ihB5x", int(self.layer.bias[c]), int(self.layer.multiplier[c]),
                           int(self.layer.shift[c]))

    # --- tiles ---

    def tile(self, n, count, oy, sub_rows):
        """Fields of the step that name one tile."""
        source, layer = self.source, self.layer
        first, last = 0, source.height
        if not self.interleaved:
            first = max(0, oy * layer.stride - layer.pad)
            rows = min(sub_rows * layer.seg[0], self.conv_h - oy)
            last = min(last, (oy + rows - 1) * layer.stride - layer.pad
                       + layer.dilation * (self.kh - 1) + 1)
            first = min(first, source.height - 1)
            last = max(last, first + 1)
        vbase = first // layer.stride // layer.seg[0]
        start = first // layer.stride % layer.seg[0] + first % layer.stride * 16
        for y in range(first, last):
            row = (y // layer.stride // layer.seg[0] - vbase) * layer.stride + y % layer.stride
            self.slot_words = max(self.slot_words, (row + 1) * self.bank_cols)
        act = source.address(n, 0, first, 0)
        self.loads.append((act, first, last))
        fetch = b"".join(struct.pack("<I", int(g) * source.group_stride) for g in self.groups)
        p = int(layer.pool)
        return dict(slots=len(self.groups), images=count, oy_first=oy, y_start=start,
                    sub_rows=sub_rows, row_idx0=oy // layer.seg[0] - vbase, act_offset=act,
                    plane_words=(last - first) * source.width * source.together,
                    fetch_offset=self.builder.append(fetch) if fetch else 0,
                    last_channels=self.channels(self.groups[-1]) if len(self.groups) else 0,
                    out=self.target.address(n, 0, oy >> p, 0),
                    res=source.address(n, 0, oy, 0),
                    res_words=min(sub_rows * layer.seg[0], self.conv_h - oy) * source.width)

    def tiles(self):
        sub_rows = -(-self.conv_h // self.layer.seg[0])
        for n in range(0, self.source.images, self.layer.images_per_step):
            count = min(self.layer.images_per_step, self.source.images - n)
            for sub in range(0, sub_rows, self.layer.strip_rows):
                yield self.tile(n, count, sub * self.layer.seg[0],
                                min(self.layer.strip_rows, sub_rows - sub))

    def steps(self):
        out_groups = len(self.layer.live)
        chunks = [self.chunk(first, min(self.layer.chunk_rows, out_groups - first))
                  for first in range(0, out_groups, self.layer.chunk_rows)]
        tiles = list(self.tiles())
        if self.layer.chunks_outer:
            pairs = [(c, t) for c in range(len(chunks)) for t in range(len(tiles))]
        else:
            pairs = [(c, t) for t in range(len(tiles)) for c in range(len(chunks))]
        records, before = [], (None, None)
        for c, t in pairs:
            flags = int(c != before[0]) | int(t != before[1]) << 1
            records.append(self.record(flags, chunks[c], tiles[t]))
            before = (c, t)
        return records

    def record(self, flags, c, t):
        sub_cols = -(-self.conv_w // self.layer.seg[1])
        res_offset = res_words = 0
        if self.layer.residual:
            flags |= 16
            res_words = t["res_words"]
            res_offset = (t["res"] + c["og_first"] * (self.array.pof // 4)
                          * self.source.group_stride)
        out = t["out"] + c["og_first"] * (self.array.pof // 4) * self.target.group_stride
        head = struct.pack("<IHHHHIHHHHIIIIIHhHHIBBH", flags, c["rows"], t["sub_rows"], sub_cols,
                           t["slots"], c["list_offset"], c["list_beats"], c["param_beats"],
                           c["weight_beats"], t["plane_words"], c["param_offset"],
                           c["weight_offset"], t["fetch_offset"], t["act_offset"], res_offset,
                           t["images"], t["row_idx0"], res_words, t["oy_first"], out,
                           t["last_channels"], t["y_start"], c["og_first"])
        return head + struct.pack("<I", zlib.crc32(head))

    # --- descriptor ---

    def bank(self, word, first):
        """Bank of a word of a plane, for the first image of a step."""
        source, layer = self.source, self.layer
        if self.interleaved:
            return word % source.together
        y, x = first + word // source.width, word % source.width
        if self.phase_zero and (y % layer.stride or x % layer.stride):
            return None
        return (y // layer.stride % layer.seg[0], x // layer.stride % layer.seg[1])

    def run_is_free(self, run, strided):
        beat = self.array.bus // 4
        parts = beat // run
        for act, first, last in self.loads:
            words = (last - first) * self.source.width * self.source.together
            seen = set()
            for word in range(words):
                at, bank = act // 4 + word, self.bank(word, first)
                part = at % parts if strided else at % beat // run
                key = (at // beat, part, bank)
                if bank is not None and key in seen:
                    return False
                seen.add(key)
        return True

    def load(self):
        """log2 of the largest part, and whether its words lie apart; not if that is no gain."""
        best = 0, False
        for strided in (False, True):
            log2 = 0
            while 4 << (log2 + 1) <= self.array.bus and self.run_is_free(2 << log2, strided):
                log2 += 1
            if log2 > best[0]:
                best = log2, strided
        return best

    def descriptor(self, steps_offset, count):
        a, layer, source, target = self.array, self.layer, self.source, self.target
        p = int(layer.pool)
        load_log2, strided = self.load()
        flags = (p | layer.in_signed << 1 | layer.out_signed << 2 | self.interleaved << 3
                 | layer.skip << 4 | strided << 7 | self.phase_zero << 8 | bool(layer.residual) << 5
                 | (bool(layer.residual) and layer.in_signed) << 6)
        writes = a.pof // 4 * (a.poy >> p) * ((a.pox >> p) >> layer.run_log2)
        image_stride = 4 if target.together > 1 else target.batch_stride
        head = struct.pack(
            "<IHHBBBBIBBBBBBBBhhhhHHHHBBHHHIIIIIIIH", 0x4C505753, 2, 128, a.poy, a.pox, a.pof,
            a.bus, flags, self.kh, self.kw, layer.stride, layer.dilation,
            layer.seg[0].bit_length() - 1,
            layer.seg[1].bit_length() - 1, load_log2, layer.run_log2, layer.zero_in,
            layer.zero_out, layer.clamp[0], layer.clamp[1], source.height, source.width,
            self.conv_h, self.conv_w, layer.pad, 0, -(-self.nof // 4), self.bank_cols,
            self.slot_words if not self.interleaved else source.height * source.width, count,
            steps_offset, 4 * target.together, 4 * target.together * target.width,
            target.group_stride, image_stride, source.batch_stride,
            max(a.pixels // a.chains, writes))
        if layer.residual:
            zero, multiplier, shift = layer.residual
            head += struct.pack("<BBIIhhBBH", 0, 1, source.group_stride, source.batch_stride, zero,
                                multiplier, shift, 0, source.width)
        head += bytes(124 - len(head))
        return head + struct.pack("<I", zlib.crc32(head))


@dataclass
class Case:
    """A network, its regions and what the output must be."""

    array: Array
    layers: list
    maps: list
    built: Built
    activations: np.ndarray
    expected: list  # per map: numbers [n][c][h][w], all channels of the last word


def make_case(rng, array, layers, images, size, in_interleaved=False):
    """Builds regions with random input for a chain of layers; size = (height, width)."""
    together = array.pixels if in_interleaved else 1
    nif = layers[0].weights.shape[1]
    maps = [Map(images, nif, size[0], size[1], together)]
    for layer in layers:
        height, width = layer.conv_size((maps[-1].height, maps[-1].width))
        maps.append(Map(images, len(layer.weights), height >> layer.pool, width >> layer.pool,
                        array.pixels if layer.out_interleaved else 1))
    end = 64
    for m in maps:
        m.base, end = end, end + m.size
    activations = np.zeros(end + 64, np.uint8)
    low, high = (-128, 128) if layers[0].in_signed else (0, 256)
    values = rng.integers(low, high, (images, nif) + size)
    maps[0].put(activations, values.astype(np.uint8), rng)
    expected = [values]
    for layer, m in zip(layers, maps):
        expected.append(reference(layer, array, expected[-1][:, :m.channels]))
    return Case(array, layers, maps, Builder(array, layers, maps).build(), activations, expected)
