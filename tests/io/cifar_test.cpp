// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/cifar.hpp"

#include <catch2/catch.hpp>

#include <numeric>

#include "swprune/core/rng.hpp"
#include "swprune/io/xz.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/io/pack.hpp"
#include "tests/support/environment.hpp"
#include "tests/support/require.hpp"
#include "tests/support/run.hpp"

using namespace swprune;
using namespace swprune_test;
using bytes_t = std::vector<std::uint8_t>;

namespace {

/// `n` records; record k has label k mod 10 (coarse k mod 20, fine k mod 100) and pixels of its
/// own.
bytes_t records(index_t n, index_t label_bytes = 1, std::uint64_t seed = 1) {
  rng random(seed);
  bytes_t out;
  out.reserve(static_cast<std::size_t>(n * (3072 + label_bytes)));
  for (index_t k = 0; k < n; ++k) {
    if (label_bytes == 2) out.push_back(static_cast<std::uint8_t>(k % 20));
    out.push_back(static_cast<std::uint8_t>(k % (label_bytes == 2 ? 100 : 10)));
    const auto base = static_cast<std::uint8_t>(random.next());
    for (int i = 0; i < 3072; ++i) out.push_back(static_cast<std::uint8_t>(base + i * 7));
  }
  return out;
}

struct loader {
  temp_dir dir;

  train::dataset operator()(const bytes_t& bytes,
                            io::cifar_layout layout = io::cifar10_records) const {
    put_file(dir / "batch", bytes);
    return io::load_cifar_file(dir / "batch", layout, io::plain_gzip_or_xz);
  }
  caught error(const bytes_t& bytes, io::cifar_layout layout = io::cifar10_records) const {
    return error_of([&] { (void)(*this)(bytes, layout); });
  }
};

/// The six files of CIFAR-10 with all their records, packed small.
void write_cifar10(const std::filesystem::path& dir) {
  std::filesystem::create_directories(dir);
  for (int k = 1; k <= 5; ++k)
    put_file(dir / ("data_batch_" + std::to_string(k) + ".bin.gz"),
             gzip(records(10000, 1, static_cast<std::uint64_t>(k)), 1));
  put_file(dir / "test_batch.bin.gz", gzip(records(10000, 1, 6), 1));
}

}  // namespace

TEST_CASE("cifar: records come apart into labels and planes, packed or not") {
  const loader load;
  const bytes_t in = records(30);
  for (const bytes_t& form : {in, gzip(in), xz(in)}) {
    const train::dataset data = load(form);
    data.check();
    REQUIRE(data.size() == 30);
    CHECK(data.shape == map_shape{3, 32, 32});
    CHECK(data.classes == 10);
    for (index_t n = 0; n < 30; ++n) {
      CHECK(data.labels[static_cast<std::size_t>(n)] == n % 10);
      CHECK(std::equal(data.image(n), data.image(n) + 3072, in.begin() + n * 3073 + 1));
    }
  }
  CHECK(load({}).size() == 0);
}

TEST_CASE("cifar: the two labels of CIFAR-100") {
  const loader load;
  const bytes_t in = records(130, 2);
  const train::dataset fine = load(in, io::cifar100_fine);
  const train::dataset coarse = load(in, io::cifar100_coarse);
  CHECK(fine.classes == 100);
  CHECK(coarse.classes == 20);
  CHECK(fine.labels[123] == 23);
  CHECK(coarse.labels[123] == 3);
  CHECK(fine.images == coarse.images);
  CHECK(std::equal(fine.image(129), fine.image(129) + 3072, in.begin() + 129 * 3074 + 2));
}

TEST_CASE("cifar: what is wrong is said with file and byte") {
  const loader load;
  bytes_t in = records(3);
  for (const std::size_t n : {1u, 3072u, 3074u, 9218u}) {
    CAPTURE(n);
    const bytes_t cut(in.begin(), in.begin() + static_cast<long>(n));
    for (const bytes_t& form : {cut, gzip(cut), xz(cut)}) {
      const caught e = load.error(form);
      CHECK(e.is(errc::file_truncated));
      CHECK(e.says({"batch'", "byte " + std::to_string(n), "record " + std::to_string(n / 3073)}));
    }
  }
  CHECK(load.error(in, io::cifar100_fine).is(errc::file_truncated));
  in[3073] = 10;
  CHECK(load.error(in).is(errc::label_out_of_range));
  CHECK(load.error(in).says({"batch'", "label 10 at byte 3073 (record 1)", "0..9"}));
  CHECK(load.error(gzip(in)).says({"byte 3073 of the unpacked data"}));
  bytes_t fine = records(2, 2);
  fine[3075] = 100;
  CHECK(load.error(fine, io::cifar100_fine).says({"label 100 at byte 3075 (record 1)", "0..99"}));
  CHECK(load(fine, io::cifar100_coarse).size() == 2);
  const auto limited = [&](index_t limit) {
    put_file(load.dir / "batch", gzip(records(3), 1));
    return error_of([&] {
      (void)io::load_cifar_file(load.dir / "batch", io::cifar10_records, io::plain_or_gzip, limit);
    });
  };
  CHECK(limited(3).id == 0);
  CHECK(limited(2).is(errc::file_format));
  CHECK(limited(2).says({"goes on after byte 6146 of the unpacked data", "2 records"}));
  CHECK(limited(-1).says({"0 <= limit <= 1000000"}));
  CHECK(error_of([&] {
          (void)io::load_cifar_file(load.dir / "none", io::cifar10_records);
        }).is(errc::file_open));
}

