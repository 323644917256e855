#pragma once

/// Converts the origin of a request to the domain's terms.

#include "otpd/http/request.hpp"
#include "otpd/otp/caller.hpp"

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>

namespace otpd::api {

/// Returns an IPv4 address in full, and an IPv6 address as its /64, which is what one household
/// has. An IPv6 address that embeds an IPv4 address (mapped, NAT64, 6to4, Teredo, ...) counts as
/// that IPv4 address.
[[nodiscard]] std::string address_block(boost::asio::ip::address const& address);

[[nodiscard]] otp::caller caller_of(http::request const& request, otp::client const& client,
                                    std::optional<std::string> end_user_address = std::nullopt,
                                    std::optional<secret_string> device = std::nullopt);

} // namespace otpd::api
