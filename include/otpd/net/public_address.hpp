#pragma once

/// Distinguishes public Internet addresses from private, local and unassigned ones. A request to a
/// URL chosen by others must reach only public addresses (server-side request forgery).

#include <boost/asio/ip/address.hpp>

namespace otpd::net {

/// False for multicast, for IPv6 outside the global unicast space (2000::/3), and for every range
/// in IANA's special-purpose registries, globally reachable or not. A mapped IPv4 address
/// (::ffff:0:0/96) counts as that IPv4 address. 6to4, Teredo and NAT64 addresses lead to IPv4
/// addresses of others and are not public.
[[nodiscard]] bool is_public_address(boost::asio::ip::address const& which) noexcept;

} // namespace otpd::net
