// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/npy.hpp"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <cstring>
#include <string>

#include "swprune/core/rng.hpp"
#include "swprune/io/npz.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/support/require.hpp"

using namespace swprune;
using swprune_test::caught;
using swprune_test::error_of;
using swprune_test::temp_dir;
using bytes_t = std::vector<std::uint8_t>;

namespace {

io::array random_array(rng& random) {
  std::vector<index_t> shape(random.below(4));
  for (auto& n : shape) n = static_cast<index_t>(random.below(6));
  const auto type = static_cast<io::number_type>(1 + random.below(std::size(io::number_types)));
  bytes_t bytes(*io::array::bytes_of(type, shape));
  for (auto& b : bytes) b = static_cast<std::uint8_t>(random.below(100));  // no NaN: == must hold
  return {type, shape, bytes};
}

/// An .npy file of version 1 with this header text and data.
bytes_t npy(const std::string& header, const bytes_t& data, int major = 1) {
  io::byte_writer out;
  out.put_text(io::detail::npy_magic);
  out.put<std::uint8_t>(static_cast<std::uint8_t>(major));
  out.put<std::uint8_t>(0);
  if (major == 1) {
    out.put<std::uint16_t>(static_cast<std::uint16_t>(header.size()));
  } else {
    out.put<std::uint32_t>(static_cast<std::uint32_t>(header.size()));
  }
  out.put_text(header);
  out.put_bytes(data);
  return out.take();
}

caught decode_error(const bytes_t& file) {
  return error_of([&] { (void)io::decode_npy(file, "f.npy"); });
}
caught decode_npz_error(const bytes_t& file) {
  return error_of([&] { (void)io::decode_npz(file, "f.npz"); });
}

io::record_set small_set() {
  io::record_set set;
  set.add("a", io::array::of<std::int32_t>({2, 2}, std::vector<std::int32_t>{1, 2, 3, -4}));
  set.add("a.b", io::array::of(std::vector<std::uint8_t>{1, 0, 1}));
  return set;
}

bool run_python(const std::string& python, const temp_dir& dir, const std::string& program) {
  io::write_file(dir / "program.py", program);
  const std::string command = "cd '" + dir.path().string() + "' && " + python + " program.py 2>log";
  return std::system(command.c_str()) == 0;
}

}  // namespace

TEST_CASE("npy: arrays come back") {
  CHECK(rc::check("npy round trip", [] {
    rng random(*rc::gen::arbitrary<std::uint64_t>());
    const io::array a = random_array(random);
    const bytes_t file = io::encode_npy(a);
    RC_ASSERT(io::decode_npy(file, "f") == a);
    RC_ASSERT((file.size() - a.bytes().size()) % 64 == 0);
  }));
}

TEST_CASE("npy: golden bytes") {
  const io::array a = io::array::of<std::int8_t>({3}, std::vector<std::int8_t>{1, -1, 5});
  const std::string head = "{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }";
  bytes_t expected = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
  for (const char c : head) expected.push_back(static_cast<std::uint8_t>(c));
  expected.resize(127, ' ');
  for (const int b : {int{'\n'}, 1, 255, 5}) expected.push_back(static_cast<std::uint8_t>(b));
  CHECK(io::encode_npy(a) == expected);
}

TEST_CASE("npy: headers in other words are understood") {
  const bytes_t data = {1, 0, 0, 0, 2, 0, 0, 0};
  const auto expected = io::array::of(std::vector<std::int32_t>{1, 2});
  const char* good[] = {"{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }\n",
                        "{'shape':(2,),'fortran_order':False,'descr':'<i4'}",
                        "{'descr': '<i4', 'fortran_order': True, 'shape': (2,)}  \n"};
  for (const char* header : good) {
    CAPTURE(header);
    for (const int major : {1, 2, 3})
      CHECK(io::decode_npy(npy(header, data, major), "f") == expected);
  }
  CHECK(io::decode_npy(npy("{'descr': '<i8', 'fortran_order': False, 'shape': ()}", data), "f")
            .shape()
            .empty());
}

TEST_CASE("npy: what is wrong is said") {
  const bytes_t data(8);
  const auto header_error = [&](const std::string& header) {
    return decode_error(npy(header, data));
  };
  CHECK(header_error("{'descr': '>i4', 'fortran_order': False, 'shape': (2,)}")
            .says({"'>i4'", "big-endian", "<i4"}));
  CHECK(header_error("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}").says({"'|O'"}));
  CHECK(header_error("{'descr': '<i4', 'fortran_order': True, 'shape': (1, 2)}")
            .says({"Fortran order", "[1 x 2]"}));
  CHECK(header_error("{'descr': '<i4', 'fortran_order': False, 'shape': (3,)}")
            .is(errc::file_truncated));
  CHECK(header_error("{'descr': '<i4', 'fortran_order': False, 'shape': (1,)}")
            .says({"4 bytes follow the array"}));
  CHECK(header_error("{'descr': '<i4', 'fortran_order': False, 'shape': (999999999999999999, "
                     "999999999999999999)}")
            .says({"not possible"}));
  const char* bad[] = {"",
                       "{",
                       "{}",
                       "{'descr': '<i4'}",
                       "{'descr': '<i4', 'fortran_order': False, 'shape': (2,)",
                       "{'descr': '<i4', 'fortran_order': False, 'shape': (2,)} x",
                       "{'descr': '<i4', 'fortran_order': False, 'shape': (-2,)}",
                       "{'descr': '<i4', 'fortran_order': False, 'shape': (2 2)}",
                       "{'descr': '<i4', 'fortran_order': False, 'shape': (9999999999999999999,)}",
                       "{'descr': '<i4', 'fortran_order': 0, 'shape': (2,)}",
                       "{'descr': '<i4, 'fortran_order': False}",
                       "{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, 'shape': (2,)}",
                       "{'other': '<i4', 'fortran_order': False, 'shape': (2,)}"};
  for (const char* header : bad) {
    CAPTURE(header);
    CHECK(header_error(header).is(errc::file_format));
    CHECK(header_error(header).says({"f.npy", "header at byte"}));
  }
  CHECK(decode_error(npy("{}", {}, 9)).says({"version 9.0"}));
  CHECK(decode_error({'x', 'y', 'z', 'x', 'y', 'z'}).says({"not an .npy file"}));
}

