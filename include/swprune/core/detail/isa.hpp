// SPDX-License-Identifier: Apache-2.0
#pragma once

// Kernels compiled for different instruction sets must not be merged by the linker: the one kept
// might not run on the machine that the other was meant for. Hence one inner namespace per set.
#if defined(__AVX512F__)
#define SWPRUNE_ISA isa_avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define SWPRUNE_ISA isa_avx2
#elif defined(__AVX__)
#define SWPRUNE_ISA isa_avx
#else
#define SWPRUNE_ISA isa_base
#endif

#ifdef SWPRUNE_COMPILED
namespace swprune::inline v0::compiled_detail::inline SWPRUNE_ISA {

/// Defined in src/kernels.cpp for the instruction set that swprune::compiled was compiled for. Every
/// unit needs the one for its own, so another set there is an error of the linker and not a program
/// that stops on some machine.
extern const char compiled_for;
[[gnu::used]] static const char* const needs_compiled_for = &compiled_for;

}  // namespace swprune::inline v0::compiled_detail::inline SWPRUNE_ISA
#endif
