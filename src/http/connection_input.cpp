#include "connection.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>

/// What a connection reads: the wait for a request, its head, its body, and the deadline of each.

namespace otpd::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t read_bytes = 4096;
/// Of a first read: what most requests need, as an idle connection holds it.
constexpr std::size_t first_read_bytes = 1024;

} // namespace

/// The longest message that is not refused, and one more read.
std::size_t connection::input_bytes_max() const noexcept {
    return options().header_bytes_max + options().body_bytes_max +
           request_parser::overhead_bytes_max + read_bytes;
}

std::string_view connection::input() const noexcept {
    auto const bytes = input_.data();
    return {static_cast<char const*>(bytes.data()), bytes.size()};
}

asio::awaitable<bool> connection::read_some() {
    error_code ec;
    // deferred and not use_awaitable, which would make a coroutine of the read.
    auto const size =
        co_await socket_.async_read_some(room_to_read(), asio::redirect_error(asio::deferred, ec));
    input_.commit(size);
    co_return !ec && !expired();
}

asio::mutable_buffer connection::room_to_read() {
    auto const wanted = input_.size() == 0 ? first_read_bytes : read_bytes;
    return input_.prepare(std::min(wanted, input_.max_size() - input_.size()));
}

/// In place of read_some() where a request, or what goes before it, is yet to begin.
asio::awaitable<bool> connection::wait_for_input(std::chrono::milliseconds limit) {
    phase_ = phase::idle;
    auto const since = std::chrono::steady_clock::now();
    begin_to_be_idle(since);
    arm(since + (draining() ? std::min(limit, options().drain_quiet) : limit));
    error_code ec = asio::error::operation_aborted;
    if (!is_leaving()) {
        auto const size = co_await socket_.async_read_some(
            room_to_read(), asio::redirect_error(asio::deferred, ec));
        input_.commit(size);
    }
    // Whatever ended the wait, a request that the kernel holds already has been received.
    if (ec == asio::error::operation_aborted && !aborted_ && has_unread_input()) {
        arm(std::chrono::steady_clock::now() + options().header_timeout);
        auto const size = co_await socket_.async_read_some(
            room_to_read(), asio::redirect_error(asio::deferred, ec));
        input_.commit(size);
    }
    if (!ec) end_to_be_idle();
    co_return !ec;
}

void connection::begin_to_be_idle(steady_time since) noexcept {
    if (idle_since_.load(std::memory_order_relaxed) == busy)
        idle_since_.store(since.time_since_epoch().count(), std::memory_order_relaxed);
}

void connection::end_to_be_idle() noexcept {
    if (idle_since_.exchange(busy) == leaving) --services_->leaving;
}

connection::received connection::refuse(framing_fault fault) noexcept {
    fault_ = fault;
    return received::refused;
}

connection::received connection::refuse_if_late(framing_fault fault) noexcept {
    return expired() && !aborted_ ? refuse(fault) : received::closed;
}

bool connection::has_unread_input() {
    error_code ec;
    return socket_.available(ec) > 0 && !ec;
}

asio::awaitable<connection::received> connection::receive() {
    begin_request();
    if (input_.size() == 0) {
        bool const some = co_await wait_for_input(options().idle_timeout);
        if (!some) co_return received::closed;
    }
    phase_ = phase::input;
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
        bool const some = co_await read_some();
        if (!some) co_return refuse_if_late(fault_of_waiting_for(missing));
    }
}

void connection::begin_request() {
    parser_.reset();
    body_ = {};
}

/// Nothing while the request is not complete.
std::optional<connection::received> connection::take_request() {
    auto const made = parser_.feed(input());
    if (made == request_parser::progress::need_more) return std::nullopt;
    if (made == request_parser::progress::rejected) return refuse(parser_.fault());
    body_ = parser_.body(input());
    return received::request;
}

void connection::arm_for(awaited part) {
    arm(part == awaited::head ? started_ + options().header_timeout
                              : std::chrono::steady_clock::now() + options().body_timeout);
}

framing_fault connection::fault_of_waiting_for(awaited part) noexcept {
    return part == awaited::head ? framing_fault::header_timeout : framing_fault::body_timeout;
}

/// The client sends its body only when it is told to (RFC 9110 10.1.1).
bool connection::waits_for_permission() const noexcept {
    return parser_.is_head_complete() && parser_.expects_continue() &&
           input_.size() == parser_.head_end();
}

asio::awaitable<bool> connection::send_continue() {
    constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    error_code ec;
    co_await asio::async_write(socket_, asio::buffer(interim),
                               asio::redirect_error(asio::use_awaitable, ec));
    co_return !ec && !expired();
}

} // namespace otpd::http
