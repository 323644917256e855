#pragma once

/// Reads the requests of a connection: waits for a request, reads its head and body, and sets the
/// deadline of each phase.

#include "client_socket.hpp"
#include "proxy_header.hpp"
#include "request_parser.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace otpd::http {

/// Reads one request after the other from `socket`, which must outlive this object; used on its
/// strand. The buffer and the parser are reused, so that a connection in steady state does not
/// allocate here.
class request_reader {
public:
    enum class received : std::uint8_t { request, closed, refused };

    explicit request_reader(client_socket& socket);

    /// Waits for a request and reads it. On `refused`, fault() is the reason; on `closed`, there is
    /// no request to answer.
    boost::asio::awaitable<received> receive();
    /// Reads the PROXY protocol header, consumes its bytes and returns it, complete or rejected.
    /// Returns nothing if the client disconnected or the deadline expired.
    boost::asio::awaitable<std::optional<proxy_header>> receive_proxy_header();
    /// Discards the request and keeps the pipelined bytes after it.
    void forget_request();
    /// Shuts down the sending side and reads what the client still sends. Closing a socket with
    /// unread input resets the connection, and a reset can destroy a response in flight (RFC 9112
    /// 9.6).
    boost::asio::awaitable<void> linger();

    // The parser with the last request. Its views are valid until forget_request().
    [[nodiscard]] request_parser const& parser() const noexcept { return parser_; }
    [[nodiscard]] std::string_view bytes() const noexcept;
    [[nodiscard]] std::string_view body() const noexcept { return body_; }
    [[nodiscard]] framing_fault fault() const noexcept { return fault_; }
    /// When its first byte was read.
    [[nodiscard]] steady_time started() const noexcept { return started_; }

private:
    enum class awaited : std::uint8_t { nothing, head, body };

    /// Returns what the received bytes decide; nothing if more are needed.
    [[nodiscard]] std::optional<received> take_request();
    void arm_for(awaited part);
    [[nodiscard]] bool waits_for_permission() const noexcept;
    boost::asio::awaitable<bool> send_continue();
    [[nodiscard]] received refuse(framing_fault fault) noexcept;

    client_socket& socket_;
    boost::beast::flat_buffer input_; ///< the current request, then pipelined bytes
    request_parser parser_;
    std::string_view body_;
    framing_fault fault_{};
    steady_time started_{};
};

} // namespace otpd::http
