// SPDX-License-Identifier: Apache-2.0

// The golden model alone, on images that the test writes itself field by field.

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/lockstep.hpp"
#include "tests/support/hand_image.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;

constexpr std::uint64_t image_base = 0x10000;
constexpr std::uint64_t act_base = 0x4000000;

std::vector<std::uint8_t> random_bytes(index_t count, swprune::rng& random) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
  for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random.below(256));
  return bytes;
}

/// `[image][channel][pixel]` as planes of four channels; channels beyond the last one are garbage,
/// as they may be.
std::vector<std::uint8_t> planes_of(const std::vector<std::uint8_t>& plain, index_t images,
                                    index_t channels, index_t group_stride) {
  const index_t image_stride = (channels + 3) / 4 * group_stride;
  const index_t pixels = static_cast<index_t>(plain.size()) / images / channels;
  std::vector<std::uint8_t> planes(static_cast<std::size_t>(images * image_stride), 0xa5);
  std::size_t i = 0;
  for (index_t n = 0; n < images; ++n)
    for (index_t c = 0; c < channels; ++c)
      for (index_t p = 0; p < pixels; ++p)
        planes[static_cast<std::size_t>(n * image_stride + c / 4 * group_stride + p * 4 + c % 4)] =
            plain[i++];
  return planes;
}

/// Places image, planar input and residual.
hw::memory_model make_memory(const hand_layer& l, const hand_image& h,
                             const std::vector<std::uint8_t>& in,
                             const std::vector<std::uint8_t>& res, const hw::memory_params& m) {
  hw::memory_model memory(m);
  memory.add_region("image", image_base, static_cast<index_t>(h.image.size()), false);
  memory.write(image_base, h.image);
  memory.mark_initialised(image_base, static_cast<std::size_t>((h.image.size() + 63) / 64 * 64));
  memory.add_region("activations", act_base, h.act_bytes, true);
  memory.write(act_base, planes_of(in, l.images, l.in_channels, h.in_group_stride));
  if (l.residual.on)
    memory.write(act_base + static_cast<std::uint64_t>(h.res_offset),
                 planes_of(res, l.images, l.out_channels, h.res_group_stride));
  memory.add_canary("before the output", act_base + static_cast<std::uint64_t>(h.out_offset) - 64,
                    64);
  memory.add_canary("behind the output", act_base + static_cast<std::uint64_t>(h.act_bytes) - 64,
                    64);
  return memory;
}

std::vector<std::uint8_t> read_output(const hand_layer& l, const hand_image& h,
                                      const hw::memory_model& memory) {
  std::vector<std::uint8_t> out;
  for (index_t n = 0; n < l.images; ++n)
    for (index_t f = 0; f < l.out_channels; ++f)
      for (index_t p = 0; p < l.out_h() * l.out_w(); ++p)
        out.push_back(memory.read(
            act_base + static_cast<std::uint64_t>(h.out_offset + n * h.out_image_stride +
                                                  f / 4 * h.out_group_stride + p * 4 + f % 4),
            1)[0]);
  return out;
}

/// Runs layer on array, ideal and with back-pressure, against the plain loop and section 9.
void check_layer(const hand_layer& l, const hw::array_params& a, swprune::rng& random) {
  hand_writer writer(l, a);
  const hand_image h = writer.write();
  const auto in = random_bytes(l.images * l.in_channels * l.in_h * l.in_w, random);
  const auto res =
      random_bytes(l.residual.on ? l.images * l.out_channels * l.res_h() * l.res_w() : 0, random);
  const std::vector<std::uint8_t> expected = hand_reference(l, a.pof, in, res);
  hw::golden_core core(a);
  const hw::run_params run{.image_base = image_base, .act_base = act_base};
  for (const double p : {0.0, 0.1, 0.5, 0.9}) {
    CAPTURE(p, a.to_string(), h.steps.size(), h.pass_interval, h.write_slots);
    hw::memory_model memory =
        make_memory(l, h, in, res, hw::memory_params::stalling(a.bus_bytes, p, random.next()));
    const hw::run_result result = hw::run(core, memory, run);
    REQUIRE(result.ok());
    CHECK(read_output(l, h, memory) == expected);
    CHECK_NOTHROW(memory.check_canaries());
    if (p > 0) continue;
    CHECK(result.busy_cycles == static_cast<std::uint64_t>(hand_cycles(h, a)));
    index_t uops = 0;
    for (const hand_step& s : h.steps)
      for (const index_t n : s.pass_uops) uops += n;
    CHECK(result.last.cnt_uops == static_cast<std::uint32_t>(uops));
  }
}