TEST_CASE("cifar: random bytes are refused, never a crash") {
  const loader load;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    bytes_t noise(1 + random.below(9000));
    for (auto& b : noise) b = static_cast<std::uint8_t>(random.next());
    if (noise.size() % 3073 != 0) REQUIRE(load.error(noise).is(errc::file_truncated));
  }
}

TEST_CASE("cifar: the whole set from a directory, in order") {
  const temp_dir dir;
  write_cifar10(dir / "cifar-10-batches-bin");
  const io::train_test data = io::load_cifar10(dir.path());
  CHECK(data.train.size() == 50000);
  CHECK(data.test.size() == 10000);
  for (std::uint64_t k = 1; k <= 6; ++k) {
    const bytes_t expected = records(10000, 1, k);
    const train::dataset& half = k < 6 ? data.train : data.test;
    const auto first = static_cast<index_t>(k < 6 ? (k - 1) * 10000 : 0);
    CHECK(std::equal(half.image(first), half.image(first) + 3072, expected.begin() + 1));
    CHECK(std::equal(half.image(first + 9999), half.image(first + 9999) + 3072,
                     expected.end() - 3072));
  }
  const auto inside = dir / "cifar-10-batches-bin";
  {
    const environment set("SWPRUNE_DATA", inside.string());
    CHECK(io::load_cifar10("").test.images == data.test.images);
  }
  const auto error = [&] { return error_of([&] { (void)io::load_cifar10(dir.path()); }); };
  const caught cut = [&] {
    put_file(inside / "data_batch_3.bin.gz", gzip(records(9999), 1));
    return error();
  }();
  CHECK(cut.is(errc::file_truncated));
  CHECK(cut.says({"data_batch_3.bin.gz' ends at byte 30726927", "9999 records, expected 10000"}));

  put_file(inside / "data_batch_3.bin.gz", gzip(records(10001), 1));
  CHECK(error().says({"data_batch_3.bin.gz' goes on after byte 30730000"}));

  std::filesystem::remove(inside / "data_batch_3.bin.gz");
  CHECK(error().is(errc::data_not_found));
  CHECK(error().says({"data_batch_3.bin;", "cifar-10-batches-bin'"}));
  CHECK_FALSE(error().says({"data_batch_4.bin"}));
}

TEST_CASE("cifar: CIFAR-100 from a directory") {
  const temp_dir dir;
  put_file(dir / "train.bin.gz", gzip(records(50000, 2, 1), 1));
  put_file(dir / "test.bin.gz", gzip(records(10000, 2, 2), 1));
  const io::train_test fine = io::load_cifar100(dir.path());
  CHECK(fine.train.size() == 50000);
  CHECK(fine.test.size() == 10000);
  CHECK(fine.train.classes == 100);
  CHECK(fine.train.labels[49999] == 99);
  CHECK(io::load_cifar100(dir.path(), io::cifar100_coarse).test.classes == 20);
}

TEST_CASE("cifar: the real files hold what another reader finds in them") {
  const auto dir = find_data("cifar-10-batches-bin");
  if (!dir) SWPRUNE_SKIP_DATA("cifar-10-batches-bin is neither below $SWPRUNE_DATA nor ./data");
  const io::train_test data = io::load_cifar10(*dir, io::plain_gzip_or_xz);
  REQUIRE(data.train.size() == 50000);
  REQUIRE(data.test.size() == 10000);
  for (const auto* half : {&data.train, &data.test}) {
    std::vector<index_t> per_class(10);
    for (const std::uint8_t label : half->labels) ++per_class[label];
    for (const index_t n : per_class) CHECK(n == half->size() / 10);
  }
  CHECK(data.train.labels[0] == 6);  // the frog that everyone knows
  CHECK(data.test.labels[0] == 3);
  // Published statistics of the training set.
  const std::vector<double> means{0.49139968, 0.48215841, 0.44653091};
  for (std::size_t c = 0; c < 3; ++c) {
    std::uint64_t sum = 0;
    for (index_t n = 0; n < 50000; ++n)
      sum += std::accumulate(data.train.image(n) + c * 1024, data.train.image(n) + (c + 1) * 1024,
                             std::uint64_t{0});
    CHECK(static_cast<double>(sum) / (50000.0 * 1024 * 255) == Approx(means[c]).margin(5e-9));
  }

  // CRC-32 of all pixels and all labels, found once with Python's lzma and numpy.
  CHECK(io::crc32(data.train.images) == 3798869581u);
  CHECK(io::crc32(data.train.labels) == 1323740258u);
  CHECK(io::crc32(data.test.labels) == 3134871753u);

  // The test images may be those of the official file or have a few from a JPEG copy: ask a reader
  // that shares no code.
  const auto python = find_oracle_python("numpy");
  if (!python) SWPRUNE_SKIP_ORACLE("numpy for /usr/bin/python3 is not installed");
  const std::string script = R"(import gzip, lzma, os, sys, zlib, numpy
for suffix, opener in (("", open), (".gz", gzip.open), (".xz", lzma.open)):
    path = os.path.join(sys.argv[1], "test_batch.bin" + suffix)
    if os.path.exists(path):
        r = numpy.frombuffer(opener(path, "rb").read(), numpy.uint8).reshape(-1, 3073)
        print(zlib.crc32(r[:, 1:].tobytes()))
        break
)";
  const temp_dir work;
  write_text(work / "read.py", script);
  const run_result result =
      run(*python + " " + quoted((work / "read.py").string()) + " " + quoted(dir->string()));
  CHECK(result.output == std::to_string(io::crc32(data.test.images)) + "\n");
}
