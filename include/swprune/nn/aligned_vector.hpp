// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace swprune::inline v0::nn {

/// Allocator with an alignment of 64 bytes (one cache line, the widest vector register), whatever
/// instruction set a translation unit is compiled for; Eigen's own alignment depends on it.
template <typename T>
struct aligned_allocator {
  using value_type = T;
  static constexpr std::size_t alignment = 64;

  aligned_allocator() = default;
  template <typename U>
  aligned_allocator(const aligned_allocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{alignment}));
  }
  void deallocate(T* p, std::size_t) noexcept {
    ::operator delete (p, std::align_val_t{alignment});
  }

  template <typename U>
  friend bool operator==(const aligned_allocator&, const aligned_allocator<U>&) noexcept {
    return true;
  }
};

/// Numbers that vector instructions may load without regard to alignment.
template <typename T>
using aligned_vector = std::vector<T, aligned_allocator<T>>;

}  // namespace swprune::inline v0::nn
