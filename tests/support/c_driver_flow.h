// SPDX-License-Identifier: Apache-2.0

// What an application in C does with the driver, as one function; compiled as C99 for the tests.

#ifndef SWPRUNE_TESTS_C_DRIVER_FLOW_H
#define SWPRUNE_TESTS_C_DRIVER_FLOW_H

#include "swprune/c/swprune_driver.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct c_flow_job {
  const uint8_t* file;
  uint64_t file_bytes, image_base, act_base, act_bytes, polls;
  uint32_t watchdog, interrupts;
} c_flow_job;

typedef struct c_flow_report {
  const char* stage;  ///< the call that gave `status`
  swp_status status;
  swp_result result;
  uint32_t events;
  swp_counters counters;
  int64_t skipped;
} c_flow_report;

/// Probe, image, prepare, start, wait, interrupts, counters; ends at the first that fails.
swp_status c_driver_flow(const swp_bus* bus, const c_flow_job* job, c_flow_report* report);

#ifdef __cplusplus
}
#endif

#endif
