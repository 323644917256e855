#pragma once

/// A socket to an upstream, over TLS unless the origin says http, and the one deadline of its
/// current operation.
///
/// It has a strand of its own, so that different sockets work in parallel and TLS work (a handshake
/// takes about a millisecond) delays no other. Where one thread runs the whole context, its sockets
/// and timers work without the strand (single_threaded_scope.hpp).

#include "endpoint_cache.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/net/http_message.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/net/origin.hpp"
#include "otpd/net/tls_context.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <variant>

namespace otpd::net {

struct connect_result {
    bool connected = false;
    exchange_error why = exchange_error::connect_failed;
    boost::system::error_code error; ///< for the log
    bool session_resumed = false;
};

/// The base class of a connection. Coroutines of this class run on its strand (run_on()).
class upstream_socket : public std::enable_shared_from_this<upstream_socket> {
public:
    upstream_socket(upstream_socket const&) = delete;
    upstream_socket& operator=(upstream_socket const&) = delete;

    [[nodiscard]] strand executor() const noexcept { return strand_; }

    /// Tries `addresses` in turn, each with its share of the time, then does the TLS handshake.
    boost::asio::awaitable<connect_result> connect(endpoints addresses, deadline until);
    /// Whether connect() succeeded. Only for the holder of the connection.
    [[nodiscard]] bool connected() const noexcept { return connected_; }
    /// Takes the newest TLS session from the server. Only for the holder of the connection, between
    /// exchanges.
    [[nodiscard]] tls_session take_session() noexcept { return std::move(newest_session_); }

protected:
    using plain_stream = boost::asio::ip::tcp::socket;
    using tls_stream = boost::asio::ssl::stream<plain_stream>;

    /// `target` and `tls` must outlive every connect(); `tls` is null exactly when `target` is not
    /// TLS. `resume`: a session to resume, or null.
    upstream_socket(boost::asio::any_io_executor executor, origin const& target, tls_context* tls,
                    tls_session resume);
    ~upstream_socket();

    [[nodiscard]] plain_stream& tcp() noexcept;
    /// Null if there is no TLS.
    [[nodiscard]] tls_stream* tls() noexcept { return std::get_if<tls_stream>(&stream_); }
    /// The executor of the socket's handlers: the strand, or its underlying executor.
    [[nodiscard]] boost::asio::any_io_executor const& on() const noexcept { return on_; }

    /// Whether the coroutine with that state was cancelled.
    static bool is_cancelled(boost::asio::cancellation_state const& of) noexcept {
        return of.cancelled() != boost::asio::cancellation_type::none;
    }

    /// Whether the socket is readable outside an exchange: data, FIN, or an error.
    [[nodiscard]] bool anything_arrived() noexcept;
    /// Whether TLS holds bytes that it has read from the socket and that nobody has read from TLS.
    [[nodiscard]] bool tls_has_unread_bytes() noexcept;

    // Sets the deadline of the current operation: at `at` the socket is closed. Moving it later
    // costs one store, because the timer expires at the earlier time and then waits again.
    void end_at(steady_time at);
    void no_deadline() noexcept { deadline_ = steady_time::max(); }

    /// The caller has given it up: the current operation fails.
    void set_aborted() noexcept { aborted_ = true; }
    [[nodiscard]] bool is_aborted() const noexcept { return aborted_; }
    /// Closes the socket immediately, without notifying the peer.
    void reset() noexcept;

private:
    boost::asio::awaitable<connect_result> connect_tcp(endpoints addresses, deadline until);
    boost::asio::awaitable<connect_result> handshake(tls_stream& stream, deadline until);
    void tune() noexcept;
    void wait_until(steady_time at);
    void timer_ran_out();
    [[nodiscard]] boost::system::error_code or_timeout(boost::system::error_code ec) const;

    strand strand_;
    boost::asio::any_io_executor on_;
    origin const& origin_;
    tls_session resume_;
    tls_session newest_session_;
    std::variant<plain_stream, tls_stream> stream_;
    boost::asio::steady_timer timer_;
    steady_time deadline_ = steady_time::max();
    steady_time timer_at_ = steady_time::max(); ///< when its wait ends; max: it does not wait
    bool timed_out_ = false;                    ///< the deadline expired, and the socket was
                                                /// closed
    bool connected_ = false;
    bool aborted_ = false;
};

} // namespace otpd::net
