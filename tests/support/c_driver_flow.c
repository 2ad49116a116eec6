// SPDX-License-Identifier: Apache-2.0

#include "tests/support/c_driver_flow.h"

static swp_status at_stage(c_flow_report* report, const char* stage, swp_status status) {
  report->stage = stage;
  report->status = status;
  return status;
}

swp_status c_driver_flow(const swp_bus* bus, const c_flow_job* job, c_flow_report* report) {
  swp_caps caps;
  swp_image image;
  memset(report, 0, sizeof *report);
  if (at_stage(report, "probe", swp_probe(bus, &caps)) != SWP_OK) return report->status;
  if (at_stage(report, "image", swp_image_read(job->file, job->file_bytes, &image)) != SWP_OK)
    return report->status;
  if (at_stage(report, "prepare",
               swp_prepare(bus, &image, job->image_base, job->act_base, job->act_bytes,
                           job->watchdog)) != SWP_OK)
    return report->status;
  swp_irq_enable(bus, job->interrupts);
  if (at_stage(report, "start", swp_start(bus)) != SWP_OK) return report->status;
  at_stage(report, "wait", swp_wait(bus, job->polls, &report->result));
  if (report->status == SWP_TIMEOUT) return report->status;
  report->events = swp_irq_take(bus);
  swp_counters_read(bus, &report->counters);
  report->skipped = swp_beats_skipped(&image, &report->counters);
  return report->status;
}
