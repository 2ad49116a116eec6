// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <exception>

#include "swprune/core/types.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace swprune::inline v0 {

/// Number of threads that parallel_for uses: 1 without OpenMP.
[[nodiscard]] inline int thread_count() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Sets the number of threads, >= 1; no effect without OpenMP.
inline void set_thread_count([[maybe_unused]] int threads) {
#ifdef _OPENMP
  omp_set_num_threads(threads < 1 ? 1 : threads);
#endif
}

/// Pieces into which work that can be cut anywhere should be cut: enough to even out threads that
/// are held up. 1 for one thread. Results must not depend on it.
[[nodiscard]] inline index_t pieces_of_work() {
  const index_t threads = thread_count();
  return threads == 1 ? 1 : 4 * threads;
}

/// Calls body(i) for 0 <= i < count, in any order and from several threads. The body must write
/// only to what belongs to i, so that results do not depend on the number of threads. The first
/// exception of a body is thrown again here after the loop: nothing leaves an OpenMP region.
template <typename Body>
void parallel_for(index_t count, const Body& body) {
  std::exception_ptr failure;
  std::atomic<bool> failed{false};
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 1) if (count > 1)
#endif
  for (index_t i = 0; i < count; ++i) {
    if (failed.load(std::memory_order_relaxed)) continue;
    try {
      body(i);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace swprune::inline v0
