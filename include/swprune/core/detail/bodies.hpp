// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/detail/isa.hpp"

// Where the bodies of functions are. Header-only, every unit has them, and they are inline. With
// SWPRUNE_COMPILED (target swprune::compiled) a unit reads declarations only; the one unit that
// defines SWPRUNE_COMPILING as well, src/library.cpp, has the bodies for all. See docs/design.md.
#if defined(SWPRUNE_COMPILED) && !defined(SWPRUNE_COMPILING)
#define SWPRUNE_BODIES 0
#else
#define SWPRUNE_BODIES 1
#endif

// SWPRUNE_SETUP: what runs a few times beside a training, as making and changing graphs and masks.
// A user's compiler is told so, and spends about a sixth less time on a program. Not for measures
// of graphs: clustering took twice as long.
// SWPRUNE_COLD: the same for templates, members and what every unit has to read.
#ifdef SWPRUNE_COMPILED
#define SWPRUNE_FUNCTION
#define SWPRUNE_COLD
#define SWPRUNE_SETUP
#else
#define SWPRUNE_FUNCTION inline
#define SWPRUNE_COLD [[gnu::cold]]
#define SWPRUNE_SETUP SWPRUNE_COLD inline
#endif

// After a template: its instances for float and double are in the library, and units of its users
// make none of their own. SWPRUNE_COMPILED_TEMPLATE(class network<float>)
#if !defined(SWPRUNE_COMPILED)
#define SWPRUNE_COMPILED_TEMPLATE(...)
#elif defined(SWPRUNE_COMPILING)
#define SWPRUNE_COMPILED_TEMPLATE(...) template __VA_ARGS__;
#else
#define SWPRUNE_COMPILED_TEMPLATE(...) extern template __VA_ARGS__;
#endif
