// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/report/axis.hpp"
#include "swprune/report/bar_chart.hpp"
#include "swprune/report/density_chart.hpp"
#include "swprune/report/html.hpp"
#include "swprune/report/line_chart.hpp"
#include "swprune/report/log_axis.hpp"
#include "swprune/report/mask_page.hpp"
#include "swprune/report/mask_raster.hpp"
#include "swprune/report/mask_table.hpp"
#include "swprune/report/network_table.hpp"
#include "swprune/report/progress.hpp"
#include "swprune/report/ring_drawing.hpp"
#include "swprune/report/run_report.hpp"
#include "swprune/report/small_world_window.hpp"
#include "swprune/report/svg.hpp"
#include "swprune/report/xml.hpp"
