// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/idx.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "swprune/core/rng.hpp"
#include "swprune/io/mnist_like.hpp"
#include "swprune/io/xz.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/io/pack.hpp"
#include "tests/support/environment.hpp"
#include "tests/support/require.hpp"

using namespace swprune;
using swprune_test::caught;
using swprune_test::environment;
using swprune_test::error_of;
using swprune_test::gzip;
using swprune_test::put_file;
using swprune_test::temp_dir;
using swprune_test::xz;
using bytes_t = std::vector<std::uint8_t>;

namespace {

void put_big(bytes_t& out, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

bytes_t idx_images(std::uint32_t n, std::uint32_t rows, std::uint32_t columns,
                   std::uint32_t magic = 0x803) {
  bytes_t out;
  for (const std::uint32_t word : {magic, n, rows, columns}) put_big(out, word);
  rng random(n * 1000003 + rows);
  for (std::uint64_t i = 0; i < std::uint64_t{n} * rows * columns; ++i)
    out.push_back(static_cast<std::uint8_t>(random.next()));
  return out;
}

bytes_t idx_labels(std::uint32_t n, std::uint32_t magic = 0x801) {
  bytes_t out;
  put_big(out, magic);
  put_big(out, n);
  for (std::uint32_t i = 0; i < n; ++i) out.push_back(static_cast<std::uint8_t>(i * 7 % 10));
  return out;
}

/// Images and labels written to files and loaded.
struct loader {
  temp_dir dir;

  train::dataset operator()(const bytes_t& images, const bytes_t& labels) const {
    put_file(dir / "images", images);
    put_file(dir / "labels", labels);
    return io::load_idx(dir / "images", dir / "labels");
  }
  caught error(const bytes_t& images, const bytes_t& labels) const {
    return error_of([&] { (void)(*this)(images, labels); });
  }
};

void write_mnist(const std::filesystem::path& dir, bool packed, std::uint32_t side = 28) {
  std::filesystem::create_directories(dir);
  const auto write = [&](const std::string& name, const bytes_t& bytes) {
    put_file(dir / (name + (packed ? ".gz" : "")), packed ? gzip(bytes) : bytes);
  };
  write("train-images-idx3-ubyte", idx_images(5, side, side));
  write("train-labels-idx1-ubyte", idx_labels(5));
  write("t10k-images-idx3-ubyte", idx_images(3, side, side));
  write("t10k-labels-idx1-ubyte", idx_labels(3));
}

}  // namespace

TEST_CASE("idx: plain and gzipped files give the bytes that went in") {
  const loader load;
  const bytes_t images = idx_images(4, 3, 5);
  const bytes_t labels = idx_labels(4);
  for (const bool packed : {false, true}) {
    CAPTURE(packed);
    const train::dataset data = packed ? load(gzip(images), gzip(labels)) : load(images, labels);
    CHECK(data.shape == map_shape{1, 3, 5});
    CHECK(data.classes == 10);
    CHECK(data.images == bytes_t(images.begin() + 16, images.end()));
    CHECK(data.labels == bytes_t(labels.begin() + 8, labels.end()));
    CHECK_NOTHROW(data.check());
  }
  CHECK(load(idx_images(0, 3, 5), idx_labels(0)).size() == 0);
}

TEST_CASE("idx: xz files, for a program that has liblzma") {
  const loader load;
  const bytes_t images = idx_images(4, 3, 5);
  const train::dataset plain = load(images, idx_labels(4));
  put_file(load.dir / "images", xz(images));
  put_file(load.dir / "labels", xz(idx_labels(4)));
  const auto load_with = [&](io::packings formats) {
    return io::load_idx(load.dir / "images", load.dir / "labels", 10, formats);
  };
  CHECK(load_with(io::plain_gzip_or_xz).images == plain.images);
  CHECK(load_with(io::plain_gzip_or_xz).labels == plain.labels);
  CHECK(error_of([&] { (void)load_with(io::plain_or_gzip); }).says({"images' is an xz file"}));
}

TEST_CASE("idx: gzip members that follow one another are one file") {
  const loader load;
  const bytes_t images = idx_images(4, 3, 5);
  bytes_t two = gzip({images.begin(), images.begin() + 30});
  const bytes_t rest = gzip({images.begin() + 30, images.end()});
  two.insert(two.end(), rest.begin(), rest.end());
  CHECK(load(two, idx_labels(4)).images == bytes_t(images.begin() + 16, images.end()));
}

TEST_CASE("idx: what is wrong is said with file and byte") {
  const loader load;
  const bytes_t images = idx_images(4, 3, 5);
  const bytes_t labels = idx_labels(4);

  SECTION("magic numbers, also when the two files are swapped") {
    CHECK(load.error(idx_images(4, 3, 5, 0x802), labels).is(errc::file_format));
    CHECK(load.error(idx_images(4, 3, 5, 0xd03), labels).says({"images", "byte 0", "0x00000803"}));
    CHECK(load.error(labels, images).says({"images", "0x00000801", "0x00000803"}));
    CHECK(load.error(images, idx_labels(4, 0x803)).says({"labels", "byte 0", "0x00000801"}));
  }
  SECTION("sizes") {
    CHECK(load.error(idx_images(4, 0, 5), labels).says({"0 rows", "byte 8", "1..4096"}));
    CHECK(load.error(idx_images(0, 3, 5000), idx_labels(0)).says({"5000 columns", "byte 12"}));
    bytes_t huge = images;
    for (std::size_t i = 4; i < 8; ++i) huge[i] = 0xff;
    CHECK(load.error(huge, labels).is(errc::file_truncated));
    CHECK(load.error(gzip(huge), labels).is(errc::file_truncated));
  }
  SECTION("every truncation, plain") {
    for (std::size_t n = 0; n < images.size(); ++n) {
      CAPTURE(n);
      const caught e = load.error({images.begin(), images.begin() + static_cast<long>(n)}, labels);
      REQUIRE(e.is(errc::file_truncated));
      REQUIRE(e.says({"images' ends at byte " + std::to_string(n)}));
    }
    for (std::size_t n = 0; n < labels.size(); ++n)
      REQUIRE(load.error(images, {labels.begin(), labels.begin() + static_cast<long>(n)})
                  .is(errc::file_truncated));
  }
  SECTION("every truncation, gzipped") {
    const bytes_t packed = gzip(images);
    for (std::size_t n = 0; n < packed.size(); ++n) {
      CAPTURE(n);
      const caught e = load.error({packed.begin(), packed.begin() + static_cast<long>(n)}, labels);
      REQUIRE(e.is(errc::file_truncated));
      REQUIRE(e.says({"images"}));
    }
  }
  SECTION("every damaged byte of a gzip file is an error or harmless") {
    const bytes_t packed = gzip(images);
    const train::dataset good = load(packed, labels);
    int errors = 0;
    for (std::size_t n = 0; n < packed.size(); ++n)
      for (const int flip : {1, 0x80, 0xff}) {
        CAPTURE(n, flip);
        bytes_t bad = packed;
        bad[n] = static_cast<std::uint8_t>(bad[n] ^ flip);
        put_file(load.dir / "images", bad);
        bool same = false;
        const caught e = error_of([&] {
          same = io::load_idx(load.dir / "images", load.dir / "labels").images == good.images;
        });
        REQUIRE((e.id != 0 || same));
        errors += e.id != 0;
      }
    // Only time stamp, system and the like in the gzip header are free.
    CHECK(errors >= static_cast<int>(3 * packed.size() - 3 * 10));
  }
  SECTION("a wrong gzip checksum has its own error") {
    bytes_t packed = gzip(images);
    packed[packed.size() - 5] ^= 1;
    CHECK(load.error(packed, labels).is(errc::file_checksum));
  }
  SECTION("trailing bytes") {
    bytes_t longer = images;
    longer.push_back(0);
    CHECK(load.error(longer, labels).says({"images", "after byte 76"}));
    CHECK(load.error(gzip(longer), labels).says({"after byte 76 of the unpacked data"}));
    bytes_t packed = gzip(images);
    packed.push_back(7);
    CHECK(load.error(packed, labels).says({"1 bytes follow the gzip data"}));
  }
  SECTION("labels") {
    CHECK(load.error(images, idx_labels(5)).is(errc::dataset_shape));
    CHECK(load.error(images, idx_labels(5)).says({"4 images (byte 4)", "5 labels (byte 4)"}));
    bytes_t bad = labels;
    bad[10] = 10;
    CHECK(load.error(images, bad).is(errc::label_out_of_range));
    CHECK(load.error(images, bad).says({"labels", "label 10 at byte 10 (image 2)", "0..9"}));
  }
  SECTION("files that are none") {
    const auto load_from = [&](const std::filesystem::path& p) {
      return error_of([&] { (void)io::load_idx(p, p); });
    };
    CHECK(load_from(load.dir / "absent").is(errc::file_open));
    CHECK(load_from(load.dir / "absent").says({"absent", "No such file"}));
    CHECK(load_from(load.dir.path()).says({"not a regular file"}));
    CHECK(load_from("/dev/zero").says({"not a regular file"}));
    CHECK(error_of([&] { (void)io::load_idx("x", "y", 0); }).says({"1..256, given 0"}));
  }
}

TEST_CASE("idx: random bytes are refused, never a crash") {
  const loader load;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    bytes_t noise(random.below(200));
    for (auto& b : noise) b = static_cast<std::uint8_t>(random.next());
    if (seed % 3 == 0 && noise.size() >= 4)
      std::copy_n(idx_images(1, 1, 1).begin(), 4, noise.begin());
    if (seed % 3 == 1 && noise.size() >= 4) std::copy_n(gzip({}).begin(), 4, noise.begin());
    REQUIRE(load.error(noise, idx_labels(4)).id != 0);
  }
}

