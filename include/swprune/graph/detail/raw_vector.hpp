// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace swprune::inline v0::graph::detail {

/// Leaves new elements without a value unless one is given: arrays of millions of numbers that are
/// about to be written need not be filled with zeros first.
template <typename T>
class raw_allocator : public std::allocator<T> {
 public:
  template <typename U>
  struct rebind {
    using other = raw_allocator<U>;
  };

  raw_allocator() = default;
  template <typename U>
  raw_allocator(const raw_allocator<U>& /*other*/) noexcept {}

  template <typename U>
  void construct(U* place) noexcept(std::is_nothrow_default_constructible_v<U>) {
    ::new (static_cast<void*>(place)) U;
  }
  template <typename U, typename... Args>
  void construct(U* place, Args&&... args) {
    ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
  }
};

/// raw_vector<int> v(n) holds n numbers without a value: give one, or write before reading.
template <typename T>
using raw_vector = std::vector<T, raw_allocator<T>>;

}  // namespace swprune::inline v0::graph::detail
