/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SWPRUNE_TESTS_C_DRIVER_PROBE_H
#define SWPRUNE_TESTS_C_DRIVER_PROBE_H

#include "swprune/hw/c_driver.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a run by the C driver ended with. */
typedef struct c_run {
  swprune_result result;
  swprune_error error;
  swprune_counters counters;
  uint32_t events;
  swprune_result second_start; /* a start while the run goes on */
} c_run;

/* Probe, check, start, wait, read everything: as a C program would. */
c_run c_driver_run(const swprune_bus* bus, const uint8_t* file, size_t size, uint64_t file_address,
                   uint64_t act_address, uint32_t watchdog);

#ifdef __cplusplus
}
#endif

#endif
