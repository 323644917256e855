#pragma once

/// Writes the responses of a connection, one after the other.

#include "client_socket.hpp"
#include "response_writer.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace otpd::http {

/// Writes to `socket`, which must outlive this object; used on its strand.
class response_sender {
public:
    /// If neither complete nor failed: the kernel took the first `written` bytes, and the caller
    /// must call write_rest().
    struct sending {
        bool complete = false;
        bool failed = false;
        std::size_t written = 0;
        std::string_view content; ///< the part of the response that was not copied
    };

    explicit response_sender(client_socket& socket) noexcept : socket_(socket) {}

    /// Tries to write the response without waiting. The kernel usually takes all of it, which needs
    /// no deadline and no buffer in the idle connection. `response` must live until write_rest()
    /// ends.
    [[nodiscard]] sending begin(response const& response, envelope const& around, bool has_content);
    /// Writes the rest of an incomplete response; pass `begun.written` and `begun.content`. Returns
    /// false if it failed or the deadline expired.
    boost::asio::awaitable<bool> write_rest(std::size_t written, std::string_view content);
    /// Releases the memory of write_rest().
    void forget();

private:
    client_socket& socket_;
    std::string output_; ///< what the kernel did not take immediately
};

} // namespace otpd::http
