#pragma once

/// One client: reads requests, has them handled, writes the responses, one after the other.

#include "otpd/http/observer.hpp"
#include "otpd/http/router.hpp"
#include "otpd/http/server.hpp"
#include "request_id.hpp"
#include "request_parser.hpp"
#include "watchdog.hpp"
#include "wrong_tokens.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace otpd::http {

/// What the connections of a server share. Immutable but for the atomic members.
struct connection_services {
    server_options const options;
    router const& routes;
    observer& events;
    std::atomic<bool> draining{false};
    /// How many were asked to leave and neither have gone nor have turned out to have a request.
    mutable std::atomic<std::size_t> leaving{0};
    mutable wrong_tokens shown_wrong_tokens{};
};

/// Everything runs on the strand that is the socket's executor but what says otherwise.
class connection final : public watchdog, private peer_watch {
public:
    connection(boost::asio::ip::tcp::socket socket, boost::asio::ip::address peer,
               std::shared_ptr<connection_services const> services);

    /// Reads what the proxy says of the client before its first request; false when there is to be
    /// none. Goes before `serve` where server_options::proxy_protocol is set.
    static boost::asio::awaitable<bool> introduce(std::shared_ptr<connection> self);
    /// Serves until the connection has ended. Bind `slot()` to whoever spawns this.
    static boost::asio::awaitable<void> serve(std::shared_ptr<connection> self);
    /// Answers 503 to a client that there is no room for, and ends.
    static boost::asio::awaitable<void> reject_overloaded(std::shared_ptr<connection> self);

    [[nodiscard]] boost::asio::any_io_executor executor() { return socket_.get_executor(); }
    [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return handler_signal_.slot(); }

    /// Who connected; with the PROXY protocol, after `introduce`, whom the proxy named. Nobody
    /// changes it while `introduce` does not run.
    [[nodiscard]] boost::asio::ip::address const& peer() const noexcept { return peer_; }

    /// Since when it has waited for a request, or for the header of the PROXY protocol; nothing
    /// when a byte has come, and when it is leaving. From any thread.
    [[nodiscard]] std::optional<steady_time> idle_since() const noexcept;
    /// Has it close if it has been idle since `since`, and is so when it hears of it: with the
    /// first byte of a request it stays. False when it is not idle since then. From any thread.
    bool ask_to_leave(steady_time since);
    /// From any thread.
    [[nodiscard]] bool is_leaving() const noexcept { return idle_since_ == leaving; }

    /// Bounds the wait for a next request, now or when it begins; services->draining is set
    /// before. From any thread.
    void begin_drain();
    /// Closes the socket and cancels the handler. From any thread.
    void abort();
    /// In place of `serve`, after `introduce`.
    void close();

private:
    /// What the deadline means.
    enum class phase : std::uint8_t { idle, input, handling, output };
    enum class received : std::uint8_t { request, closed, refused };
    enum class awaited : std::uint8_t { nothing, head, body };

    class ending;

    void on_expiry() override;
    [[nodiscard]] bool has_hung_up() const noexcept override;

    /// One request and its response; false when no other is to follow.
    boost::asio::awaitable<bool> exchange();

    boost::asio::awaitable<bool> receive_proxy_header();
    [[nodiscard]] bool is_from_trusted_proxy();
    void set_peer(boost::asio::ip::address address);

    boost::asio::awaitable<received> receive();
    boost::asio::awaitable<bool> wait_for_input(std::chrono::milliseconds limit);
    void begin_to_be_idle(steady_time since) noexcept;
    void end_to_be_idle() noexcept;
    [[nodiscard]] boost::asio::mutable_buffer room_to_read();
    /// False at the end of input, at an error and when the deadline has come.
    boost::asio::awaitable<bool> read_some();
    boost::asio::awaitable<bool> send_continue();
    void begin_request();
    /// What is decided by the bytes that are there; nothing while more are needed.
    [[nodiscard]] std::optional<received> take_request();
    void arm_for(awaited part);
    [[nodiscard]] static framing_fault fault_of_waiting_for(awaited part) noexcept;
    [[nodiscard]] bool waits_for_permission() const noexcept;
    [[nodiscard]] received refuse(framing_fault fault) noexcept;
    [[nodiscard]] received refuse_if_late(framing_fault fault) noexcept;
    [[nodiscard]] bool has_unread_input();

    void describe_request();
    boost::asio::awaitable<response> call(detail::endpoint const& endpoint);
    boost::asio::awaitable<void> hold_back(response& response);
    [[nodiscard]] response refusal();
    [[nodiscard]] response answer_of_router(router::match const& found);
    [[nodiscard]] response answer_failure(std::exception_ptr failure);

    /// Neither complete nor failed: the kernel took `written` bytes of `output_` and then
    /// `content`.
    struct sending {
        bool complete = false;
        bool failed = false;
        std::size_t written = 0;
        std::string_view content;
    };
    [[nodiscard]] sending begin_to_send(response const& response, bool keep);
    boost::asio::awaitable<bool> write_rest(std::size_t written, std::string_view content);
    boost::asio::awaitable<void> linger();
    void report(response const& response, bool sent);
    void prepare_for_next();

    [[nodiscard]] std::string_view input() const noexcept;
    [[nodiscard]] std::size_t input_bytes_max() const noexcept;
    [[nodiscard]] bool draining() const noexcept {
        return services_->draining.load(std::memory_order_relaxed);
    }
    [[nodiscard]] server_options const& options() const noexcept { return services_->options; }

    static constexpr steady_time::rep busy = -1;    ///< a byte has come
    static constexpr steady_time::rep leaving = -2; ///< idle, and asked to leave
    /// Or the steady time since when it is idle. Only its own strand ends `busy`, and the server
    /// begins `leaving` from idle alone.
    std::atomic<steady_time::rep> idle_since_;

    boost::asio::ip::tcp::socket socket_;
    std::shared_ptr<connection_services const> services_;
    boost::asio::ip::address peer_;           ///< unmapped
    std::span<address_range const> believed_; ///< services_->options.trusted_proxies, or nobody
    boost::asio::cancellation_signal handler_signal_;

    // Reused from request to request, so that a steady client costs no allocation here.
    boost::beast::flat_buffer input_; ///< the request being served, then what was sent ahead
    request_parser parser_;
    std::vector<field_view> fields_;
    path_parameters parameters_;
    std::string request_id_;
    std::string output_; ///< what the kernel did not take at once

    // Of the request being served.
    std::optional<request> request_;
    std::string_view body_;
    std::string_view route_;
    framing_fault fault_{};
    steady_time started_{};  ///< its first byte was seen
    steady_time received_{}; ///< its last byte was seen
    steady_time answered_{}; ///< the response was there

    phase phase_ = phase::idle;
    bool handler_late_ = false;
    bool aborted_ = false;
};

} // namespace otpd::http
