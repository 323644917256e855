#pragma once

/// What the process asks of the kernel before it serves anybody.

namespace otpd::app {

/// No core dumps (codes would be in them), no new privileges, as many descriptors as the hard limit
/// allows, and a broken pipe is an error code and not a signal. Each is tried; none is required.
void prepare_process() noexcept;

} // namespace otpd::app
