// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one table of errors: SWPRUNE_ERROR(id, class, name, sentence). `errc` (error.hpp) and
// docs/errors.md are made from it. An id is never reused; each folder has its own hundred.
// clang-format off
#define SWPRUNE_ERROR_TABLE(SWPRUNE_ERROR)                                                                       \
  SWPRUNE_ERROR(101, invalid_argument, argument_out_of_range, "an argument lies outside its range")              \
  SWPRUNE_ERROR(102, internal_error, invariant_broken, "an internal invariant does not hold")                    \
  SWPRUNE_ERROR(201, invalid_argument, graph_degree, "the degree does not fit the graph")                        \
  SWPRUNE_ERROR(202, invalid_argument, graph_nodes, "the number of nodes is not usable")                         \
  SWPRUNE_ERROR(203, invalid_argument, graph_probability, "a probability or fraction lies outside [0, 1]")       \
  SWPRUNE_ERROR(204, invalid_argument, graph_edge, "an edge does not belong into the graph")                     \
  SWPRUNE_ERROR(205, invalid_argument, graph_not_connected, "no connected graph was found")                      \
  SWPRUNE_ERROR(301, mismatch_error, mask_shape, "the mask does not fit the layer")                              \
  SWPRUNE_ERROR(302, invalid_argument, mask_coverage, "the density is too low to use every input group")         \
  SWPRUNE_ERROR(303, invalid_argument, mask_density, "no mask of this sparsity exists")                          \
  SWPRUNE_ERROR(304, invalid_argument, mask_block, "the block size is not usable")                               \
  SWPRUNE_ERROR(305, mismatch_error, mask_schedule, "the slot schedule does not belong to the mask")             \
  SWPRUNE_ERROR(306, invalid_argument, mask_stages, "the progressive schedule is not usable")                    \
  SWPRUNE_ERROR(307, invalid_argument, mask_mixing, "the masks do not let every output depend on every input")   \
  SWPRUNE_ERROR(401, shape_error, layer_shape, "a layer does not fit the shape it is given")                     \
  SWPRUNE_ERROR(402, invalid_argument, layer_parameter, "a layer parameter is not usable")                       \
  SWPRUNE_ERROR(403, shape_error, network_shape, "the network does not fit together")                            \
  SWPRUNE_ERROR(404, invalid_argument, network_state, "the network is not in the state that this call needs")    \
  SWPRUNE_ERROR(501, invalid_argument, dataset_shape, "the data set is not consistent")                          \
  SWPRUNE_ERROR(502, invalid_argument, label_out_of_range, "a label is not a class")                             \
  SWPRUNE_ERROR(503, invalid_argument, train_parameter, "a training parameter is not usable")                    \
  SWPRUNE_ERROR(504, numeric_error, not_finite, "a value is not finite")                                         \
  SWPRUNE_ERROR(505, mismatch_error, resume_mismatch, "the checkpoint belongs to another run")                   \
  SWPRUNE_ERROR(601, invalid_argument, quant_parameter, "a quantisation parameter is not usable")                \
  SWPRUNE_ERROR(602, mismatch_error, quant_unsupported, "the network has a layer that has no integer form")      \
  SWPRUNE_ERROR(701, invalid_argument, array_parameter, "the array parameters are not usable")                   \
  SWPRUNE_ERROR(702, mismatch_error, layer_does_not_fit, "the layer does not fit the accelerator")               \
  SWPRUNE_ERROR(703, format_error, image_format, "the accelerator image is not valid")                           \
  SWPRUNE_ERROR(704, mismatch_error, device_mismatch, "the device and the image were made for different arrays") \
  SWPRUNE_ERROR(705, device_error, device_timeout, "the device did not finish")                                  \
  SWPRUNE_ERROR(706, device_error, memory_access, "the device touched memory that it must not touch")            \
  SWPRUNE_ERROR(707, device_error, port_protocol, "the device broke a rule of its memory ports")                 \
  SWPRUNE_ERROR(708, device_error, device_rule_broken, "an assertion in the accelerator's RTL failed")           \
  SWPRUNE_ERROR(709, device_error, run_failed, "the accelerator ended a run with an error")                      \
  SWPRUNE_ERROR(710, device_error, device_busy, "the device is busy")                                            \
  SWPRUNE_ERROR(711, format_error, image_size, "the accelerator image has not the size that its header says")    \
  SWPRUNE_ERROR(712, format_error, image_magic, "the bytes are no accelerator image")                            \
  SWPRUNE_ERROR(713, format_error, image_version, "the accelerator image has an unknown version")                \
  SWPRUNE_ERROR(714, format_error, image_header_crc, "the checksum of the accelerator image's header is wrong")  \
  SWPRUNE_ERROR(715, format_error, image_body_crc, "the checksum of the accelerator image's body is wrong")      \
  SWPRUNE_ERROR(716, format_error, image_header_field, "a field of the accelerator image's header is not valid") \
  SWPRUNE_ERROR(717, mismatch_error, device_unknown, "the device is no accelerator that this driver knows")      \
  SWPRUNE_ERROR(718, invalid_argument, region_address, "a region of the accelerator's memory is not usable")     \
  SWPRUNE_ERROR(801, io_error, file_open, "the file cannot be opened")                                           \
  SWPRUNE_ERROR(802, io_error, file_write, "the file cannot be written")                                         \
  SWPRUNE_ERROR(803, format_error, file_format, "the file is not in the expected format")                        \
  SWPRUNE_ERROR(804, format_error, file_truncated, "the file ends too early")                                    \
  SWPRUNE_ERROR(805, format_error, file_checksum, "the checksum of the file is wrong")                           \
  SWPRUNE_ERROR(806, mismatch_error, file_mismatch, "the file does not belong to this network")                  \
  SWPRUNE_ERROR(807, io_error, data_not_found, "the data set was not found")                                     \
  SWPRUNE_ERROR(901, invalid_argument, report_value, "a value cannot be drawn or written")
// clang-format on
