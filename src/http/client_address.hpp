#pragma once

/// Whose request it is when proxies stand in between.

#include "otpd/http/address_range.hpp"
#include "otpd/http/request.hpp"

#include <cstddef>
#include <span>

namespace otpd::http {

/// No chain of proxies is longer; what a client writes in front of it is not worth reading.
inline constexpr std::size_t forwarded_hops_max = 32;

[[nodiscard]] bool is_trusted(boost::asio::ip::address const& address,
                              std::span<address_range const> trusted) noexcept;

/// The address of the client: `peer` unless that is a trusted proxy. Then X-Forwarded-For is read
/// from its end, where each proxy appended whom it heard from: a trusted address leads on, the
/// first other one is the client.
///
/// Whatever stands left of an untrusted address was written by a stranger and is not looked at. An
/// entry that is no address (`unknown`, an empty one, a name) hides who was heard from, so what
/// stands left of it may be a stranger's as well: the walk ends and the proxy that wrote it counts
/// as the client. Where all are trusted the left-most counts. Every client of a proxy that writes
/// nothing usable shares that proxy's limits, which is strict but cannot be abused.
[[nodiscard]] boost::asio::ip::address client_of(boost::asio::ip::address const& peer,
                                                 std::span<field_view const> fields,
                                                 std::span<address_range const> trusted) noexcept;

} // namespace otpd::http
