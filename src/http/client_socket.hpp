#pragma once

/// A client's socket, and the one deadline of whatever is done for the client now: waiting for a
/// request, reading it, handling it, writing the response.

#include "connection_services.hpp"
#include "otpd/http/request.hpp"
#include "watchdog.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace otpd::http {

/// Base of the connection. Everything runs on the strand that is the socket's executor but what
/// says otherwise.
class client_socket : public watchdog, public peer_watch {
public:
    /// What the deadline means. It ends a handler by its cancellation, anything else by that of the
    /// socket's operations.
    enum class phase : std::uint8_t { idle, input, handling, output };
    class ending;

    /// What one read takes at most.
    static constexpr std::size_t read_bytes = 4096;

    [[nodiscard]] boost::asio::any_io_executor executor() { return socket_.get_executor(); }
    /// Of the handler: bind it to whoever spawns what serves the client.
    [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return handler_signal_.slot(); }

    /// Since when it has waited for a request, or for the header of the PROXY protocol; nothing
    /// when a byte has come, and when it is leaving. From any thread.
    [[nodiscard]] std::optional<steady_time> idle_since() const noexcept;
    /// Has it close if it has been idle since `since`, and is so when it hears of it: with the
    /// first byte of a request it stays. False when it is not idle since then. From any thread.
    bool ask_to_leave(steady_time since);
    /// From any thread.
    [[nodiscard]] bool is_leaving() const noexcept { return idle_since_ == leaving; }

    /// Bounds the wait for a next request, now or when it begins; connection_services::draining is
    /// set before. From any thread.
    void begin_drain();
    /// Closes the socket and cancels the handler. From any thread.
    void abort();

    /// Waits for the first bytes of a request, or of what goes before it, and appends them to
    /// `input`. `limit` is from now on; it is shorter while the server drains. False: none came.
    boost::asio::awaitable<bool> wait_for_input(boost::beast::flat_buffer& input,
                                                std::chrono::milliseconds limit);
    /// Appends to `input`. False at the end of input, at an error and when the deadline has come.
    boost::asio::awaitable<bool> read_some(boost::beast::flat_buffer& input);

    [[nodiscard]] boost::asio::ip::tcp::socket& tcp() noexcept { return socket_; }

    /// The deadline stays as it is.
    void enter(phase next) noexcept { phase_ = next; }
    void enter(phase next, steady_time until) {
        phase_ = next;
        arm(until);
    }
    using watchdog::arm;
    using watchdog::expired;
    /// The deadline has come, and not abort().
    [[nodiscard]] bool is_late() const noexcept { return expired() && !aborted_; }
    [[nodiscard]] bool is_aborted() const noexcept { return aborted_; }

    void begin_handling(steady_time until) {
        handler_late_ = false;
        enter(phase::handling, until);
    }
    /// The handler was cancelled because its deadline had come.
    [[nodiscard]] bool is_handler_late() const noexcept { return handler_late_; }

    [[nodiscard]] bool has_hung_up() const noexcept override;

    [[nodiscard]] connection_services const& services() const noexcept { return *services_; }
    [[nodiscard]] server_options const& options() const noexcept { return services_->options; }
    [[nodiscard]] bool is_draining() const noexcept {
        return services_->draining.load(std::memory_order_relaxed);
    }

protected:
    client_socket(boost::asio::ip::tcp::socket socket,
                  std::shared_ptr<connection_services const> services);
    ~client_socket() override = default;

private:
    void on_expiry() override;
    void begin_to_be_idle(steady_time since) noexcept;
    void end_to_be_idle() noexcept;
    [[nodiscard]] bool has_unread_input();

    static constexpr steady_time::rep busy = -1;    ///< a byte has come
    static constexpr steady_time::rep leaving = -2; ///< idle, and asked to leave
    /// Or the steady time since when it is idle. Only its own strand ends `busy`, and the server
    /// begins `leaving` from idle alone.
    std::atomic<steady_time::rep> idle_since_;

    boost::asio::ip::tcp::socket socket_;
    std::shared_ptr<connection_services const> const services_;
    boost::asio::cancellation_signal handler_signal_;
    phase phase_ = phase::idle;
    bool handler_late_ = false;
    bool aborted_ = false;
};

/// Lets go of the timer and the socket at once also when an exception ends the connection.
class client_socket::ending {
public:
    explicit ending(client_socket& socket) noexcept : of_(socket) {}
    ending(ending const&) = delete;
    ending& operator=(ending const&) = delete;
    ~ending();
    /// The connection goes on.
    void dismiss() noexcept { dismissed_ = true; }

private:
    client_socket& of_;
    bool dismissed_ = false;
};

} // namespace otpd::http
