// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"

namespace swprune::inline v0::io {

/// Reads a whole regular file. Throws errc::file_open when it is absent, not readable or not a
/// regular file (a pipe or terminal could block for ever).
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::uint8_t> read_file(
    const std::filesystem::path& path);

/// Writes a whole file so that at every instant `path` holds either the old bytes or the new ones:
/// to a temporary name in the same directory, flushed to the disk, renamed. On failure the old file
/// is intact, no temporary file is left, and errc::file_write is thrown.
SWPRUNE_FUNCTION void write_file(const std::filesystem::path& path,
                                 std::span<const std::uint8_t> bytes);

#if SWPRUNE_BODIES

namespace detail {

/// A POSIX file descriptor that closes itself.
class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  /// Closes now; false if the system reports a late write error.
  [[nodiscard]] bool close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

/// The system's words for an errno value, without the shared buffer of strerror().
[[nodiscard]] inline std::string system_text(int code) {
  return std::error_code(code, std::generic_category()).message();
}

[[nodiscard]] inline bool write_all(int fd, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

/// Opens a file that did not exist beside `path`; its name goes to `name`. Returns -1 with errno.
[[nodiscard]] inline int open_beside(const std::filesystem::path& path, std::string& name) {
  for (int k = 0; k < 1000; ++k) {
    name = fmt::format("{}.tmp.{}.{}", path.string(), ::getpid(), k);
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

/// Makes the renaming itself durable. Best effort: some file systems cannot sync a directory.
inline void sync_directory_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  const descriptor fd(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() >= 0) ::fsync(fd.get());
}

}  // namespace detail

SWPRUNE_FUNCTION std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
  const detail::descriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0) raise(errc::file_open, "'{}': {}", path.string(), detail::system_text(errno));
  struct stat info {};
  expects(::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode), errc::file_open,
          "'{}' is not a regular file", path.string());
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(info.st_size));
  std::size_t used = 0;
  while (used < bytes.size()) {
    const ssize_t n = ::read(fd.get(), bytes.data() + used, bytes.size() - used);
    if (n < 0 && errno == EINTR) continue;
    expects(n >= 0, errc::file_open, "'{}' at byte {}: {}", path.string(), used,
            detail::system_text(errno));
    if (n == 0) break;  // someone shortened the file meanwhile
    used += static_cast<std::size_t>(n);
  }
  bytes.resize(used);
  return bytes;
}

SWPRUNE_FUNCTION void write_file(const std::filesystem::path& path,
                                 std::span<const std::uint8_t> bytes) {
  struct stat info {};
  expects(::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode), errc::file_write,
          "'{}' exists and is not a regular file", path.string());
  std::string temporary;
  detail::descriptor fd(detail::open_beside(path, temporary));
  if (fd.get() < 0) raise(errc::file_write, "'{}': {}", path.string(), detail::system_text(errno));
  const bool written = detail::write_all(fd.get(), bytes) && ::fsync(fd.get()) == 0;
  int code = errno;
  const bool closed = fd.close();
  if (written && !closed) code = errno;
  if (written && closed) {
    if (std::rename(temporary.c_str(), path.c_str()) == 0) return detail::sync_directory_of(path);
    code = errno;
  }
  ::unlink(temporary.c_str());
  raise(errc::file_write, "'{}' ({} bytes): {}", path.string(), bytes.size(),
        detail::system_text(code));
}

#endif

/// write_file() of a text.
inline void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace swprune::inline v0::io
