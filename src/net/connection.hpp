#pragma once

/// One TCP connection to an upstream, with TLS unless the origin says http, for one exchange at a
/// time.
///
/// Every connection has a strand of its own: exchanges on different connections run in parallel,
/// and TLS work (a handshake takes about a millisecond) holds up nobody else. Coroutines of this
/// class run on that strand (run_on()); members that may be called from elsewhere say so. Where one
/// thread runs everything its sockets and timers do without the strand (single_threaded_scope.hpp).
///
/// A connection is good for another exchange only if the last one ended cleanly: the whole request
/// was written, a whole reply was read, the reply allows keep-alive, and not one byte came after
/// it. While idle it is watched: anything that arrives then (a FIN, a reset, a TLS alert, stray
/// bytes) means that it will not be used again. The same is checked once more right before a
/// request is written.

#include "endpoint_cache.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/net/http_message.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/net/origin.hpp"
#include "otpd/net/pool_options.hpp"
#include "otpd/net/tls_context.hpp"
#include "sent_bytes.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <variant>

namespace otpd::net {

struct connect_result {
    bool connected = false;
    exchange_error why = exchange_error::connect_failed;
    boost::system::error_code error; ///< for the log
    bool session_resumed = false;
};

class connection : public std::enable_shared_from_this<connection> {
public:
    using idle_closed_handler = std::function<void(std::shared_ptr<connection>)>;

    /// `target` and `tls` must outlive every connect(); `tls` is null exactly when `target` is not
    /// TLS. `on_idle_closed` is called on the connection's strand.
    connection(boost::asio::any_io_executor executor, origin const& target, tls_context* tls,
               tls_session resume, connection_limits limits, idle_closed_handler on_idle_closed);
    ~connection();
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;

    [[nodiscard]] strand executor() const noexcept { return strand_; }

    /// Tries `addresses` in turn, giving each its share of the time, then does the TLS handshake.
    boost::asio::awaitable<connect_result> connect(endpoints addresses, deadline until);

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
    /// connect() succeeded. For the one who holds the connection.
    [[nodiscard]] bool connected() const noexcept { return connected_; }
    /// The newest TLS session the server handed out. For the one who holds the connection, between
    /// exchanges.
    [[nodiscard]] tls_session take_session() noexcept { return std::move(newest_session_); }

    /// From any thread: calls `confirmed` on the connection's strand if it is idle and the kernel
    /// has seen nothing of an end either.
    void confirm_idle(std::function<void()> confirmed);

    /// From any thread: ends the connection and whatever runs on it, without waiting.
    void abort();

private:
    enum class state : std::uint8_t { busy, idle, unusable, closed_unannounced, lost_request };
    using plain_stream = boost::asio::ip::tcp::socket;
    using tls_stream = boost::asio::ssl::stream<plain_stream>;

    plain_stream& tcp() noexcept;
    boost::asio::awaitable<connect_result> connect_tcp(endpoints addresses, deadline until);
    boost::asio::awaitable<connect_result> handshake(tls_stream& stream, deadline until);
    template <class Stream>
    boost::asio::awaitable<std::variant<exchange_failure, http_response>>
    exchange_over(Stream& stream, secret_string request, deadline until, bool reused);

    // The deadline of what runs now: the socket is closed when it passes. Moving it later costs a
    // store, as the timer underneath runs out at the earlier time and then waits on.
    void end_at(steady_time at);
    void wait_until(steady_time at);
    void timer_ran_out();
    void no_deadline() noexcept { deadline_ = steady_time::max(); }
    [[nodiscard]] boost::system::error_code or_timeout(boost::system::error_code ec) const;

    void tune_socket() noexcept;
    [[nodiscard]] bool anything_arrived() noexcept;
    [[nodiscard]] bool unread_bytes_left() noexcept;
    void become_idle();
    void watch();
    void watched_event();
    void close(state how = state::unusable) noexcept;

    strand strand_;
    boost::asio::any_io_executor on_; ///< the strand, or what it is made of
    origin const& origin_;
    connection_limits limits_;
    idle_closed_handler on_idle_closed_;
    tls_session resume_;
    tls_session newest_session_;
    std::variant<plain_stream, tls_stream> stream_;
    boost::beast::flat_buffer buffer_;
    boost::asio::steady_timer timer_;
    steady_time deadline_ = steady_time::max();
    steady_time timer_at_ = steady_time::max(); ///< when its wait ends; max: it does not wait
    bool timed_out_ = false;                    ///< the deadline passed, and the socket was closed
    std::atomic<state> state_ = state::busy;
    steady_time const created_at_ = std::chrono::steady_clock::now();
    bool connected_ = false;
    bool watching_ = false;
    bool aborted_ = false;
};

} // namespace otpd::net
