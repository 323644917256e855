#pragma once

/// The PROXY protocol, version 2 (the specification of HAProxy, 2.2): what a balancer that forwards
/// bytes says about its client before the client's first byte.

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace otpd::http {

/// Behind the fixed part: addresses and what is told besides, such as a TLS client's name.
inline constexpr std::size_t proxy_payload_bytes_max = 1024;

enum class proxy_fault : std::uint8_t {
    untrusted_peer, ///< not one of the proxies that may speak for a client
    missing,        ///< the connection begins with something else, be it version 1
    malformed,
};

/// A closed set of words, for metrics.
[[nodiscard]] std::string_view kind(proxy_fault fault) noexcept;

struct proxy_header {
    enum class progress : std::uint8_t { need_more, complete, rejected };
    progress made = progress::need_more;
    proxy_fault fault{};  ///< when rejected
    std::size_t size = 0; ///< when complete: its bytes, behind which the client's begin
    /// When complete: the client, unmapped. Nothing where the proxy speaks for itself (LOCAL, a
    /// health check) or does not say: UNSPEC, a UNIX socket and datagrams, which the specification
    /// has a receiver accept like UNSPEC when it has no use for them. A receiver goes by the
    /// connection's own address then.
    std::optional<boost::asio::ip::address> source = {};
};

/// Reads a header at the beginning of `bytes`: everything received on the connection so far, call
/// after call. Refuses as soon as enough is there to tell; values outside of the specification are
/// refused too, as it demands. Further information (TLVs) is skipped unread.
[[nodiscard]] proxy_header parse_proxy_header(std::string_view bytes) noexcept;

} // namespace otpd::http
