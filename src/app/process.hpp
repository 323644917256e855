#pragma once

/// Prepares the process before it reads a secret or serves a request.

namespace otpd::app {

/// Call first, before anything is opened.
///
/// Opens closed descriptors 0 to 2 on /dev/null. Otherwise the next open files would get their
/// numbers, and the log would be written into them. Throws std::system_error if that fails.
///
/// Disables core dumps and reading of this process's memory by other processes of the same user (it
/// contains codes and keys), and forbids new privileges. Raises the number of descriptors to the
/// hard limit. A broken pipe becomes an error code, and signals without a use do not end the
/// process. All of these are attempts; none is required.
void prepare_process();

} // namespace otpd::app
