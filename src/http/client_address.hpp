#pragma once

/// Finds the client's address in a request that passed through proxies.

#include "otpd/http/address_range.hpp"
#include "otpd/http/request.hpp"

#include <cstddef>
#include <span>

namespace otpd::http {

/// No chain of proxies is longer. Entries that a client writes in front of it are not worth
/// reading.
inline constexpr std::size_t forwarded_hops_max = 32;

[[nodiscard]] bool is_trusted(boost::asio::ip::address const& address,
                              std::span<address_range const> trusted) noexcept;

/// Returns the client's address. It is `peer`, unless `peer` is a trusted proxy. In that case this
/// function reads X-Forwarded-For from its end, where each proxy appended the address that it
/// received the request from. It skips trusted addresses; the first other address is the client.
///
/// Entries to the left of an untrusted address may be forged and are not read. An entry that is no
/// address (`unknown`, an empty one, a name) hides the sender, so entries to the left of it may be
/// forged too: the search ends and the proxy that wrote the entry counts as the client. If all
/// addresses are trusted, the left-most one is the client. All clients of a proxy that writes no
/// usable entry share that proxy's limits, which is strict but cannot be abused.
[[nodiscard]] boost::asio::ip::address client_of(boost::asio::ip::address const& peer,
                                                 std::span<field_view const> fields,
                                                 std::span<address_range const> trusted) noexcept;

} // namespace otpd::http
