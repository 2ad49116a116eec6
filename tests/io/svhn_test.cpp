// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/svhn.hpp"

#include <zlib.h>
#include <catch2/catch.hpp>

#include <sstream>

#include "swprune/core/rng.hpp"
#include "swprune/io/mat.hpp"
#include "swprune/io/xz.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/io/pack.hpp"
#include "tests/support/require.hpp"
#include "tests/support/run.hpp"

using namespace swprune;
using namespace swprune_test;
using bytes_t = std::vector<std::uint8_t>;

namespace {

void put32(bytes_t& out, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
}

/// A data element, written short when it has up to four bytes, as MATLAB does.
void put_element(bytes_t& out, std::uint32_t type, const bytes_t& data) {
  const auto size = static_cast<std::uint32_t>(data.size());
  const bool is_short = size >= 1 && size <= 4;
  put32(out, is_short ? size << 16 | type : type);
  if (!is_short) put32(out, size);
  out.insert(out.end(), data.begin(), data.end());
  while (out.size() % 8 != 0) out.push_back(0);
}

bytes_t matrix(const std::string& name, const std::vector<std::uint32_t>& sizes,
               const bytes_t& values, std::uint8_t flags = 0, std::uint32_t value_type = 2) {
  bytes_t content, numbers;
  put_element(content, 6, {9, flags, 0, 0, 0, 0, 0, 0});
  for (const std::uint32_t s : sizes) put32(numbers, s);
  put_element(content, 5, numbers);
  put_element(content, 1, bytes_t(name.begin(), name.end()));
  put_element(content, value_type, values);
  bytes_t out;
  put32(out, 14);
  put32(out, static_cast<std::uint32_t>(content.size()));
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

bytes_t compressed(const bytes_t& element) {
  bytes_t packed(::compressBound(element.size()));
  uLongf size = packed.size();
  REQUIRE(::compress2(packed.data(), &size, element.data(), element.size(), 6) == Z_OK);
  bytes_t out;
  put32(out, 15);
  put32(out, static_cast<std::uint32_t>(size));
  out.insert(out.end(), packed.begin(), packed.begin() + static_cast<long>(size));
  return out;
}

bytes_t mat_file(const std::vector<bytes_t>& elements) {
  const std::string text = "MATLAB 5.0 MAT-file, from a test";
  bytes_t out(text.begin(), text.end());
  out.resize(124, ' ');
  for (const int b : {0, 1, int{'I'}, int{'M'}}) out.push_back(static_cast<std::uint8_t>(b));
  for (const bytes_t& e : elements) out.insert(out.end(), e.begin(), e.end());
  return out;
}

bytes_t some_bytes(std::size_t n) {
  rng random(n);
  bytes_t out(n);
  for (auto& b : out) b = static_cast<std::uint8_t>(random.below(256));
  return out;
}

/// `n` images and the labels 1, 2, .., 10, 1, ..
std::vector<bytes_t> svhn(std::uint32_t n) {
  bytes_t labels;
  for (std::uint32_t k = 0; k < n; ++k) labels.push_back(static_cast<std::uint8_t>(k % 10 + 1));
  return {matrix("X", {32, 32, 3, n}, some_bytes(3072 * n)), matrix("y", {n, 1}, labels)};
}

struct loader {
  temp_dir dir;

  std::vector<io::mat_array> arrays(const bytes_t& bytes) const {
    put_file(dir / "a.mat", bytes);
    return io::read_mat(dir / "a.mat", io::plain_gzip_or_xz);
  }
  train::dataset operator()(const bytes_t& bytes) const {
    put_file(dir / "a.mat", bytes);
    return io::load_svhn_file(dir / "a.mat", io::plain_gzip_or_xz);
  }
  caught error(const bytes_t& bytes) const {
    return error_of([&] { (void)(*this)(bytes); });
  }
};

}  // namespace

TEST_CASE("mat: arrays come out as they went in, compressed or not") {
  const loader load;
  const std::vector<bytes_t> elements{matrix("X", {2, 3, 4}, some_bytes(24)),
                                      matrix("a_long_name", {3, 1}, {7, 8, 9}),
                                      matrix("none", {0, 5}, {})};
  std::vector<bytes_t> packed;
  for (const bytes_t& e : elements) packed.push_back(compressed(e));
  const bytes_t plain_file = mat_file(elements), packed_file = mat_file(packed);
  for (const bytes_t& form : {plain_file, packed_file, gzip(plain_file), xz(packed_file)}) {
    const auto arrays = load.arrays(form);
    REQUIRE(arrays.size() == 3);
    CHECK(arrays[0].name == "X");
    CHECK(arrays[0].sizes == std::vector<index_t>{2, 3, 4});
    CHECK(arrays[0].values == some_bytes(24));
    CHECK(arrays[1].name == "a_long_name");
    CHECK(arrays[1].values == bytes_t{7, 8, 9});
    CHECK(arrays[2].values.empty());
  }
  CHECK(load.arrays(mat_file({})).empty());
}

TEST_CASE("svhn: rows and columns change places, digit 0 is label 10") {
  const loader load;
  auto elements = svhn(12);
  const bytes_t x = some_bytes(3072 * 12);
  for (const bool packed : {false, true}) {
    if (packed)
      for (bytes_t& e : elements) e = compressed(e);
    const train::dataset data = load(mat_file(elements));
    data.check();
    REQUIRE(data.size() == 12);
    CHECK(data.shape == map_shape{3, 32, 32});
    for (std::size_t n = 0; n < 12; ++n) CHECK(data.labels[n] == (n + 1) % 10);
    bool same = true;
    for (std::size_t n = 0; n < 12; ++n)
      for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t row = 0; row < 32; ++row)
          for (std::size_t column = 0; column < 32; ++column)
            same = same && data.images[((n * 3 + c) * 32 + row) * 32 + column] ==
                               x[row + 32 * (column + 32 * (c + 3 * n))];
    CHECK(same);
  }
  CHECK(load(mat_file({matrix("y", {1, 1}, {3}), matrix("X", {32, 32, 3}, some_bytes(3072))}))
            .labels == bytes_t{3});
}

