#pragma once

/// The PROXY protocol, version 2 (the specification of HAProxy, 2.2): a balancer that forwards
/// bytes sends a header about its client before the client's first byte.

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace otpd::http {

/// The maximum size after the fixed part: addresses and further information, such as a TLS client's
/// name.
inline constexpr std::size_t proxy_payload_bytes_max = 1024;

enum class proxy_fault : std::uint8_t {
    untrusted_peer, ///< not a proxy that may name its client
    missing,        ///< the connection begins with something else, including version 1
    malformed,
};

/// The fault as one of a closed set of words, for metrics.
[[nodiscard]] std::string_view kind(proxy_fault fault) noexcept;

struct proxy_header {
    enum class progress : std::uint8_t { need_more, complete, rejected };
    progress made = progress::need_more;
    proxy_fault fault{};  ///< when rejected
    std::size_t size = 0; ///< when complete: its size; the client's bytes follow
    /// When complete: the client, with IPv4-mapped addresses as IPv4. Empty if the proxy speaks for
    /// itself (LOCAL, a health check) or names no address: UNSPEC, a UNIX socket or datagrams,
    /// which the specification lets a receiver treat like UNSPEC. The connection's own address then
    /// applies.
    std::optional<boost::asio::ip::address> source = {};
};

/// Parses a header at the start of `bytes`, which are all bytes received on the connection so far.
/// Rejects it as early as possible, including values outside of the specification, as that
/// requires. Skips further information (TLVs) unread.
[[nodiscard]] proxy_header parse_proxy_header(std::string_view bytes) noexcept;

} // namespace otpd::http
