#pragma once

/// Writes the responses of a connection, one after the other.

#include "client_socket.hpp"
#include "response_writer.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace otpd::http {

/// Writes to `socket`, which outlives it and is used on its strand.
class response_sender {
public:
    /// Neither complete nor failed: the kernel took the first `written` bytes, and write_rest() is
    /// to follow.
    struct sending {
        bool complete = false;
        bool failed = false;
        std::size_t written = 0;
        std::string_view content; ///< the part of the response that was not copied
    };

    explicit response_sender(client_socket& socket) noexcept : socket_(socket) {}

    /// Mostly the kernel takes everything at once: no wait, no deadline, and nothing that the
    /// connection has to keep while it is idle. `response` stays until the end of write_rest().
    [[nodiscard]] sending begin(response const& response, envelope const& around, bool has_content);
    /// `begun.written` and `begun.content` of an incomplete one. False when it failed or took too
    /// long.
    boost::asio::awaitable<bool> write_rest(std::size_t written, std::string_view content);
    /// Gives back what write_rest() needed.
    void forget();

private:
    client_socket& socket_;
    std::string output_; ///< what the kernel did not take at once
};

} // namespace otpd::http
