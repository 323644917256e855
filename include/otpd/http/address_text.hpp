#pragma once

/// Addresses as text, for what each request writes.

#include <boost/asio/ip/address.hpp>

#include <string>

namespace otpd::http {

/// As `address.to_string()` has it. For IPv4 without inet_ntop, which asks sprintf.
[[nodiscard]] std::string to_text(boost::asio::ip::address const& address);

} // namespace otpd::http
