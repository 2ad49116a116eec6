// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/image_folder.hpp"

#include <stb/stb_image_write.h>
#include <catch2/catch.hpp>

#include "swprune/core/rng.hpp"
#include "swprune/io/load_dataset.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/support/require.hpp"

using namespace swprune;
using namespace swprune_test;
using bytes_t = std::vector<std::uint8_t>;

namespace {

bytes_t noise(index_t size, std::uint64_t seed) {
  rng random(seed);
  bytes_t out(static_cast<std::size_t>(size));
  for (auto& b : out) b = static_cast<std::uint8_t>(random.below(256));
  return out;
}

/// Writes [h][w][c] pixels as `name` says: .png, .bmp, .tga or .jpg.
void write_picture(const std::filesystem::path& path, int h, int w, int c, const bytes_t& pixels) {
  std::filesystem::create_directories(path.parent_path());
  const std::string name = path.string();
  const std::string kind = path.extension().string();
  int done = 0;
  if (kind == ".png") done = stbi_write_png(name.c_str(), w, h, c, pixels.data(), w * c);
  if (kind == ".bmp") done = stbi_write_bmp(name.c_str(), w, h, c, pixels.data());
  if (kind == ".tga") done = stbi_write_tga(name.c_str(), w, h, c, pixels.data());
  if (kind == ".jpg") done = stbi_write_jpg(name.c_str(), w, h, c, pixels.data(), 95);
  REQUIRE(done != 0);
}

bytes_t constant(int h, int w, int c, int value) {
  return bytes_t(static_cast<std::size_t>(h * w * c), static_cast<std::uint8_t>(value));
}

caught folder_error(const std::filesystem::path& dir, const io::image_folder_params& p = {}) {
  return error_of([&] { (void)io::load_image_folder(dir, p); });
}

}  // namespace

TEST_CASE("folder: classes and files in the order of their names, pixels as planes") {
  const temp_dir dir;
  const bytes_t first = noise(5 * 7 * 3, 1), second = noise(5 * 7 * 3, 2), third = noise(105, 3);
  write_picture(dir / "dog/b.png", 5, 7, 3, second);
  write_picture(dir / "dog/a.bmp", 5, 7, 3, first);
  write_picture(dir / "Zebra/x.tga", 5, 7, 3, third);
  write_text(dir / "dog/.hidden", "no picture");
  std::filesystem::create_directory(dir / ".cache");
  const io::image_folder found = io::load_image_folder(dir.path());
  CHECK(found.classes == std::vector<std::string>{"Zebra", "dog"});
  found.data.check();
  CHECK(found.data.shape == map_shape{3, 5, 7});
  CHECK(found.data.labels == bytes_t{0, 1, 1});
  const std::vector<const bytes_t*> in_order{&third, &first, &second};
  for (index_t n = 0; n < 3; ++n)
    for (index_t i = 0; i < 35; ++i)
      for (index_t c = 0; c < 3; ++c)
        CHECK(found.data.image(n)[c * 35 + i] ==
              (*in_order[static_cast<std::size_t>(n)])[static_cast<std::size_t>(i * 3 + c)]);
}

TEST_CASE("folder: grey and colour, names without meaning") {
  const temp_dir dir;
  const bytes_t grey = noise(16, 1);
  write_picture(dir / "a/1.png", 4, 4, 1, grey);
  std::filesystem::rename(dir / "a/1.png", dir / "a/picture");  // told by content
  const auto one = io::load_image_folder(dir.path(), {.channels = 1});
  CHECK(one.data.images == grey);
  const auto three = io::load_image_folder(dir.path());
  for (const std::size_t c : {0u, 1u, 2u})
    CHECK(std::equal(grey.begin(), grey.end(), three.data.images.begin() + long(16 * c)));
}

TEST_CASE("folder: sizes must agree unless a size is given") {
  const temp_dir dir;
  write_picture(dir / "a/1.png", 4, 4, 3, constant(4, 4, 3, 10));
  write_picture(dir / "a/2.png", 4, 5, 3, constant(4, 5, 3, 200));
  const caught e = folder_error(dir.path());
  CHECK(e.is(errc::dataset_shape));
  CHECK(e.says({"2.png' has 4 x 5 pixels, the first picture 4 x 4", "give a height and a width"}));

  const auto scaled = io::load_image_folder(dir.path(), {.height = 3, .width = 6});
  CHECK(scaled.data.shape == map_shape{3, 3, 6});
  for (int n = 0; n < 2; ++n)
    for (int i = 0; i < 54; ++i) CHECK(int{scaled.data.image(n)[i]} == (n == 0 ? 10 : 200));
}

TEST_CASE("folder: the cut is central and keeps proportions") {
  const temp_dir dir;
  // Black, a white square of 8 x 8 in the middle of 8 x 16.
  bytes_t wide = constant(8, 16, 1, 0);
  for (std::size_t y = 0; y < 8; ++y)
    for (std::size_t x = 4; x < 12; ++x) wide[y * 16 + x] = 255;
  write_picture(dir / "a/wide.png", 8, 16, 1, wide);
  bytes_t tall = constant(16, 8, 1, 0);
  for (std::size_t y = 4; y < 12; ++y)
    for (std::size_t x = 0; x < 8; ++x) tall[y * 8 + x] = 255;
  write_picture(dir / "a/tall.png", 16, 8, 1, tall);
  const auto found = io::load_image_folder(dir.path(), {.channels = 1, .height = 4, .width = 4});
  CHECK(found.data.images == bytes_t(32, 255));
  const auto same = io::load_image_folder(dir.path(), {.channels = 1, .height = 8, .width = 16});
  CHECK(std::equal(wide.begin(), wide.end(), same.data.image(1)));  // this size already
}