/// What the random layers must have had between them.
struct hand_coverage {
  std::map<std::pair<index_t, index_t>, int> steps;  // (stride, dilation) of kernels beyond 1x1
  std::map<std::pair<index_t, index_t>, int> segments;
  int kernel8 = 0, wide_pad = 0, strided = 0, phase_zero = 0;
  int residual = 0, residual_stride2 = 0, residual_signed = 0, residual_pool = 0, residual_part = 0;
  int residual_alone = 0;

  void add(const hand_layer& l) {
    if (l.kernel() > 1) ++steps[{l.stride, l.dilation}];
    ++segments[{l.stride, l.seg_x}];
    kernel8 += l.kernel_h == 8 || l.kernel_w == 8;
    wide_pad += l.pad > l.kernel_h && l.pad > l.kernel_w;
    strided += l.load_strided && l.stride > 1;
    phase_zero += l.phase_zero && l.stride > 1;
    if (l.residual.on) add_residual(l);
  }
  void add_residual(const hand_layer& l) {
    const auto& groups = l.residual.groups;
    ++residual;
    residual_stride2 += l.residual.stride == 2;
    residual_signed += l.residual.is_signed;
    residual_pool += l.pool;
    residual_part += std::count(groups.begin(), groups.end(), 0) > 0;
    residual_alone += std::count(l.live.begin(), l.live.end(), 1) == 0;
  }
  void require() const {
    CAPTURE(kernel8, wide_pad, strided, phase_zero);
    CAPTURE(residual, residual_stride2, residual_signed, residual_pool, residual_part,
            residual_alone);
    for (const int count : {kernel8, wide_pad, strided, phase_zero, residual, residual_stride2,
                            residual_signed, residual_pool, residual_part, residual_alone})
      CHECK(count >= 5);
    CHECK(steps.size() == 16);
    CHECK(segments.size() >= 12);  // four strides, three widths
  }
};

const hw::array_params small{.poy = 2,
                             .pox = 2,
                             .pof = 4,
                             .chains = 1,
                             .bus_bytes = 8,
                             .act_depth = 1024,
                             .wgt_depth = 2048,
                             .list_depth = 128,
                             .param_depth = 16};
const hw::array_params headline{};
const hw::array_params narrow{.poy = 8, .pox = 8, .pof = 4, .chains = 4, .bus_bytes = 16};
const hw::array_params wide{.poy = 4, .pox = 4, .pof = 16, .chains = 1, .bus_bytes = 64};

/// A residual for some or all output groups; `between(lo, hi)` draws.
template <typename Between>
void draw_residual(hand_layer& l, const hw::array_params& a, const Between& between) {
  hand_residual& r = l.residual;
  r.on = true;
  r.is_signed = between(0, 1) != 0;
  r.stride = between(1, 2);
  r.extra = between(0, r.stride - 1);
  r.zero = static_cast<int>(r.is_signed ? between(-128, 127) : between(0, 255));
  r.shift = static_cast<int>(between(1, 31));
  // Mostly such that halves are common and the sum stays inside the byte.
  r.multiplier =
      static_cast<int>(r.shift > 15 ? between(1, 32767) : between(1, 1 << (r.shift - 1)));
  r.load_log2 = between(0, static_cast<index_t>(hw::golden::log2_of(a.bus_words())));
  for (index_t g = 0; g < (l.out_channels + a.pof - 1) / a.pof; ++g)
    r.groups.push_back(g == 0 || between(0, 2) != 0);
}

}  // namespace

