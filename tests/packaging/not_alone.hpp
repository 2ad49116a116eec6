// SPDX-License-Identifier: Apache-2.0
#pragma once

// A header that forgot an include; header_alone_refuses_test expects the compiler to say so.
missing_vector values();
