// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/train_test.hpp"
#include "swprune/train/dataset.hpp"

namespace swprune::inline v0::io {

/// What the built-in data set looks like. The defaults are the demo's: a linear classifier stays
/// below 90 %, a LeNet reaches 97 %.
struct builtin_params {
  index_t train = 12000;   ///< training images, 0..10,000,000
  index_t test = 2000;     ///< test images, 0..10,000,000
  std::uint64_t seed = 1;  ///< same seed, same bytes on every platform

  /// Throws errc::argument_out_of_range unless 0 <= train, test <= 10,000,000.
  void validate() const {
    expects(train >= 0 && train <= 10'000'000 && test >= 0 && test <= 10'000'000,
            errc::argument_out_of_range,
            "the built-in data set needs 0 <= train, test <= 10,000,000, given {} and {}", train,
            test);
  }
};

/// `count` images of the built-in data set: 28 x 28 grey digits (strokes bright on dark) drawn as
/// curves through displaced control points, with random rotation, shear, size, position, pen, stray
/// marks and grain. `part` tells training and test images apart ("train", "test", or any other
/// name). Image i depends on (seed, part, i) only: a longer set begins with the shorter one, and
/// the bytes are equal on every platform and for every number of threads.
[[nodiscard]] SWPRUNE_FUNCTION train::dataset builtin_part(std::uint64_t seed,
                                                           std::string_view part, index_t count);

#if SWPRUNE_BODIES

namespace detail {

/// A point in glyph units (a digit is about 64 high, centred on 0) or in 1/64 pixel.
struct glyph_point {
  std::int32_t x = 0;
  std::int32_t y = 0;
};

/// One way to write a digit: control points, and strokes as runs of point indices, each ended by
/// -1. Strokes that share an index stay joined however the points are displaced.
struct glyph {
  std::span<const glyph_point> points;
  std::span<const std::int8_t> strokes;
};

inline constexpr glyph_point zero_points[] = {{1, -30}, {-13, -20}, {-17, 2}, {-11, 24},
                                              {1, 30},  {13, 21},   {17, -2}, {12, -23}};
inline constexpr std::int8_t zero_strokes[] = {0, 1, 2, 3, 4, 5, 6, 7, 0, -1};

inline constexpr glyph_point one_points[] = {{-10, -18}, {2, -30},  {2, 0},
                                             {1, 30},    {-11, 30}, {12, 30}};
inline constexpr std::int8_t one_flag_strokes[] = {0, 1, -1, 1, 2, 3, -1};
inline constexpr std::int8_t one_plain_strokes[] = {1, 2, 3, -1};
inline constexpr std::int8_t one_base_strokes[] = {0, 1, -1, 1, 2, 3, -1, 4, 3, 5, -1};

inline constexpr glyph_point two_points[] = {{-16, -17}, {-8, -28}, {6, -29}, {15, -17}, {9, -2},
                                             {-5, 14},   {-17, 29}, {0, 28},  {18, 29}};
inline constexpr std::int8_t two_strokes[] = {0, 1, 2, 3, 4, 5, 6, -1, 6, 7, 8, -1};

inline constexpr glyph_point three_points[] = {
    {-14, -22}, {-2, -30}, {12, -23}, {11, -10}, {-2, -3}, {12, 4}, {15, 17}, {2, 30}, {-15, 23}};
inline constexpr std::int8_t three_strokes[] = {0, 1, 2, 3, 4, -1, 4, 5, 6, 7, 8, -1};

inline constexpr glyph_point four_open_points[] = {{-12, -28}, {-14, -8}, {-15, 6}, {2, 7},
                                                   {18, 5},    {9, -28},  {8, 5},   {7, 30}};
inline constexpr glyph_point four_closed_points[] = {{8, -30}, {-6, -10}, {-17, 10}, {0, 10},
                                                     {18, 9},  {8, -30},  {8, 8},    {7, 30}};
inline constexpr std::int8_t four_strokes[] = {0, 1, 2, -1, 2, 3, 4, -1, 5, 6, 7, -1};

inline constexpr glyph_point five_points[] = {{14, -29}, {-11, -28}, {-13, -5}, {2, -9},
                                              {15, 5},   {10, 24},   {-3, 30},  {-16, 23}};
inline constexpr std::int8_t five_strokes[] = {0, 1, -1, 1, 2, -1, 2, 3, 4, 5, 6, 7, -1};

inline constexpr glyph_point six_points[] = {{10, -29}, {-6, -16}, {-15, 6}, {-10, 25}, {2, 30},
                                             {14, 20},  {9, 5},    {-3, 2},  {-14, 12}};
inline constexpr std::int8_t six_strokes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, -1};

inline constexpr glyph_point seven_points[] = {{-16, -28}, {0, -29}, {16, -28}, {4, 0},
                                               {-5, 30},   {-7, 2},  {13, 0}};
inline constexpr std::int8_t seven_strokes[] = {0, 1, 2, -1, 2, 3, 4, -1};
inline constexpr std::int8_t seven_bar_strokes[] = {0, 1, 2, -1, 2, 3, 4, -1, 5, 6, -1};

inline constexpr glyph_point eight_points[] = {{12, -22}, {0, -30}, {-12, -21}, {-5, -7}, {8, 4},
                                               {14, 18},  {0, 30},  {-14, 18},  {-7, 4},  {6, -8}};
inline constexpr std::int8_t eight_strokes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, -1};