TEST_CASE("folder: what is wrong is said with the file") {
  const temp_dir dir;
  CHECK(folder_error(dir / "none").is(errc::file_open));
  CHECK(folder_error(dir.path()).is(errc::data_not_found));
  std::filesystem::create_directory(dir / "empty");
  CHECK(folder_error(dir.path()).says({"empty' has no pictures"}));
  write_text(dir / "empty/readme.txt", "this is not a picture");
  CHECK(folder_error(dir.path()).is(errc::file_format));
  CHECK(folder_error(dir.path()).says({"empty/readme.txt' (21 bytes)", "not a picture"}));
  CHECK(folder_error(dir.path(), {.channels = 2}).says({"1 or 3, given 2"}));
  CHECK(folder_error(dir.path(), {.height = 8}).says({"given 8 and 0"}));
  CHECK(folder_error(dir.path(), {.height = 8, .width = 1025}).says({"1..1024"}));
  std::filesystem::remove(dir / "empty/readme.txt");
  std::filesystem::create_directory(dir / "empty/nested");
  CHECK(folder_error(dir.path()).says({"nested' is not a regular file"}));
  std::filesystem::remove(dir / "empty/nested");
  write_picture(dir / "empty/large.png", 1, 4097, 1, constant(1, 4097, 1, 0));
  CHECK(folder_error(dir.path()).says({"large.png' has 1 x 4097 pixels", "1..4096"}));
  const temp_dir many;
  for (int k = 0; k < 257; ++k) std::filesystem::create_directory(many / std::to_string(k));
  CHECK(folder_error(many.path()).says({"257 sub-folders, at most 256"}));
}

TEST_CASE("folder: truncated and damaged pictures are refused or read, never a crash") {
  const temp_dir dir;
  int errors = 0;
  for (const char* kind : {"x.png", "x.jpg", "x.bmp", "x.tga"}) {
    std::filesystem::remove_all(dir / "a");
    write_picture(dir / "a" / kind, 9, 11, 3, noise(9 * 11 * 3, 1));
    const auto file = dir / "a" / kind;
    const bytes_t whole = io::read_file(file);
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
      CAPTURE(kind, seed);
      rng random(seed);
      bytes_t bad = whole;
      for (std::uint64_t k = random.below(4); k > 0; --k)
        bad[random.below(std::min<std::uint64_t>(bad.size(), 200))] =
            static_cast<std::uint8_t>(random.below(256));
      if (seed % 2 == 0) bad.resize(random.below(bad.size()));
      put_file(file, bad);
      const caught e = folder_error(dir.path());
      if (e.id != 0) REQUIRE(e.says({kind}));
      errors += e.id != 0;
    }
  }
  CHECK(errors > 400);
}

TEST_CASE("folders: training and test pictures with the same classes") {
  const temp_dir dir;
  for (const char* name :
       {"train/a/1.png", "train/b/1.png", "train/b/2.png", "val/a/1.png", "val/b/1.png"})
    write_picture(dir / name, 2, 2, 3, constant(2, 2, 3, 9));
  const io::train_test data = io::load_dataset("folder", dir.path());
  CHECK(data.train.size() == 3);
  CHECK(data.test.size() == 2);
  CHECK(data.test.classes == 2);
  const auto both = [&] { return error_of([&] { (void)io::load_image_folders(dir.path()); }); };
  write_picture(dir / "val/c/1.png", 2, 2, 3, constant(2, 2, 3, 9));
  CHECK(both().says({"different classes: 'none' and 'c'"}));
  std::filesystem::remove_all(dir / "val/c");
  for (const char* name : {"val/a/1.png", "val/b/1.png"})
    write_picture(dir / name, 2, 3, 3, constant(2, 3, 3, 9));
  CHECK(both().says({"2 x 2 pixels, test pictures 2 x 3"}));
  std::filesystem::remove_all(dir / "val");
  CHECK(both().is(errc::data_not_found));
}

TEST_CASE("load_dataset: every name has its loader, another name is refused") {
  CHECK(io::load_dataset("builtin").train.size() > 0);
  const temp_dir empty;
  for (const std::string_view name : io::dataset_names) {
    if (name == "builtin") continue;
    CAPTURE(name);
    CHECK(error_of([&] { (void)io::load_dataset(name, empty.path()); }).is(errc::data_not_found));
  }
  const caught e = error_of([] { (void)io::load_dataset("imagenet"); });
  CHECK(e.is(errc::argument_out_of_range));
  CHECK(
      e.says({"'imagenet'", "builtin, mnist, fashion-mnist, cifar10, cifar100, cifar100-coarse"}));
}

TEST_CASE("load_dataset: from the root of the data and from the set's own directory") {
  const auto mnist = find_data("mnist");
  if (!mnist) SWPRUNE_SKIP_DATA("mnist is neither below $SWPRUNE_DATA nor ./data");
  const io::train_test own = io::load_dataset("mnist", *mnist);
  const io::train_test root = io::load_dataset("mnist", mnist->parent_path());
  CHECK(own.train.size() == 60000);
  CHECK(own.test.labels == root.test.labels);
  // CRC-32 of all pixels and labels, found once with Python's gzip and numpy.
  CHECK(io::crc32(own.train.images) == 4083391318u);
  CHECK(io::crc32(own.test.images) == 3838467927u);
}
