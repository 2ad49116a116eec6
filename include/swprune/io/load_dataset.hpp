// SPDX-License-Identifier: Apache-2.0
#pragma once

// Opt-in: needs what io/xz.hpp and io/image_folder.hpp need.

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "swprune/core/error.hpp"
#include "swprune/io/builtin.hpp"
#include "swprune/io/cifar.hpp"
#include "swprune/io/image_folder.hpp"
#include "swprune/io/mnist_like.hpp"
#include "swprune/io/svhn.hpp"
#include "swprune/io/train_test.hpp"
#include "swprune/io/xz.hpp"

namespace swprune::inline v0::io {

/// The names that load_dataset() knows.
inline constexpr std::array<std::string_view, 8> dataset_names{
    "builtin",  "mnist",           "fashion-mnist", "cifar10",
    "cifar100", "cifar100-coarse", "svhn",          "folder"};

/// One entry for programs (`--dataset NAME --data DIR`): training and test half of a data set by
/// its name. `dir` is the set's own directory or the one above it; empty means $SWPRUNE_DATA, then
/// ./data. Files may be plain, gzip or xz. "builtin" is make_builtin() and needs no files; "folder"
/// is load_image_folders() of `dir`. Throws argument_out_of_range for another name, and what the
/// loader throws.
[[nodiscard]] inline train_test load_dataset(std::string_view name,
                                             const std::filesystem::path& dir = {}) {
  if (name == "builtin") return make_builtin();
  if (name == "mnist" || name == "fashion-mnist")
    return load_mnist_like(dir, name, plain_gzip_or_xz);
  if (name == "cifar10") return load_cifar10(dir, plain_gzip_or_xz);
  if (name == "cifar100") return load_cifar100(dir, cifar100_fine, plain_gzip_or_xz);
  if (name == "cifar100-coarse") return load_cifar100(dir, cifar100_coarse, plain_gzip_or_xz);
  if (name == "svhn") return load_svhn(dir, plain_gzip_or_xz);
  if (name == "folder") return load_image_folders(dir);
  std::string known;
  for (const std::string_view n : dataset_names) known.append(known.empty() ? "" : ", ").append(n);
  raise(errc::argument_out_of_range, "there is no data set '{}'; known are {}", name, known);
}

}  // namespace swprune::inline v0::io