inline constexpr glyph_point nine_points[] = {{13, -18}, {2, -29}, {-12, -20}, {-11, -5},
                                              {1, 1},    {12, -7}, {13, 8},    {8, 30}};
inline constexpr glyph_point nine_hook_points[] = {
    {13, -18}, {2, -29}, {-12, -20}, {-11, -5}, {1, 1}, {12, -7}, {12, 12}, {2, 28}, {-10, 24}};
inline constexpr std::int8_t nine_strokes[] = {0, 1, 2, 3, 4, 5, 0, -1, 0, 6, 7, -1};
inline constexpr std::int8_t nine_hook_strokes[] = {0, 1, 2, 3, 4, 5, 0, -1, 0, 6, 7, 8, -1};

/// Ways to write `digit`, 0..9.
[[nodiscard]] inline std::span<const glyph> glyphs_of(int digit) {
  static constexpr glyph zero[] = {{zero_points, zero_strokes}};
  static constexpr glyph one[] = {{one_points, one_flag_strokes},
                                  {one_points, one_plain_strokes},
                                  {one_points, one_base_strokes}};
  static constexpr glyph two[] = {{two_points, two_strokes}};
  static constexpr glyph three[] = {{three_points, three_strokes}};
  static constexpr glyph four[] = {{four_open_points, four_strokes},
                                   {four_closed_points, four_strokes}};
  static constexpr glyph five[] = {{five_points, five_strokes}};
  static constexpr glyph six[] = {{six_points, six_strokes}};
  static constexpr glyph seven[] = {{seven_points, seven_strokes},
                                    {seven_points, seven_bar_strokes}};
  static constexpr glyph eight[] = {{eight_points, eight_strokes}};
  static constexpr glyph nine[] = {{nine_points, nine_strokes},
                                   {nine_hook_points, nine_hook_strokes}};
  switch (digit) {
    case 0:
      return zero;
    case 1:
      return one;
    case 2:
      return two;
    case 3:
      return three;
    case 4:
      return four;
    case 5:
      return five;
    case 6:
      return six;
    case 7:
      return seven;
    case 8:
      return eight;
    default:
      return nine;
  }
}

/// Draws one image. Integers only: no rounding mode, maths library or vector unit changes a byte.
class digit_painter {
 public:
  static constexpr int side = 28;    ///< pixels
  static constexpr int unit = 64;    ///< positions are in 1/64 pixel
  static constexpr int one = 65536;  ///< 1.0 of factors

  explicit digit_painter(rng random) : random_(random) {}

  /// Paints `digit` into side x side bytes, row by row.
  void paint(int digit, std::span<std::uint8_t> image) {
    ink_.fill(0);
    draw_clutter();
    draw_digit(digit);
    add_noise(image);
  }

 private:
  static constexpr int max_points = 12;
  static constexpr int curve_steps = 4;