TEST_CASE("mnist_like: both layouts, packed or not, given or from the environment") {
  const temp_dir dir;
  for (const bool packed : {false, true})
    for (const bool nested : {false, true}) {
      CAPTURE(packed, nested);
      const auto root = dir / (std::string(packed ? "p" : "u") + (nested ? "n" : "f"));
      write_mnist(nested ? root / "fashion-mnist" : root, packed);
      const io::train_test data = io::load_mnist_like(root, "fashion-mnist");
      CHECK(data.train.size() == 5);
      CHECK(data.test.size() == 3);
      const environment set("SWPRUNE_DATA", root.string());
      CHECK(io::load_mnist_like("", "fashion-mnist").train.images == data.train.images);
    }
}

TEST_CASE("mnist_like: the error says where it looked and how to mend it") {
  const temp_dir dir;
  const caught given = error_of([&] { (void)io::load_mnist_like(dir.path(), "mnist"); });
  CHECK(given.is(errc::data_not_found));
  CHECK(
      given.says({dir.path().string() + "'", "/mnist'", "the directory given",
                  "train-images-idx3-ubyte, train-labels-idx1-ubyte", "--data", "$SWPRUNE_DATA"}));
  {
    const environment set("SWPRUNE_DATA", (dir / "nowhere").string());
    const caught e = error_of([&] { (void)io::load_mnist_like("", "mnist"); });
    CHECK(e.says({"nowhere'", "($SWPRUNE_DATA)"}));
  }
  write_mnist(dir / "mnist", false);
  std::filesystem::remove(dir / "mnist/t10k-labels-idx1-ubyte");
  const caught one = error_of([&] { (void)io::load_mnist_like(dir.path(), "mnist"); });
  CHECK(one.says({"t10k-labels-idx1-ubyte"}));
  CHECK_FALSE(one.says({"t10k-images-idx3-ubyte"}));
}

TEST_CASE("mnist_like: images of another size are refused") {
  const temp_dir dir;
  write_mnist(dir.path(), false, 27);
  const caught e = error_of([&] { (void)io::load_mnist_like(dir.path()); });
  CHECK(e.is(errc::file_format));
  CHECK(e.says({"train-images-idx3-ubyte", "27 x 27", "bytes 8 and 12", "28 x 28"}));
}

TEST_CASE("mnist_like: the real files") {
  const auto dir = swprune_test::find_data("fashion-mnist");
  if (!dir) SWPRUNE_SKIP_DATA("fashion-mnist is neither below $SWPRUNE_DATA nor below ./data");
  const io::train_test data = io::load_mnist_like(*dir);
  CHECK(data.train.size() == 60000);
  CHECK(data.test.size() == 10000);
  std::vector<int> per_class(10);
  for (const std::uint8_t label : data.train.labels) ++per_class[label];
  for (const int n : per_class) CHECK(n == 6000);
}
