#include "response_sender.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>

namespace otpd::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// Content up to this size is copied behind the header section and sent as one buffer.
constexpr std::size_t copied_content_bytes_max = 16 * 1024;

} // namespace

response_sender::sending response_sender::begin(response const& response, envelope const& around,
                                                bool has_content) {
    thread_local std::string assembled; // keeps its capacity
    write_head(response, around, assembled);
    sending begun;
    if (has_content) begun.content = response.content();
    if (begun.content.size() <= copied_content_bytes_max) {
        assembled.append(begun.content);
        begun.content = {};
    }
    error_code ec;
    std::array<asio::const_buffer, 2> const both = {asio::buffer(assembled),
                                                    asio::buffer(begun.content)};
    begun.written = begun.content.empty() ? socket_.stream().write_some(asio::buffer(assembled), ec)
                                          : socket_.stream().write_some(both, ec);
    begun.complete = !ec && begun.written == asio::buffer_size(both);
    begun.failed = ec && ec != asio::error::would_block && ec != asio::error::try_again;
    if (!begun.complete && !begun.failed) output_ = assembled;
    return begun;
}

asio::awaitable<bool> response_sender::write_rest(std::size_t written, std::string_view content) {
    std::array<asio::const_buffer, 2> buffers = {asio::buffer(output_), asio::buffer(content)};
    auto const in_first = std::min(written, buffers[0].size());
    buffers[0] += in_first;
    buffers[1] += written - in_first;
    auto const& options = socket_.options();
    auto const seconds = asio::buffer_size(buffers) / options.write_bytes_per_second_min;
    socket_.enter(client_socket::phase::output, std::chrono::steady_clock::now() +
                                                    options.write_timeout +
                                                    std::chrono::seconds(seconds));
    error_code ec;
    co_await asio::async_write(socket_.stream(), buffers, asio::redirect_error(asio::deferred, ec));
    co_return !ec;
}

void response_sender::forget() {
    if (!output_.empty()) std::string().swap(output_); // an assignment would keep the memory
}

} // namespace otpd::http