  /// Uniform integer in [lo, hi].
  std::int32_t between(std::int32_t lo, std::int32_t hi) {
    return lo + static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(hi - lo + 1)));
  }
  /// Sum of two uniform integers: a bell-like spread over [-2 reach, 2 reach].
  std::int32_t wobble(std::int32_t reach) {
    return between(-reach, reach) + between(-reach, reach);
  }

  static std::int64_t scaled(std::int64_t a, std::int64_t b) { return (a * b) >> 16; }

  /// 2 x 2 matrix: scale (1/64 pixel per glyph unit), shear, then rotation by up to 0.4 radians
  /// with sine and cosine from their series.
  void choose_affine() {
    const std::int64_t angle = between(-one * 2 / 5, one * 2 / 5);
    const std::int64_t square = scaled(angle, angle);
    const std::int64_t sine = scaled(angle, one - square / 6 + scaled(square, square) / 120);
    const std::int64_t cosine = one - square / 2 + scaled(square, square) / 24;
    const std::int64_t height = between(one * 14, one * 23);  // of 64 glyph units, in pixels
    const std::int64_t width = scaled(height, between(one * 3 / 4, one * 5 / 4));
    const std::int64_t shear = scaled(between(-one * 2 / 5, one * 2 / 5), height);
    // Glyph units -> 1/64 pixel: `height` pixels for 64 units are `height` 1/64 pixels for one.
    xx_ = scaled(cosine, width);
    xy_ = scaled(cosine, shear) - scaled(sine, height);
    yx_ = scaled(sine, width);
    yy_ = scaled(sine, shear) + scaled(cosine, height);
    shift_x_ = side * unit / 2 + between(-4 * unit, 4 * unit);
    shift_y_ = side * unit / 2 + between(-4 * unit, 4 * unit);
  }

  /// Glyph point in 1/4 units -> position in 1/64 pixel.
  [[nodiscard]] glyph_point place(glyph_point p) const {
    const std::int64_t x = (xx_ * p.x + xy_ * p.y) >> 18;
    const std::int64_t y = (yx_ * p.x + yy_ * p.y) >> 18;
    return {static_cast<std::int32_t>(x + shift_x_), static_cast<std::int32_t>(y + shift_y_)};
  }

  void choose_pen(std::int32_t thin, std::int32_t thick) {
    const std::int64_t core = between(thin, thick);  // half width of full ink, 1/64 pixel
    const std::int64_t rim = core + 72;              // no ink from here on
    core2_ = core * core;
    fall_ = (std::int64_t{1} << 24) / (rim * rim - core2_);
    rim_ = static_cast<std::int32_t>(rim);
    rim2_ = rim * rim;
  }

  void draw_digit(int digit) {
    const std::span<const glyph> ways = glyphs_of(digit);
    const glyph& way = ways[random_.below(ways.size())];
    choose_affine();
    choose_pen(16, 76);
    strength_ = between(130, 255);
    std::array<glyph_point, max_points> points{};
    for (std::size_t i = 0; i < way.points.size(); ++i)
      points[i] = place({way.points[i].x * 4 + wobble(11), way.points[i].y * 4 + wobble(11)});
    std::size_t begin = 0;
    for (std::size_t end = 0; end < way.strokes.size(); ++end) {
      if (way.strokes[end] >= 0) continue;
      draw_stroke(points, way.strokes.subspan(begin, end - begin));
      begin = end + 1;
    }
  }

  /// Stray marks, fainter than the digit: what a linear classifier cannot weigh away.
  void draw_clutter() {
    const int marks = between(0, 3);
    for (int i = 0; i < marks; ++i) {
      choose_pen(8, 40);
      strength_ = between(60, 180);
      const glyph_point a{between(0, side * unit), between(0, side * unit)};
      draw_segment(a, {a.x + between(-5 * unit, 5 * unit), a.y + between(-5 * unit, 5 * unit)});
    }
  }

  /// Catmull-Rom curve through the named points; straight where there are only two.
  void draw_stroke(const std::array<glyph_point, max_points>& points,
                   std::span<const std::int8_t> run) {
    const bool closed = run.size() > 3 && run.front() == run.back();
    const auto at = [&](std::ptrdiff_t i) {
      const std::ptrdiff_t last = std::ssize(run) - 1;
      if (i < 0) i = closed ? last - 1 : 0;
      if (i > last) i = closed ? 1 : last;
      return points[static_cast<std::size_t>(run[static_cast<std::size_t>(i)])];
    };
    for (std::ptrdiff_t i = 0; i + 1 < std::ssize(run); ++i) {
      glyph_point from = at(i);
      for (int step = 1; step <= curve_steps; ++step) {
        const glyph_point to = curve(at(i - 1), at(i), at(i + 1), at(i + 2), step);
        draw_segment(from, to);
        from = to;
      }
    }
  }

  [[nodiscard]] static glyph_point curve(glyph_point a, glyph_point b, glyph_point c, glyph_point d,
                                         int step) {
    const auto blend = [t = std::int64_t{step}](std::int64_t p, std::int64_t q, std::int64_t r,
                                                std::int64_t s) {
      constexpr std::int64_t n = curve_steps;
      const std::int64_t cubic = -p + 3 * q - 3 * r + s;
      const std::int64_t square = 2 * p - 5 * q + 4 * r - s;
      const std::int64_t sum =
          2 * q * n * n * n + (r - p) * t * n * n + square * t * t * n + cubic * t * t * t;
      return static_cast<std::int32_t>(floor_div(sum, 2 * n * n * n));
    };
    return {blend(a.x, b.x, c.x, d.x), blend(a.y, b.y, c.y, d.y)};
  }

  [[nodiscard]] static int first_pixel(std::int32_t position) {
    return static_cast<int>(std::clamp<index_t>(floor_div(position, unit), 0, side));
  }

  /// Ink of one straight piece; where pieces overlap the darker one counts.
  void draw_segment(glyph_point a, glyph_point b) {
    const std::int64_t dx = b.x - a.x;
    const std::int64_t dy = b.y - a.y;
    const std::int64_t length2 = dx * dx + dy * dy;
    const int left = first_pixel(std::min(a.x, b.x) - rim_);
    const int right = first_pixel(std::max(a.x, b.x) + rim_ + unit);
    const int top = first_pixel(std::min(a.y, b.y) - rim_);
    const int bottom = first_pixel(std::max(a.y, b.y) + rim_ + unit);
    for (int row = top; row < bottom; ++row) {
      const std::int64_t py = row * unit + unit / 2 - a.y;
      for (int column = left; column < right; ++column) {
        const std::int64_t px = column * unit + unit / 2 - a.x;
        const std::int64_t along = px * dx + py * dy;
        std::int64_t distance2 = px * px + py * py;
        if (along >= length2) {
          distance2 = (px - dx) * (px - dx) + (py - dy) * (py - dy);
        } else if (along > 0) {
          const std::int64_t across = px * dy - py * dx;
          if (across * across >= rim2_ * length2) continue;
          distance2 = across * across / length2;
        }
        if (distance2 >= rim2_) continue;
        mark(row, column, distance2);
      }
    }
  }

  void mark(int row, int column, std::int64_t distance2) {
    const std::int64_t fade = distance2 <= core2_ ? 0 : (distance2 - core2_) * fall_;
    const std::int64_t ink = (((std::int64_t{1} << 24) - fade) * strength_) >> 24;
    auto& pixel = ink_[static_cast<std::size_t>(row * side + column)];
    pixel = std::max(pixel, static_cast<std::int32_t>(ink));
  }

  /// Adds the paper's grey and a bell-shaped grain, eight pixels from one draw, and stores bytes.
  void add_noise(std::span<std::uint8_t> image) {
    const std::int32_t paper = between(0, 40);
    const std::int32_t grain = between(8, 48);
    for (std::size_t i = 0; i < ink_.size(); i += 8) {
      std::uint64_t bits = random_.next();
      for (std::size_t j = i; j < i + 8; ++j, bits >>= 8) {
        const auto bell = static_cast<std::int32_t>((bits & 15) + ((bits >> 4) & 15)) - 15;
        const std::int32_t value = std::max(ink_[j], paper) + ((bell * grain) >> 4);
        image[j] = static_cast<std::uint8_t>(std::clamp(value, 0, 255));
      }
    }
  }

  rng random_;
  std::array<std::int32_t, side * side> ink_{};
  std::int64_t xx_ = 0, xy_ = 0, yx_ = 0, yy_ = 0;
  std::int64_t shift_x_ = 0, shift_y_ = 0;
  std::int64_t core2_ = 0, rim2_ = 0, fall_ = 0, strength_ = 0;
  std::int32_t rim_ = 0;
};

