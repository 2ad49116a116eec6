/* SPDX-License-Identifier: Apache-2.0 */

/* Compiled by a C compiler as C99: the driver is what a C program can use. */
#include "tests/hw/c_driver_probe.h"

c_run c_driver_run(const swprune_bus* bus, const uint8_t* file, size_t size, uint64_t file_address,
                   uint64_t act_address, uint32_t watchdog) {
  c_run run = {SWPRUNE_OK, {0, 0, 0}, {0}, 0, SWPRUNE_OK};
  swprune_array array;
  swprune_image image;
  long polls = 0;
  if ((run.result = swprune_probe(bus, &array)) != SWPRUNE_OK) return run;
  if ((run.result = swprune_image_check(file, size, &array, &image)) != SWPRUNE_OK) return run;
  swprune_enable_interrupts(bus, SWPRUNE_IRQ_ENABLE_DONE_MASK | SWPRUNE_IRQ_ENABLE_ERROR_MASK);
  run.result = swprune_start(bus, &image, file_address, act_address, watchdog);
  if (run.result != SWPRUNE_OK) return run;
  run.second_start = swprune_start(bus, &image, file_address, act_address, watchdog);
  do {
    run.result = swprune_poll(bus);
  } while (run.result == SWPRUNE_RUNNING && ++polls < 1000000);
  swprune_read_error(bus, &run.error);
  swprune_read_counters(bus, &run.counters);
  run.events = swprune_take_interrupts(bus);
  return run;
}
