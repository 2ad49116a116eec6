// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace swprune::inline v0::nn {

/// Allocator with an alignment of 64 bytes (one cache line, the widest vector register), whatever
/// instruction set a translation unit is compiled for; Eigen's own alignment depends on it. Storage
/// of some megabytes begins on a huge page and asks Linux for huge ones, which saves most page
/// faults and misses of the address cache of a training step.
template <typename T>
struct aligned_allocator {
  using value_type = T;
  static constexpr std::size_t alignment = 64;
  static constexpr std::size_t huge_page = std::size_t{2} << 20;

  aligned_allocator() = default;
  template <typename U>
  aligned_allocator(const aligned_allocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    void* p = ::operator new(count * sizeof(T), alignment_of(count));
#if defined(__linux__)
    // Only a wish: where it is refused, the pages are small ones.
    if (is_huge(count)) static_cast<void>(::madvise(p, count * sizeof(T), MADV_HUGEPAGE));
#endif
    return static_cast<T*>(p);
  }
  void deallocate(T* p, std::size_t count) noexcept { ::operator delete(p, alignment_of(count)); }

  /// Elements that are given no value are not zeroed: a pass over memory for nothing, since whoever
  /// makes room writes every number.
  template <typename U>
  void construct(U* p) noexcept {
    ::new (static_cast<void*>(p)) U;
  }
  template <typename U, typename... Arguments>
  void construct(U* p, Arguments&&... arguments) {
    std::construct_at(p, std::forward<Arguments>(arguments)...);
  }

  template <typename U>
  friend bool operator==(const aligned_allocator&, const aligned_allocator<U>&) noexcept {
    return true;
  }

 private:
  static bool is_huge(std::size_t count) { return count * sizeof(T) >= 2 * huge_page; }
  static std::align_val_t alignment_of(std::size_t count) {
    return std::align_val_t{is_huge(count) ? huge_page : alignment};
  }
};

/// Numbers that vector instructions may load without regard to alignment; those that resize() or a
/// constructor adds without a value hold anything.
template <typename T>
using aligned_vector = std::vector<T, aligned_allocator<T>>;

}  // namespace swprune::inline v0::nn
