#include "client_socket.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <poll.h>

#include <algorithm>
#include <utility>

namespace otpd::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// The size of the first read of a request. Most requests fit, and an idle connection keeps this
/// much.
constexpr std::size_t first_read_bytes = 1024;

asio::mutable_buffer room_to_read(boost::beast::flat_buffer& input) {
    auto const wanted = input.size() == 0 ? first_read_bytes : client_socket::read_bytes;
    return input.prepare(std::min(wanted, input.max_size() - input.size()));
}

} // namespace

client_socket::client_socket(stream_socket socket,
                             std::shared_ptr<connection_services const> services)
    : watchdog(socket.get_executor()),
      idle_since_(std::chrono::steady_clock::now().time_since_epoch().count()),
      socket_(std::move(socket)), services_(std::move(services)) {}

client_socket::ending::~ending() {
    error_code ignored;
    if (dismissed_) return;
    of_.disarm();
    of_.socket_.close(ignored);
}

// ---- from any thread ---------------------------------------------------------------------------

std::optional<steady_time> client_socket::idle_since() const noexcept {
    auto const since = idle_since_.load();
    if (since == busy || since == leaving) return std::nullopt;
    return steady_time(steady_time::duration(since));
}

bool client_socket::ask_to_leave(steady_time since) {
    ++services_->leaving;
    auto idle = since.time_since_epoch().count();
    if (!idle_since_.compare_exchange_strong(idle, leaving)) {
        --services_->leaving;
        return false;
    }
    asio::post(socket_.get_executor(),
               [self = std::static_pointer_cast<client_socket>(shared_from_this())] {
                   error_code ignored;
                   if (self->phase_ == phase::idle && self->is_leaving())
                       self->socket_.cancel(ignored);
               });
    return true;
}

void client_socket::begin_drain() {
    asio::post(socket_.get_executor(), [self = std::static_pointer_cast<client_socket>(
                                            shared_from_this())] {
        if (self->phase_ == phase::idle)
            self->advance(std::chrono::steady_clock::now() + self->options().drain_quiet);
    });
}

void client_socket::abort() {
    asio::post(socket_.get_executor(),
               [self = std::static_pointer_cast<client_socket>(shared_from_this())] {
                   error_code ignored;
                   self->aborted_ = true;
                   self->socket_.close(ignored);
                   if (self->phase_ == phase::handling)
                       self->handler_signal_.emit(asio::cancellation_type::all);
               });
}

// ---- the deadline ------------------------------------------------------------------------------

void client_socket::on_expiry() {
    if (phase_ == phase::handling) {
        handler_late_ = true;
        handler_signal_.emit(asio::cancellation_type::all);
        return;
    }
    error_code ignored;
    socket_.cancel(ignored);
}

/// Polls the socket instead of reading the stream. A read would consume pipelined data, and would
/// reach the end of the stream only behind it.
bool client_socket::has_hung_up() const noexcept {
    if (!socket_.is_open()) return true;
    pollfd asked{};
    // Asio's own accessor is not const, though it changes nothing.
    asked.fd = const_cast<stream_socket&>(socket_).native_handle();
    asked.events = POLLRDHUP;
    return ::poll(&asked, 1, 0) > 0;
}

// ---- reading -----------------------------------------------------------------------------------

asio::awaitable<bool> client_socket::read_some(boost::beast::flat_buffer& input) {
    error_code ec;
    // `deferred` instead of use_awaitable, which would add a coroutine frame to each read.
    auto const size = co_await socket_.async_read_some(room_to_read(input),
                                                       asio::redirect_error(asio::deferred, ec));
    input.commit(size);
    co_return !ec && !expired();
}

asio::awaitable<bool> client_socket::wait_for_input(boost::beast::flat_buffer& input,
                                                    std::chrono::milliseconds limit) {
    auto const since = std::chrono::steady_clock::now();
    begin_to_be_idle(since);
    enter(phase::idle, since + (is_draining() ? std::min(limit, options().drain_quiet) : limit));
    error_code ec = asio::error::operation_aborted;
    if (!is_leaving()) {
        auto const size = co_await socket_.async_read_some(
            room_to_read(input), asio::redirect_error(asio::deferred, ec));
        input.commit(size);
    }
    // Data that is already in the kernel's buffer counts as received, whatever ended the wait.
    if (ec == asio::error::operation_aborted && !aborted_ && has_unread_input()) {
        arm(std::chrono::steady_clock::now() + options().header_timeout);
        auto const size = co_await socket_.async_read_some(
            room_to_read(input), asio::redirect_error(asio::deferred, ec));
        input.commit(size);
    }
    if (!ec) end_to_be_idle();
    co_return !ec;
}

void client_socket::begin_to_be_idle(steady_time since) noexcept {
    if (idle_since_.load(std::memory_order_relaxed) == busy)
        idle_since_.store(since.time_since_epoch().count(), std::memory_order_relaxed);
}

void client_socket::end_to_be_idle() noexcept {
    if (idle_since_.exchange(busy) == leaving) --services_->leaving;
}

bool client_socket::has_unread_input() {
    error_code ec;
    return socket_.available(ec) > 0 && !ec;
}

} // namespace otpd::http
