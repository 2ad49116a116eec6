# SPDX-License-Identifier: Apache-2.0
#
# Mutants of the golden model and of the compiler: one header with one changed expression each, laid
# over the real tree. checker.cpp must find nothing in the real tree and something in every mutant.

set(swprune_cpp_mutants_dir "${CMAKE_CURRENT_LIST_DIR}")

# One checker program. OVERLAY, if given, is a folder of headers that hide the real ones.
function(swprune_add_mutant_checker target overlay)
  add_executable(${target} "${swprune_cpp_mutants_dir}/checker.cpp")
  if(overlay)
    target_include_directories(${target} BEFORE PRIVATE "${overlay}")
  endif()
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE swprune::swprune)
  # Many small programs: what counts is the time to build all of them.
  target_compile_options(${target} PRIVATE -O1)
endfunction()

# swprune_add_cpp_mutant(NAME HEADER FROM TO): in include/swprune/HEADER the text FROM, which must
# stand there exactly once, becomes TO.
function(swprune_add_cpp_mutant name header from to)
  set(source "${PROJECT_SOURCE_DIR}/include/swprune/${header}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
  file(READ "${source}" text)
  string(REPLACE "${from}" "${to}" mutated "${text}")
  string(REPLACE "${from}" "" without "${text}")
  string(LENGTH "${text}" length)
  string(LENGTH "${without}" length_without)
  string(LENGTH "${from}" length_from)
  math(EXPR removed "${length} - ${length_without}")
  if(NOT removed EQUAL length_from OR mutated STREQUAL text)
    message(FATAL_ERROR "mutant ${name}: '${from}' must stand exactly once in ${header} and be "
                        "changed; ${removed} of ${length_from} characters found")
  endif()
  set(overlay "${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}")
  file(CONFIGURE OUTPUT "${overlay}/swprune/${header}" CONTENT "${mutated}" @ONLY)
  swprune_add_mutant_checker(mutant_${name}_checker "${overlay}")
  add_test(NAME mutant_${name} COMMAND mutant_${name}_checker)
  set_tests_properties(mutant_${name} PROPERTIES LABELS "hw;mutants" TIMEOUT 120
                                                 PASS_REGULAR_EXPRESSION "CAUGHT")
endfunction()

swprune_add_mutant_checker(mutant_none_checker "")
add_test(NAME mutant_none COMMAND mutant_none_checker)
set_tests_properties(mutant_none PROPERTIES LABELS "hw;mutants" TIMEOUT 120)

swprune_add_cpp_mutant(accumulator_not_cleared hw/golden/pe_array.hpp
                       "if (first)" "if (first && pof_ == 0)")
swprune_add_cpp_mutant(ties_away_from_zero hw/golden/drain.hpp
                       "(l.value + half)" "(l.value + half - (l.value < 0 ? 1 : 0))")
swprune_add_cpp_mutant(drain_interval hw/golden/drain.hpp
                       "t_ + 1 == layer.pass_interval" "t_ == layer.pass_interval")
swprune_add_cpp_mutant(rotation_off_by_one hw/golden/activation_buffer.hpp
                       "(inside + rot_) & last_" "(inside + rot_ + 1) & last_")
swprune_add_cpp_mutant(weight_rewind hw/golden/issue.hpp
                       "weight_address_ = row_weight_" "weight_address_ = 0")
swprune_add_cpp_mutant(phase_without_floor hw/golden/activation_buffer.hpp
                       "(tap - (tap < 0 ? stride_ - 1 : 0)) / stride_" "tap / stride_")
swprune_add_cpp_mutant(strip_phase hw/golden/beat_places.hpp
                       "walk_.y.phase = step.y_phase" "walk_.y.phase = 0")
swprune_add_cpp_mutant(dropped_word_stays hw/golden/beat_places.hpp
                       "      walk_.advance(" "      if (places_[i].kept) walk_.advance(")
swprune_add_cpp_mutant(strided_part hw/golden/loader.hpp
                       "sub_ + j * request_.cpb" "sub_ + j * words")
swprune_add_cpp_mutant(residual_half_late hw/golden/drain.hpp
                       "residual.read(pass_.residual_half" "residual.read(!pass_.residual_half")
swprune_add_cpp_mutant(residual_ties_down hw/golden/drain.hpp
                       "(std::int64_t{1} << (layer.res_shift - 1))" "(std::int64_t{1} << (layer.res_shift - 1)) - 1")
swprune_add_cpp_mutant(hold_too_short hw/golden/loader.hpp
                       "(next_.residual && view.res_busy)" "false")
swprune_add_cpp_mutant(wait_one_too_soon hw/golden/loader.hpp
                       "view.unstored > 0" "view.unstored > 1")
swprune_add_cpp_mutant(fence_too_soon hw/golden/issue.hpp
                       "last && w.last_pass(step)" "last && w.r() + 1 >= step.rows")
swprune_add_cpp_mutant(crc_ignored hw/golden/record_checks.hpp
                       "::crc32(0, record.data(), static_cast<uInt>(Size - 4)) ==" "0 * Size <=")
swprune_add_cpp_mutant(walks_on hw/golden/walker.hpp
                       "void stop() { active_ = entry_valid_ = false; }"
                       "void stop() { active_ = false; }")
swprune_add_cpp_mutant(byte_of_chunk hw/golden/store.hpp
                       "(tag.og_first + tag.r) % 4" "tag.r % 4")
swprune_add_cpp_mutant(word_of_row hw/golden/store.hpp
                       "single_ ? row / 4" "single_ ? (row + 1) / 4")
swprune_add_cpp_mutant(last_slot_early hw/golden/store.hpp
                       "++k_ < slots(layer)" "++k_ + 1 < slots(layer)")

swprune_add_cpp_mutant(list_order hw/compile.hpp
                       "list_entry{at - slots.begin()," "list_entry{slots.end() - at - 1,")
swprune_add_cpp_mutant(bank_row_off_by_one hw/compile.hpp
                       "t.sub_row - bank_row_base(work_, g, t)"
                       "t.sub_row - bank_row_base(work_, g, t) + 1")
swprune_add_cpp_mutant(bias_of_first_channel hw/compile.hpp
                       "real ? layer_.bias[i]" "real ? layer_.bias[0]")
swprune_add_cpp_mutant(wait_dropped hw/compile.hpp
                       "r.wait_stored = plan_.first_wait == store_wait::all"
                       "r.wait_stored = false")
swprune_add_cpp_mutant(last_step_ignored hw/plan_hazards.hpp
                       "overlap(reads, stored_last)" "overlap(reads, {})")
