#include "request_reader.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace otpd::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// An input buffer that grew beyond this size is released between requests.
constexpr std::size_t idle_buffer_bytes_max = 2048;
/// How much a refused client may still send before it is cut off, and how much extends its time by
/// a second.
constexpr std::size_t linger_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t linger_bytes_per_second = 512 * 1024;

/// The size of the longest message that is not refused, plus one read.
std::size_t input_bytes_max(server_options const& options) noexcept {
    return options.header_bytes_max + options.body_bytes_max + request_parser::overhead_bytes_max +
           client_socket::read_bytes;
}

request_limits limits_of(server_options const& options) {
    request_limits limits;
    limits.header_bytes_max = options.header_bytes_max;
    limits.fields_max = options.header_fields_max;
    limits.target_bytes_max = options.target_bytes_max;
    limits.body_bytes_max = options.body_bytes_max;
    return limits;
}

} // namespace

request_reader::request_reader(client_socket& socket)
    : socket_(socket), input_(input_bytes_max(socket.options())),
      parser_(limits_of(socket.options())) {}

std::string_view request_reader::bytes() const noexcept {
    auto const bytes = input_.data();
    return {static_cast<char const*>(bytes.data()), bytes.size()};
}

asio::awaitable<request_reader::received> request_reader::receive() {
    parser_.reset();
    body_ = {};
    if (input_.size() == 0) {
        bool const some = co_await socket_.wait_for_input(input_, socket_.options().idle_timeout);
        if (!some) co_return received::closed;
    }
    socket_.enter(client_socket::phase::input);
    started_ = std::chrono::steady_clock::now();
    awaited armed = awaited::nothing;
    for (;;) {
        auto const outcome = take_request();
        if (outcome) co_return *outcome;
        auto const missing = parser_.is_head_complete() ? awaited::body : awaited::head;
        bool const first = armed != missing;
        armed = missing;
        if (first) arm_for(missing);
        if (first && waits_for_permission()) {
            bool const sent = co_await send_continue();
            if (!sent) co_return received::closed;
        }
        bool const some = co_await socket_.read_some(input_);
        if (some) continue;
        if (!socket_.is_late()) co_return received::closed;
        co_return refuse(missing == awaited::head ? framing_fault::header_timeout
                                                  : framing_fault::body_timeout);
    }
}

std::optional<request_reader::received> request_reader::take_request() {
    auto const made = parser_.feed(bytes());
    if (made == request_parser::progress::need_more) return std::nullopt;
    if (made == request_parser::progress::rejected) return refuse(parser_.fault());
    body_ = parser_.body(bytes());
    return received::request;
}

request_reader::received request_reader::refuse(framing_fault fault) noexcept {
    fault_ = fault;
    return received::refused;
}

void request_reader::arm_for(awaited part) {
    auto const& options = socket_.options();
    socket_.arm(part == awaited::head ? started_ + options.header_timeout
                                      : std::chrono::steady_clock::now() + options.body_timeout);
}

/// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 10.1.1).
bool request_reader::waits_for_permission() const noexcept {
    return parser_.is_head_complete() && parser_.expects_continue() &&
           input_.size() == parser_.head_end();
}

asio::awaitable<bool> request_reader::send_continue() {
    constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    error_code ec;
    co_await asio::async_write(socket_.stream(), asio::buffer(interim),
                               asio::redirect_error(asio::use_awaitable, ec));
    co_return !ec && !socket_.expired();
}

asio::awaitable<std::optional<proxy_header>> request_reader::receive_proxy_header() {
    // One deadline for the wait and the header: the proxy speaks first, without being asked.
    bool some = co_await socket_.wait_for_input(input_, socket_.options().header_timeout);
    socket_.enter(client_socket::phase::input);
    auto header = parse_proxy_header(bytes());
    while (some && header.made == proxy_header::progress::need_more) {
        some = co_await socket_.read_some(input_);
        header = parse_proxy_header(bytes());
    }
    if (!some) co_return std::nullopt;
    if (header.made == proxy_header::progress::complete) input_.consume(header.size);
    co_return header;
}

void request_reader::forget_request() {
    input_.consume(parser_.end());
    if (input_.size() == 0 && input_.capacity() > idle_buffer_bytes_max) input_.shrink_to_fit();
}

asio::awaitable<void> request_reader::linger() {
    error_code ec;
    socket_.stream().shutdown(stream_socket::shutdown_send, ec);
    if (ec) co_return;
    socket_.enter(client_socket::phase::output);
    auto const limit = std::chrono::steady_clock::now() + socket_.options().linger_timeout;
    for (std::size_t taken = 0; taken < linger_bytes_max; taken += input_.size()) {
        socket_.arm(limit + std::chrono::seconds(taken / linger_bytes_per_second));
        input_.clear();
        bool const some = co_await socket_.read_some(input_);
        if (!some) co_return;
    }
}

} // namespace otpd::http
