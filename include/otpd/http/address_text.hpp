#pragma once

/// Formats addresses for the output of each request.

#include <boost/asio/ip/address.hpp>

#include <string>

namespace otpd::http {

/// Equals `address.to_string()`, but formats IPv4 without inet_ntop, which uses sprintf.
[[nodiscard]] std::string to_text(boost::asio::ip::address const& address);

} // namespace otpd::http
