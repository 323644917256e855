#pragma once

/// Whether bytes written to a TCP socket can have reached the program at the other end: the one
/// question that decides if a request that must not be sent twice may be sent again.
///
/// A successful write says nothing (the kernel took the bytes), and so does an error after it. The
/// kernel's own counters say more (Linux TCP_INFO, RFC 4898):
///
/// 1. The socket is dead and not one byte of the request was ever transmitted: nothing arrived.
/// 2. The peer's FIN was read, and no byte of the request was acknowledged up to then. A FIN
/// carries
///    an acknowledgement of everything its sender's kernel had received (RFC 9293 3.4), so the
///    peer's program had ended its side before the first byte of the request was there to be read.
///    A server that can no longer answer does not serve: bytes that arrive later meet a closed
///    socket, or are read and thrown away by a lingering close (RFC 9112 9.6).
///
/// Everything else is "may have arrived". In particular a reset is no proof: the acknowledgement
/// of bytes that were read and acted on may still have been delayed when the peer reset the
/// connection. And acknowledged bytes are no proof either, of the opposite: the peer's kernel has
/// them, but whether its program read them nobody here can know.
///
/// Where the kernel does not give the counters every answer is "may have arrived".

#include <cstdint>
#include <optional>

namespace otpd::net {

/// How a read or a write on a connection ended, as far as the rule needs it.
enum class stream_end : std::uint8_t {
    peer_closed, ///< the peer's FIN was read (or its TLS close_notify)
    other,       ///< reset, failed write, time-out, anything else
};

/// Taken before the first byte of a request is written. The socket stays open while it is used.
class sent_bytes_mark {
public:
    explicit sent_bytes_mark(int socket) noexcept;

    /// True only if it is certain by the rule above.
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

    std::optional<counters> before_; ///< `acknowledged`: as if all earlier bytes had been
};

} // namespace otpd::net