TEST_CASE("npy and npz: damaged files are errors or the truth, never a crash") {
  const bytes_t one = io::encode_npy(io::array::of(std::vector<std::int32_t>{1, 2, 3}));
  const bytes_t many = io::encode_npz(small_set());
  for (std::size_t n = 0; n < one.size(); ++n)
    REQUIRE(
        decode_error({one.begin(), one.begin() + static_cast<long>(n)}).is(errc::file_truncated));
  for (std::size_t n = 0; n < many.size(); ++n)
    REQUIRE(decode_npz_error({many.begin(), many.begin() + static_cast<long>(n)}).id != 0);
  int errors = 0;
  for (std::size_t i = 0; i < many.size(); ++i)
    for (const int flip : {1, 0x80, 0xff}) {
      CAPTURE(i, flip);
      bytes_t bad = many;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ flip);
      bool same = false;
      const caught e = error_of([&] { same = io::decode_npz(bad, "f.npz") == small_set(); });
      REQUIRE((e.id != 0 || same));  // dates and attributes are free
      errors += e.id != 0;
    }
  CHECK(errors > static_cast<int>(2 * many.size()));
  for (std::size_t i = 0; i < one.size(); ++i)
    for (const int flip : {1, 0x80, 0xff}) {
      bytes_t bad = one;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ flip);
      const auto size = error_of([&] { (void)io::decode_npy(bad, "f"); });
      REQUIRE((size.id != 0 || i >= one.size() - 12));  // the data are anyone's
    }
}

TEST_CASE("npz: golden bytes") {
  io::record_set set;
  set.add("m", io::array::of(std::vector<std::uint8_t>{1, 0}));
  const bytes_t npy_bytes = io::encode_npy(set.at("m"));
  REQUIRE(npy_bytes.size() == 130);
  const std::uint32_t crc = io::crc32(npy_bytes);
  io::byte_writer out;
  const auto shared_fields = [&] {
    for (const int v : {20, 0, 0, 0, 0x21}) out.put<std::uint16_t>(static_cast<std::uint16_t>(v));
    for (const std::uint32_t v : {crc, 130u, 130u}) out.put<std::uint32_t>(v);
    for (const int v : {5, 0}) out.put<std::uint16_t>(static_cast<std::uint16_t>(v));
  };
  out.put_text("PK\x03\x04");
  shared_fields();
  out.put_text("m.npy");
  out.put_bytes(npy_bytes);
  REQUIRE(out.size() == 165);
  out.put_text("PK\x01\x02");
  out.put<std::uint16_t>(20);
  shared_fields();
  for (int i = 0; i < 14; ++i) out.put<std::uint8_t>(0);
  out.put_text("m.npy");
  REQUIRE(out.size() == 216);
  out.put_text("PK\x05\x06");
  for (const int v : {0, 0, 1, 1}) out.put<std::uint16_t>(static_cast<std::uint16_t>(v));
  for (const std::uint32_t v : {51u, 165u}) out.put<std::uint32_t>(v);
  out.put<std::uint16_t>(0);
  CHECK(io::encode_npz(set) == out.bytes());
}

TEST_CASE("npz: NumPy reads ours and we read NumPy's") {
  const auto python = swprune_test::find_oracle_python("numpy");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with numpy");
  const temp_dir dir;
  rng random(7);
  io::record_set set;
  for (int i = 0; i < 40; ++i) set.add("layer" + std::to_string(i) + ".w", random_array(random));
  io::save_npz(dir / "ours.npz", set);
  for (const char* writer : {"savez", "savez_compressed"}) {
    CAPTURE(writer);
    REQUIRE(run_python(*python, dir,
                       std::string("import numpy as np\n"
                                   "d = np.load('ours.npz', allow_pickle=False)\n"
                                   "assert len(d.files) == 40\n"
                                   "np.") +
                           writer + "('theirs.npz', **{k: d[k] for k in d.files})\n"));
    CHECK(io::load_npz(dir / "theirs.npz") == set);
  }
  const auto a = io::array::of<float>({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6.5});
  io::save_npy(dir / "a.npy", a);
  REQUIRE(run_python(*python, dir,
                     "import numpy as np\n"
                     "a = np.load('a.npy')\n"
                     "assert a.dtype == np.float32 and a.shape == (2, 3) and a[1, 2] == 6.5\n"
                     "np.save('b.npy', a)\n"
                     "np.save('t.npy', a.T)\n"));
  CHECK(io::load_npy(dir / "b.npy") == a);
  CHECK(io::read_file(dir / "b.npy") == io::read_file(dir / "a.npy"));
  CHECK(error_of([&] { (void)io::load_npy(dir / "t.npy"); }).says({"t.npy", "Fortran order"}));
  // The oracle can say no.
  CHECK_FALSE(run_python(*python, dir, "import numpy as np\nassert np.load('a.npy')[0, 0] == 2\n"));
}
