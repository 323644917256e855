#pragma once

/// Decides whether bytes written to a TCP socket can have reached the peer's program. A request
/// that must not be sent twice may be repeated only if they cannot.
///
/// A successful write proves nothing (the kernel took the bytes), nor does an error after it. The
/// kernel's own counters prove more (Linux TCP_INFO, RFC 4898). Nothing arrived if:
///
/// 1. The socket is dead and no byte of the request was ever transmitted.
/// 2. The peer's FIN was read, and no byte of the request had been acknowledged by then. A FIN
///    acknowledges everything that its sender's kernel had received (RFC 9293 3.4), so the peer's
///    program ended its side before it could read the first byte of the request. A server that can
///    no longer answer does not act: later bytes meet a closed socket, or are read and discarded by
///    a lingering close (RFC 9112 9.6).
///
/// In every other case the bytes may have arrived. A reset is no proof: the acknowledgement of
/// bytes that were read and acted on may still have been delayed when the peer reset the
/// connection. Acknowledged bytes do not prove arrival either: the peer's kernel has them, but its
/// program may not have read them.
///
/// Where the kernel does not provide the counters, the answer is always "may have arrived".

#include <cstdint>
#include <optional>

namespace otpd::net {

/// How a read or a write on a connection ended, as far as the rule needs it.
enum class stream_end : std::uint8_t {
    peer_closed, ///< the peer's FIN was read (or its TLS close_notify)
    other,       ///< reset, failed write, time-out, anything else
};

/// Taken before the first byte of a request is written. The socket must stay open while the mark is
/// used.
class sent_bytes_mark {
public:
    explicit sent_bytes_mark(int socket) noexcept;

    /// True only if the rule above proves it.
    [[nodiscard]] bool nothing_arrived(int socket, stream_end end) const noexcept;

private:
    struct counters {
        std::uint64_t transmitted; ///< payload bytes sent at least once
        std::uint64_t acknowledged;
    };
    struct snapshot {
        counters count;
        bool closed;
    };
    static std::optional<snapshot> read(int socket) noexcept;

    std::optional<counters> before_; ///< `acknowledged` is as if all earlier bytes had been
};

} // namespace otpd::net
