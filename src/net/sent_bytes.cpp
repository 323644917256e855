#include "sent_bytes.hpp"

// Only the kernel's header linux/tcp.h has the byte counters. It cannot be included together with
// netinet/tcp.h, so this file does not use Asio.
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstddef>
#include <linux/sockios.h>
#include <linux/tcp.h>

namespace otpd::net {

namespace {

/// TCP_CLOSE of the kernel's enum, which linux/tcp.h does not repeat.
constexpr std::uint8_t tcp_state_closed = 7;

} // namespace

std::optional<sent_bytes_mark::snapshot> sent_bytes_mark::read(int socket) noexcept {
    tcp_info info{};
    socklen_t length = sizeof info;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return std::nullopt;
    // An older kernel fills less; tcpi_bytes_retrans is the last of the fields used here.
    if (length < offsetof(tcp_info, tcpi_bytes_retrans) + sizeof info.tcpi_bytes_retrans)
        return std::nullopt;
    snapshot result{};
    result.count.transmitted = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
    result.count.acknowledged = info.tcpi_bytes_acked;
    result.closed = info.tcpi_state == tcp_state_closed;
    return result;
}

sent_bytes_mark::sent_bytes_mark(int socket) noexcept {
    auto const now = read(socket);
    int queued = 0; // written earlier and not acknowledged yet, such as the end of a handshake
    if (!now || ::ioctl(socket, SIOCOUTQ, &queued) != 0 || queued < 0) return;
    before_ = now->count;
    before_->acknowledged += static_cast<std::uint64_t>(queued);
}

bool sent_bytes_mark::nothing_arrived(int socket, stream_end end) const noexcept {
    auto const now = read(socket);
    if (!before_ || !now) return false;
    if (now->closed && now->count.transmitted == before_->transmitted) return true;
    return end == stream_end::peer_closed && now->count.acknowledged <= before_->acknowledged;
}

} // namespace otpd::net
