#pragma once

/// One connection to an upstream, for one exchange at a time.
///
/// Coroutines of this class run on the connection's strand (run_on()); members that may be called
/// from elsewhere say so.
///
/// A connection is good for another exchange only if the last one ended cleanly: the whole request
/// was written, a whole reply was read, the reply allows keep-alive, and not one byte came after
/// it. While idle it is watched: anything that arrives then (a FIN, a reset, a TLS alert, stray
/// bytes) means that it will not be used again. The same is checked once more right before a
/// request is written.

#include "otpd/core/deadline.hpp"
#include "otpd/net/http_message.hpp"
#include "otpd/net/pool_options.hpp"
#include "upstream_socket.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <variant>

namespace otpd::net {

class connection final : public upstream_socket {
public:
    using idle_closed_handler = std::function<void(std::shared_ptr<connection>)>;

    /// `target` and `tls` must outlive every connect(); `tls` is null exactly when `target` is not
    /// TLS. `on_idle_closed` is called on the connection's strand.
    connection(boost::asio::any_io_executor executor, origin const& target, tls_context* tls,
               tls_session resume, connection_limits limits, idle_closed_handler on_idle_closed);

    /// Writes `request` (a whole HTTP/1.1 request) and reads the reply. Afterwards the connection
    /// is either idle and watched (reusable() is true) or of no further use.
    boost::asio::awaitable<std::variant<exchange_failure, http_response>>
    exchange(secret_string request, deadline until);

    /// From any thread: true while the connection is connected and nothing speaks against another
    /// exchange. May become false at any moment.
    [[nodiscard]] bool reusable() const noexcept { return state_ == state::idle; }
    /// From any thread: the peer closed it in its idle time, after a reply that had not announced
    /// it.
    [[nodiscard]] bool closed_unannounced() const noexcept {
        return state_ == state::closed_unannounced;
    }
    /// From any thread: the same, noticed so late that a request was lost.
    [[nodiscard]] bool lost_request() const noexcept { return state_ == state::lost_request; }
    /// From any thread.
    [[nodiscard]] steady_time created_at() const noexcept { return created_at_; }

    /// From any thread: calls `confirmed` on the connection's strand if it is idle and the kernel
    /// has seen nothing of an end either.
    void confirm_idle(std::function<void()> confirmed);

    /// From any thread: ends the connection and whatever runs on it, without waiting.
    void abort();

private:
    enum class state : std::uint8_t { busy, idle, unusable, closed_unannounced, lost_request };

    template <class Stream>
    boost::asio::awaitable<std::variant<exchange_failure, http_response>>
    exchange_over(Stream& stream, secret_string request, deadline until, bool reused);

    void become_idle();
    void watch();
    void watched_event();
    void close(state how = state::unusable) noexcept;

    [[nodiscard]] std::shared_ptr<connection> self() {
        return std::static_pointer_cast<connection>(shared_from_this());
    }

    connection_limits const limits_;
    idle_closed_handler const on_idle_closed_;
    boost::beast::flat_buffer buffer_;
    std::atomic<state> state_ = state::busy;
    steady_time const created_at_ = std::chrono::steady_clock::now();
    bool watching_ = false;
};

} // namespace otpd::net
