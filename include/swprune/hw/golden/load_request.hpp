// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace swprune::inline v0::hw::golden {

/// What a request of the loader fetches, in the order of a job.
enum class load_kind : std::uint8_t { desc, step, list, params, weights, fetch, plane, residual };

/// Whether a request belongs to the part of a job in front of which the loader may have to wait.
[[nodiscard]] constexpr bool reads_activations(load_kind kind) { return kind >= load_kind::fetch; }

/// One read of consecutive beats and where its data goes.
struct load_request {
  load_kind kind = load_kind::desc;
  std::uint64_t address = 0;
  std::uint16_t beats = 0;
  std::uint32_t cpb = 1;    ///< cycles with data that a beat takes
  std::uint32_t lead = 0;   ///< plane, residual: words of the first beat in front of it
  std::uint32_t image = 0;  ///< plane, residual
  std::uint32_t slot = 0;   ///< fetch list, plane
  std::uint32_t row = 0;    ///< residual: row of the chunk
  std::uint32_t c4 = 0;     ///< residual: channel word of the row
};

}  // namespace swprune::inline v0::hw::golden
