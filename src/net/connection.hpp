#pragma once

/// One connection to an upstream, for one exchange at a time.
///
/// Coroutines of this class run on the connection's strand (run_on()). Members that any thread may
/// call say so.
///
/// A connection can be reused only if the last exchange ended cleanly: the whole request was
/// written, a whole reply was read, the reply allows keep-alive, and no byte came after it. An idle
/// connection is watched: any event (a FIN, a reset, a TLS alert, stray bytes) ends its reuse. The
/// socket is checked once more right before a request is written.

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
    /// is either idle and watched (reusable() is true) or cannot be used again.
    boost::asio::awaitable<std::variant<exchange_failure, http_response>>
    exchange(secret_string request, deadline until);

    /// Any thread. True while the connection is open and may serve another exchange. May become
    /// false at any moment.
    [[nodiscard]] bool reusable() const noexcept { return state_ == state::idle; }
    /// Any thread. Whether the peer closed it while idle, after a reply that did not announce the
    /// close.
    [[nodiscard]] bool closed_unannounced() const noexcept {
        return state_ == state::closed_unannounced;
    }
    /// Any thread. The same, noticed so late that a request was lost.
    [[nodiscard]] bool lost_request() const noexcept { return state_ == state::lost_request; }
    /// Any thread.
    [[nodiscard]] steady_time created_at() const noexcept { return created_at_; }

    /// Any thread. Calls `confirmed` on the connection's strand if the connection is idle and the
    /// kernel has not seen its end either.
    void confirm_idle(std::function<void()> confirmed);

    /// Any thread. Ends the connection and what runs on it, without waiting.
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