TEST_CASE("a 1x1 layer whose result is worked out by hand", "[golden]") {
  // One pixel, one live weight: 3 * 5 + 1 = 16; times 2^14, shift 15: 8.
  hand_layer l;
  l.in_h = l.in_w = 1;
  l.live = {1};
  l.weights.assign(16, 0);
  l.weights[0] = 5;
  l.bias = {1, 0, 0, 0};
  l.multiplier.assign(4, 1 << 14);
  l.shift.assign(4, 15);
  const hand_image h = hand_writer(l, small).write();
  const std::vector<std::uint8_t> in{3, 200, 200, 200};
  hw::memory_model memory = make_memory(l, h, in, {}, {.bus_bytes = 8});
  hw::golden_core core(small);
  const hw::run_result result =
      hw::run(core, memory, {.image_base = image_base, .act_base = act_base});
  REQUIRE(result.ok());
  CHECK(read_output(l, h, memory) == std::vector<std::uint8_t>{8, 0, 0, 0});
  // Section 9 with every term written out. B = 8. DescGo 1; descriptor 2 + 16; DescWait, FillGo 2;
  // step 2 + 8, list 2 + 1 * 4, parameters 2 + 6 * 2, weights 2 + 2, fetch 2 + 1, plane 2 + 1 * 2;
  // FillWait 1: StepGo in cycle 64. 4 micro-ops: retire in g + 9. D = 4: filled is seen 8 cycles
  // later, 4 slots of which the first writes, then Done.
  const std::uint64_t g = 1 + 18 + 2 + (10 + 6 + 14 + 4 + 3 + 4) + 1 + 1;
  CHECK(result.busy_cycles == g + 9 + 8 + 4 + 1);
  CHECK(result.last.cnt_uops == 4);
  CHECK(result.last.cnt_blocks == 1);
  CHECK(result.last.cnt_write_beats == 1);
  CHECK(result.last.cnt_read_beats == 16 + 8 + 1 + 6 + 2 + 1 + 1);
}

TEST_CASE("hand-written images give the plain loop's bytes in section 9's cycles", "[golden]") {
  swprune::rng random(20240601);
  const std::array<hw::array_params, 4> arrays{small, headline, narrow, wide};
  hand_coverage seen;
  for (int round = 0; round < 240; ++round) {
    hw::array_params a = arrays[static_cast<std::size_t>(round) % arrays.size()];
    a.skip = round % 5 != 4;
    hand_layer l;
    const auto between = [&](index_t lo, index_t hi) {
      return lo + static_cast<index_t>(random.below(static_cast<std::uint64_t>(hi - lo + 1)));
    };
    l.stride = round % 2 == 0 ? 1 : between(1, 4);
    l.dilation = between(0, 1) != 0 ? 1 : between(1, 4);
    l.kernel_h = between(1, l.dilation == 1 ? 8 : 4);
    l.kernel_w = between(1, l.dilation == 1 ? 8 : 4);
    if (between(0, 4) == 0) l.kernel_h = l.kernel_w = 1;
    l.pad = between(0, 3) == 0 ? between(0, 15) : between(0, std::min(l.kernel_h, l.kernel_w) - 1);
    l.pool = between(0, 1) != 0;
    // At least two outputs in each direction, so that pooling leaves one.
    const auto size = [&](index_t kernel) {
      const index_t reach = l.dilation * (kernel - 1) + 1 + l.stride;
      return std::max<index_t>(1, reach - 2 * l.pad) + between(0, 9);
    };
    l.in_h = size(l.kernel_h);
    l.in_w = size(l.kernel_w);
    const auto segment = [&](index_t pixels) {
      return between(0, 1) != 0 ? pixels : std::max<index_t>(2, pixels / between(1, 2));
    };
    l.seg_y = segment(a.poy);
    l.seg_x = segment(a.pox);
    l.phase_zero = l.reads_phase_zero() && between(0, 1) != 0;
    l.load_strided = between(0, 1) != 0;
    l.load_log2 = between(0, static_cast<index_t>(hw::golden::log2_of(a.bus_words())));
    l.in_channels = between(1, 13);
    l.out_channels = between(1, 3 * a.pof);
    l.in_signed = between(0, 1) != 0;
    l.out_signed = between(0, 1) != 0;
    l.zero_in =
        l.in_signed ? static_cast<int>(between(-128, 127)) : static_cast<int>(between(0, 255));
    l.zero_out = l.out_signed ? -3 : 7;
    l.clamp_lo = l.out_signed ? -128 : 0;
    l.clamp_hi = l.out_signed ? 127 : 255;
    l.images = between(1, 3);
    l.strip = between(1, 2);
    l.chunk = between(1, 3);
    if (between(0, 2) == 0) draw_residual(l, a, between);
    fill_random(l, a.pof, static_cast<double>(between(0, 4)) / 4, random);
    if (a.act_depth < 16384) a.act_depth = 16384;
    a.res_depth = 256;
    seen.add(l);
    CAPTURE(round, l.kernel_h, l.kernel_w, l.stride, l.dilation, l.pad, l.pool, l.in_h, l.in_w,
            l.in_channels, l.out_channels, l.images, l.strip, l.chunk, a.skip);
    CAPTURE(l.seg_y, l.seg_x, l.load_log2, l.load_strided, l.phase_zero);
    check_layer(l, a, random);
  }
  seen.require();
}