/// Digit of image `index`: every ten neighbours hold each digit once, in random order.
[[nodiscard]] inline int builtin_label(const rng& random, index_t index) {
  std::array<int, 10> order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  random.stream("builtin-labels", static_cast<std::uint64_t>(index / 10))
      .shuffle(std::span<int>(order));
  return order[static_cast<std::size_t>(index % 10)];
}

}  // namespace detail

SWPRUNE_FUNCTION train::dataset builtin_part(std::uint64_t seed, std::string_view part,
                                             index_t count) {
  builtin_params{.train = count, .test = 0, .seed = seed}.validate();
  constexpr index_t side = detail::digit_painter::side;
  train::dataset data;
  data.shape = {1, side, side};
  data.classes = 10;
  data.images.resize(static_cast<std::size_t>(count * side * side));
  data.labels.resize(static_cast<std::size_t>(count));
  const rng random = rng(seed).stream("builtin", hash64(part));
  constexpr index_t chunk = 256;
  parallel_for(ceil_div(count, chunk), [&](index_t c) {
    for (index_t i = c * chunk; i < std::min(count, (c + 1) * chunk); ++i) {
      const int digit = detail::builtin_label(random, i);
      data.labels[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(digit);
      detail::digit_painter painter(random.stream("image", static_cast<std::uint64_t>(i)));
      painter.paint(
          digit,
          std::span(data.images).subspan(static_cast<std::size_t>(i * side * side), side * side));
    }
  });
  return data;
}

#endif

/// Training and test images of the built-in data set (see builtin_part()). Throws
/// errc::argument_out_of_range unless 0 <= train, test <= 10,000,000.
[[nodiscard]] inline train_test make_builtin(const builtin_params& params = {}) {
  params.validate();
  return {builtin_part(params.seed, "train", params.train),
          builtin_part(params.seed, "test", params.test)};
}

}  // namespace swprune::inline v0::io
