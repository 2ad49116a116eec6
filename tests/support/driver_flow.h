/* SPDX-License-Identifier: Apache-2.0 */

/* What the tests do with the C99 driver, compiled by a C compiler: driver_flow.c. */

#ifndef TESTS_SUPPORT_DRIVER_FLOW_H
#define TESTS_SUPPORT_DRIVER_FLOW_H

#include "swprune/c/swprune_driver.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One run from probe to counters. */
typedef struct flow_input {
  swp_bus bus;
  const uint8_t* image;
  size_t image_size;
  uint64_t image_base, act_base;
  uint32_t watchdog;
  uint32_t looks;
  void (*pause)(void*);
  void* pause_context;
} flow_input;

typedef struct flow_output {
  swp_status status; /* the first that is not OK */
  int stage;         /* how many of the steps below were done */
  swp_caps caps;
  swp_image image;
  uint32_t events; /* of the interrupt */
  swp_counters counters;
  swp_run_fault fault;
  const char *status_text, *fault_text, *rule_text;
  int64_t beats_skipped;
} flow_output;

/* probe, check_image, check_array, check_buffers, configure, start, wait: stages 1 to 7. Counters,
 * fault and events are read when a run was begun, even if it failed. */
void flow_run(const flow_input* in, flow_output* out);

/* swp_check_image() as compiled by the C compiler. */
swp_status flow_check_image(const uint8_t* bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
