#pragma once

/// A client's socket and its one deadline, which bounds the current phase: waiting for a request,
/// reading it, handling it or writing the response.

#include "connection_services.hpp"
#include "otpd/http/request.hpp"
#include "watchdog.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace otpd::http {

/// TCP, or a Unix socket.
using stream_socket = boost::asio::generic::stream_protocol::socket;

/// The base class of a connection. Runs on the strand that is the socket's executor, except where
/// noted.
class client_socket : public watchdog, public peer_watch {
public:
    /// The phase that the deadline bounds. In `handling`, expiry cancels the handler; in the other
    /// phases it cancels the socket's operations.
    enum class phase : std::uint8_t { idle, input, handling, output };
    class ending;

    /// The maximum size of one read.
    static constexpr std::size_t read_bytes = 4096;

    [[nodiscard]] boost::asio::any_io_executor executor() { return socket_.get_executor(); }
    /// Cancels the handler. Bind it to the coroutine that serves the client.
    [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return handler_signal_.slot(); }

    /// When the current wait for a request, or for a PROXY protocol header, began. Empty once a
    /// byte has arrived, and while the connection is leaving. Any thread.
    [[nodiscard]] std::optional<steady_time> idle_since() const noexcept;
    /// Asks the connection to close if it has been idle since `since`. The connection stays if the
    /// first byte of a request arrives before it closes. Returns false if it has not been idle
    /// since then. Any thread.
    bool ask_to_leave(steady_time since);
    /// Any thread.
    [[nodiscard]] bool is_leaving() const noexcept { return idle_since_ == leaving; }

    /// Bounds the wait for the next request, whether it has begun or not. Set
    /// connection_services::draining first. Any thread.
    void begin_drain();
    /// Closes the socket and cancels the handler. Any thread.
    void abort();

    /// Waits for the first bytes of a request or of a PROXY protocol header, and appends them to
    /// `input`. `limit` counts from now and is shorter while the server drains. Returns false if no
    /// bytes arrived.
    boost::asio::awaitable<bool> wait_for_input(boost::beast::flat_buffer& input,
                                                std::chrono::milliseconds limit);
    /// Appends to `input`. Returns false at the end of input, on an error and when the deadline has
    /// expired.
    boost::asio::awaitable<bool> read_some(boost::beast::flat_buffer& input);

    [[nodiscard]] stream_socket& stream() noexcept { return socket_; }

    /// Changes the phase and keeps the deadline.
    void enter(phase next) noexcept { phase_ = next; }
    void enter(phase next, steady_time until) {
        phase_ = next;
        arm(until);
    }
    using watchdog::arm;
    using watchdog::expired;
    /// Whether the deadline, not abort(), ended the phase.
    [[nodiscard]] bool is_late() const noexcept { return expired() && !aborted_; }
    [[nodiscard]] bool is_aborted() const noexcept { return aborted_; }

    void begin_handling(steady_time until) {
        handler_late_ = false;
        enter(phase::handling, until);
    }
    /// Whether the handler was cancelled because its deadline expired.
    [[nodiscard]] bool is_handler_late() const noexcept { return handler_late_; }

    [[nodiscard]] bool has_hung_up() const noexcept override;

    [[nodiscard]] connection_services const& services() const noexcept { return *services_; }
    [[nodiscard]] server_options const& options() const noexcept { return services_->options; }
    [[nodiscard]] bool is_draining() const noexcept {
        return services_->draining.load(std::memory_order_relaxed);
    }

protected:
    client_socket(stream_socket socket, std::shared_ptr<connection_services const> services);
    ~client_socket() override = default;

private:
    void on_expiry() override;
    void begin_to_be_idle(steady_time since) noexcept;
    void end_to_be_idle() noexcept;
    [[nodiscard]] bool has_unread_input();

    static constexpr steady_time::rep busy = -1;    ///< a byte has arrived
    static constexpr steady_time::rep leaving = -2; ///< idle, and asked to leave
    /// `busy`, `leaving`, or the steady time at which it became idle. Only the connection's strand
    /// leaves `busy`; the server changes only an idle connection to `leaving`.
    std::atomic<steady_time::rep> idle_since_;

    stream_socket socket_;
    std::shared_ptr<connection_services const> const services_;
    boost::asio::cancellation_signal handler_signal_;
    phase phase_ = phase::idle;
    bool handler_late_ = false;
    bool aborted_ = false;
};

/// Releases the timer and the socket immediately, also when an exception ends the connection.
class client_socket::ending {
public:
    explicit ending(client_socket& socket) noexcept : of_(socket) {}
    ending(ending const&) = delete;
    ending& operator=(ending const&) = delete;
    ~ending();
    /// Keeps the connection open.
    void dismiss() noexcept { dismissed_ = true; }

private:
    client_socket& of_;
    bool dismissed_ = false;
};

} // namespace otpd::http
