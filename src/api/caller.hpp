#pragma once

/// Who asks, from a request to the domain's words.

#include "otpd/http/request.hpp"
#include "otpd/otp/caller.hpp"

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>

namespace otpd::api {

/// IPv4 whole, IPv6 by its first 64 bits, which is what one household has. An IPv6 address that
/// has an IPv4 one inside (mapped, NAT64, 6to4, Teredo, ...) is that.
[[nodiscard]] std::string address_block(boost::asio::ip::address const& address);

[[nodiscard]] otp::caller caller_of(http::request const& request, otp::client const& client,
                                    std::optional<std::string> end_user_address = std::nullopt);

} // namespace otpd::api