TEST_CASE("svhn: what is wrong is said with file and byte") {
  const loader load;
  const bytes_t good = mat_file(svhn(2));
  const bytes_t x = matrix("X", {32, 32, 3, 2}, some_bytes(6144));
  const bytes_t y = matrix("y", {2, 1}, {1, 10});
  CHECK(load(mat_file({x, y})).size() == 2);
  const auto says = [&](const bytes_t& bytes, errc code, const std::vector<std::string>& parts) {
    const caught e = load.error(bytes);
    CAPTURE(e.text);
    CHECK(e.is(code));
    CHECK(e.says({"a.mat"}));
    CHECK(e.says(parts));
  };
  bytes_t big = good;
  std::swap(big[126], big[127]);
  says(big, errc::file_format, {"byte 124", "0x4d 0x49", "little-endian"});
  says(bytes_t(200, 'x'), errc::file_format, {"byte 124"});
  says(mat_file({y}), errc::file_format, {"no array 'X'"});
  says(mat_file({x}), errc::file_format, {"no array 'y'"});
  says(mat_file({x, matrix("y", {2, 1}, {1, 0})}), errc::label_out_of_range,
       {"label 0 at y(2)", "1..10"});
  says(mat_file({x, matrix("y", {2, 1}, {11, 1})}), errc::label_out_of_range, {"label 11 at y(1)"});
  says(mat_file({x, matrix("y", {3, 1}, {1, 2, 3})}), errc::dataset_shape, {"as many labels"});
  says(mat_file({matrix("X", {3, 32, 32, 2}, some_bytes(6144)), y}), errc::file_format,
       {"expected [32, 32, 3, n]"});
  says(mat_file({matrix("X", {32, 32, 3, 3}, some_bytes(6144)), y}), errc::file_format,
       {"element at byte 128", "9216 values, but 6144 bytes"});
  says(mat_file({matrix("X", {65536, 65536, 65536, 65536}, some_bytes(64)), y}), errc::file_format,
       {"'X' has 4 sizes"});
  says(mat_file({matrix("X", {0x80000000u, 1}, {}), y}), errc::file_format, {"negative size"});
  says(mat_file({matrix("X", {8}, some_bytes(8)), y}), errc::file_format, {"1 sizes"});
  says(mat_file({matrix("X", {8, 1}, some_bytes(8), 0x08), y}), errc::file_format,
       {"real numbers"});
  says(mat_file({matrix("X", {1, 1}, some_bytes(8), 0, 9), y}), errc::file_format,
       {"type 9", "values, bytes only"});
  bytes_t unknown = x;
  unknown[0] = 77;
  says(mat_file({y, unknown}), errc::file_format, {"type 77 at byte 1", "14 (matrix)"});
  bytes_t bomb = compressed(x);  // says that it holds 4 GB
  bytes_t huge = x;
  for (int i = 4; i < 8; ++i) huge[static_cast<std::size_t>(i)] = 0xff;
  says(mat_file({compressed(huge)}), errc::file_format, {"compressed element at byte 128"});
  bomb[20] ^= 0x55;
  says(mat_file({bomb}), errc::file_format, {"compressed element at byte 128"});
}

