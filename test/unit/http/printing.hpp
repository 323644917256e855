#pragma once

/// How test reports print values of the library.

#include "http/framing_fault.hpp"

#include <ostream>

namespace otpd::http {

inline std::ostream& operator<<(std::ostream& out, framing_fault fault) {
    return out << kind(fault);
}

} // namespace otpd::http
