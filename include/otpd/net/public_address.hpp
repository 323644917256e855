#pragma once

/// Tells public Internet addresses from those of this machine, this network or no one, which a
/// request to a URL chosen by others must not reach (server-side request forgery).

#include <boost/asio/ip/address.hpp>

namespace otpd::net {

/// False for every range that IANA's special-purpose registries list, globally reachable or not,
/// for multicast and for IPv6 beyond the global unicast space (2000::/3). An IPv4 address in an
/// IPv6 one counts as what it is when it is mapped (::ffff:0:0/96); 6to4, Teredo and NAT64, which
/// lead to others' IPv4 addresses, are not public.
[[nodiscard]] bool is_public_address(boost::asio::ip::address const& which) noexcept;

} // namespace otpd::net