TEST_CASE("mat: every truncation is an error or leaves out whole arrays") {
  const loader load;
  const bytes_t a = matrix("a", {3, 4}, some_bytes(12)), b = matrix("b", {40, 1}, some_bytes(40));
  for (const auto& elements : {std::vector<bytes_t>{a, b}, {compressed(a), compressed(b)}}) {
    const bytes_t whole = mat_file(elements);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      CAPTURE(n);
      const auto read = [&] { return load.arrays({whole.begin(), whole.begin() + long(n)}); };
      const bool between = n == 128 || n == 128 + elements[0].size();
      if (between) {
        CHECK(read().size() == (n == 128 ? 0 : 1));
      } else {
        const caught e = error_of([&] { (void)read(); });
        REQUIRE(e.is(errc::file_truncated));
        REQUIRE(e.says({"a.mat' has " + std::to_string(n) + " bytes"}));
      }
    }
  }
}

TEST_CASE("mat: damaged files are refused or read, never a crash and never a hang") {
  const loader load;
  const bytes_t a = matrix("X", {3, 4, 5}, some_bytes(60)), b = matrix("y", {5, 1}, some_bytes(5));
  for (const auto& elements : {std::vector<bytes_t>{a, b}, {compressed(a), compressed(b)}}) {
    const bytes_t whole = mat_file(elements);
    int errors = 0;
    for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
      CAPTURE(seed);
      rng random(seed);
      bytes_t bad = whole;
      for (std::uint64_t k = 1 + random.below(3); k > 0; --k)
        bad[124 + random.below(bad.size() - 124)] = static_cast<std::uint8_t>(random.below(256));
      const caught e = error_of([&] { (void)load.arrays(bad); });
      if (e.id != 0) REQUIRE(e.says({"a.mat"}));
      errors += e.id != 0;
    }
    CHECK(errors > 100);
  }
}

TEST_CASE("svhn: the real files hold what scipy finds in them") {
  const auto dir = find_data("svhn-subset");
  if (!dir) SWPRUNE_SKIP_DATA("svhn-subset is neither below $SWPRUNE_DATA nor ./data");
  const io::train_test data = io::load_svhn(*dir);
  CHECK(data.train.size() == 7000);
  CHECK(data.test.size() == 3000);
  // Digits 0, 1, .., 9.
  const std::vector<int> train_counts{481, 1363, 1104, 781, 702, 636, 543, 516, 436, 438};
  const std::vector<int> test_counts{203, 605, 486, 323, 262, 273, 230, 251, 185, 182};
  std::vector<int> found_train(10), found_test(10);
  for (const std::uint8_t l : data.train.labels) ++found_train[l];
  for (const std::uint8_t l : data.test.labels) ++found_test[l];
  CHECK(found_train == train_counts);
  CHECK(found_test == test_counts);

  const auto python = find_oracle_python("scipy.io");
  if (!python) SWPRUNE_SKIP_ORACLE("scipy for /usr/bin/python3 is not installed");
  const std::string script = R"(import os, sys, zlib, numpy, scipy.io
for half in "train", "test":
    m = scipy.io.loadmat(os.path.join(sys.argv[1], half + "_32x32.mat"))
    images = numpy.ascontiguousarray(m["X"].transpose(3, 2, 0, 1))
    labels = (m["y"].ravel() % 10).astype(numpy.uint8)
    print(zlib.crc32(images.tobytes()), zlib.crc32(labels.tobytes()))
)";
  const temp_dir work;
  write_text(work / "read.py", script);
  const run_result result =
      run(*python + " " + quoted((work / "read.py").string()) + " " + quoted(dir->string()));
  std::ostringstream ours;
  for (const auto* half : {&data.train, &data.test})
    ours << io::crc32(half->images) << ' ' << io::crc32(half->labels) << '\n';
  CHECK(result.output == ours.str());
}
