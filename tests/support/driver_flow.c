/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/driver_flow.h"

/* Up to the start; the stage that is reached goes to `out`. */
static swp_status flow_begin(const flow_input* in, swp_device* d, flow_output* out) {
  swp_status status = swp_probe(d, in->bus);
  out->caps = d->caps;
  if (status != SWP_OK) return status;
  out->stage = 1;
  status = swp_check_image(in->image, in->image_size, &out->image);
  if (status != SWP_OK) return status;
  out->stage = 2;
  status = swp_check_array(d, &out->image);
  if (status != SWP_OK) return status;
  out->stage = 3;
  status = swp_check_buffers(d, &out->image, in->image);
  if (status != SWP_OK) return status;
  out->stage = 4;
  status = swp_configure(d, &out->image, in->image_base, in->act_base, in->watchdog);
  if (status != SWP_OK) return status;
  out->stage = 5;
  swp_enable_interrupts(d, SWP_IRQ_ENABLE_DONE_MASK | SWP_IRQ_ENABLE_ERROR_MASK);
  status = swp_start(d);
  if (status == SWP_OK) out->stage = 6;
  return status;
}

void flow_run(const flow_input* in, flow_output* out) {
  swp_device d;
  memset(out, 0, sizeof *out);
  out->status = flow_begin(in, &d, out);
  if (out->stage == 6) {
    out->status = swp_wait(&d, in->looks, in->pause, in->pause_context);
    if (out->status == SWP_OK) out->stage = 7;
    out->events = swp_acknowledge(&d);
    swp_read_counters(&d, &out->counters);
    out->fault = swp_read_error(&d);
    out->beats_skipped = swp_beats_skipped(&out->image, &out->counters);
  }
  out->status_text = swp_status_text(out->status);
  out->fault_text = swp_run_error_text(out->fault.code);
  out->rule_text = swp_rule_text(out->fault.code, out->fault.detail);
}

swp_status flow_check_image(const uint8_t* bytes, size_t size) {
  swp_image image;
  return swp_check_image(bytes, size, &image);
}
