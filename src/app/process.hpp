#pragma once

/// What the process asks of the kernel before it reads a secret or serves anybody.

namespace otpd::app {

/// To be called first, before anything is opened.
///
/// Descriptors 0 to 2 that are closed are opened on /dev/null: what is opened next would get their
/// numbers, and the log would be written into it. Throws std::system_error when that cannot be
/// done.
///
/// No core dumps and no other process of the same user that reads this one's memory (codes and keys
/// would be in it), no new privileges, as many descriptors as the hard limit allows; a broken pipe
/// is an error code and not a signal, and signals that nobody needs do not end the process. Each is
/// tried; none is required.
void prepare_process();

} // namespace otpd::app
