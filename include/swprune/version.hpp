// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one place of the version: CMake reads these three lines.
#define SWPRUNE_VERSION_MAJOR 0
#define SWPRUNE_VERSION_MINOR 1
#define SWPRUNE_VERSION_PATCH 0
