#pragma once

/// What a connection reads: the wait for a request, its head, its body, and the deadline of each.

#include "client_socket.hpp"
#include "proxy_header.hpp"
#include "request_parser.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace otpd::http {

/// Reads one request after the other from `socket`, which outlives it and is used on its strand.
/// The buffer and the parser are reused, so that a steady client costs no allocation here.
class request_reader {
public:
    enum class received : std::uint8_t { request, closed, refused };

    explicit request_reader(client_socket& socket);

    /// Waits for a request and reads it. `refused`: fault() says why; `closed`: there is none to
    /// answer.
    boost::asio::awaitable<received> receive();
    /// The header of the PROXY protocol, complete or rejected; its bytes are gone. Nothing when the
    /// client has left or was too late.
    boost::asio::awaitable<std::optional<proxy_header>> receive_proxy_header();
    /// Forgets the request, but not what was sent ahead of the next one.
    void forget_request();
    /// Says that nothing more will come and reads what the client still sends: closing with unread
    /// input resets the connection, and a reset can destroy the response on its way (RFC 9112 9.6).
    boost::asio::awaitable<void> linger();

    // Of the last request; views stay valid until it is forgotten.
    [[nodiscard]] request_parser const& parser() const noexcept { return parser_; }
    [[nodiscard]] std::string_view bytes() const noexcept;
    [[nodiscard]] std::string_view body() const noexcept { return body_; }
    [[nodiscard]] framing_fault fault() const noexcept { return fault_; }
    /// Its first byte was seen.
    [[nodiscard]] steady_time started() const noexcept { return started_; }

private:
    enum class awaited : std::uint8_t { nothing, head, body };

    /// What is decided by the bytes that are there; nothing while more are needed.
    [[nodiscard]] std::optional<received> take_request();
    void arm_for(awaited part);
    [[nodiscard]] bool waits_for_permission() const noexcept;
    boost::asio::awaitable<bool> send_continue();
    [[nodiscard]] received refuse(framing_fault fault) noexcept;

    client_socket& socket_;
    boost::beast::flat_buffer input_; ///< the request being served, then what was sent ahead
    request_parser parser_;
    std::string_view body_;
    framing_fault fault_{};
    steady_time started_{};
};

} // namespace otpd::http
