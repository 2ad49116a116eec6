// SPDX-License-Identifier: Apache-2.0

// Writes docs/errors.md from the one error table.

#include <fmt/core.h>

#include <array>
#include <string_view>

#include "swprune/core/error_table.hpp"

namespace {

struct entry {
  int id;
  std::string_view cls, name, sentence;
};

constexpr std::array entries = {
#define SWPRUNE_DOC_ENTRY(id, cls, name, sentence) entry{id, #cls, #name, sentence},
    SWPRUNE_ERROR_TABLE(SWPRUNE_DOC_ENTRY)
#undef SWPRUNE_DOC_ENTRY
};

constexpr std::array<std::string_view, 9> folders = {"core",  "graph", "mask", "nn",    "train",
                                                     "quant", "hw",    "io",   "report"};

constexpr std::string_view head = R"(# Errors

Generated from `include/swprune/core/error_table.hpp` by the target `regenerate`; do not edit.

Everything that swprune throws is a `swprune::error`, itself a `std::runtime_error`. The text is
`swprune E<id>: <sentence>: <detail>`, and the detail says what was given, what was expected and
where. `id()` gives the number, which never changes its meaning. Each folder has its own hundred.
What is an outcome and not a mistake (training that was stopped, a device that differs from its
model) is returned as a value and never thrown.

| class | means |
|---|---|
| `invalid_argument` | a caller gave a value that the documentation excludes |
| `shape_error` | two shapes that must agree do not |
| `mismatch_error` | two things made apart (mask and layer, file and network) do not belong together |
| `format_error` | bytes do not follow their format |
| `io_error` | the operating system refused a file |
| `numeric_error` | NaN or infinity where a number is needed |
| `device_error` | the simulated or real accelerator misbehaved |
| `internal_error` | a fault of swprune itself: please report it |
)";

}  // namespace

int main() {
  fmt::print("{}", head);
  int hundred = 0;
  for (const entry& e : entries) {
    if (e.id / 100 != hundred) {
      hundred = e.id / 100;
      fmt::print("\n## {}\n\n| id | name (`errc::`) | class | sentence |\n|---|---|---|---|\n",
                 folders.at(static_cast<std::size_t>(hundred) - 1));
    }
    fmt::print("| E{} | `{}` | `{}` | {} |\n", e.id, e.name, e.cls, e.sentence);
  }
}
