#include "upstream_socket.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/error.hpp>

#include <netinet/tcp.h>
#include <poll.h>

namespace otpd::net {

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr auto no_throw = asio::as_tuple(asio::deferred);

/// The peer counts as dead if data stays unacknowledged for this long.
constexpr unsigned peer_dead_after_ms = 10'000;

using socket = asio::ip::tcp::socket;

/// One thread needs no strand: each operation over one costs two more handlers.
asio::any_io_executor executor_of(strand const& guard) {
    if (is_single_threaded(guard)) return guard.get_inner_executor();
    return guard;
}

std::variant<socket, asio::ssl::stream<socket>> make_stream(asio::any_io_executor const& executor,
                                                            tls_context* tls) {
    using result = std::variant<socket, asio::ssl::stream<socket>>;
    if (tls == nullptr) return result(std::in_place_index<0>, executor);
    return result(std::in_place_index<1>, executor, tls->native());
}

/// A handshake that fails with anything but a transport error was refused, by us or by the peer. A
/// peer that disconnects in the middle refused it without an alert.
exchange_error handshake_error(boost::system::error_code ec) {
    bool const transport = ec == beast::error::timeout || ec == asio::error::operation_aborted ||
                           ec == asio::error::connection_reset || ec == asio::error::broken_pipe;
    return transport ? exchange_error::connect_failed : exchange_error::tls_failed;
}

} // namespace

upstream_socket::upstream_socket(asio::any_io_executor executor, origin const& target,
                                 tls_context* tls, tls_session resume)
    : strand_(asio::make_strand(std::move(executor))), on_(executor_of(strand_)), origin_(target),
      resume_(std::move(resume)), stream_(make_stream(on_, tls)), timer_(on_) {}

upstream_socket::~upstream_socket() {
    // An SSL object that is destroyed before its shutdown marks its session as not resumable. The
    // session itself is good: the reply was complete or the request failed.
    if (auto* stream = tls())
        SSL_set_shutdown(stream->native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

upstream_socket::plain_stream& upstream_socket::tcp() noexcept {
    if (auto* stream = tls()) return stream->next_layer();
    return *std::get_if<plain_stream>(&stream_);
}

// --- connecting ---------------------------------------------------------------------------------

asio::awaitable<connect_result> upstream_socket::connect(endpoints addresses, deadline until) {
    auto result = co_await connect_tcp(std::move(addresses), until);
    if (!result.connected) co_return result;
    tune();
    if (auto* stream = tls()) result = co_await handshake(*stream, until);
    connected_ = result.connected;
    if (!connected_) reset();
    co_return result;
}

asio::awaitable<connect_result> upstream_socket::connect_tcp(endpoints addresses, deadline until) {
    connect_result result;
    result.error = asio::error::host_not_found;
    for (std::size_t i = 0; i != addresses.size(); ++i) {
        bool const given_up = is_cancelled(co_await asio::this_coro::cancellation_state);
        if (given_up || aborted_ || until.expired()) {
            result.error = asio::error::operation_aborted;
            break;
        }
        // Each address gets a share of the time, so that one that drops packets leaves time for the
        // others.
        auto const left = static_cast<deadline::duration::rep>(addresses.size() - i);
        end_at(std::chrono::steady_clock::now() + until.remaining() / left);
        // A socket whose connect failed cannot connect again (POSIX connect(): its state is
        // unspecified; Linux fails the next one with ECONNABORTED). Each address gets a new socket.
        boost::system::error_code ignored;
        tcp().close(ignored);
        auto [ec] = co_await tcp().async_connect(addresses[i], no_throw);
        result.error = or_timeout(ec);
        result.connected = !result.error && !aborted_;
        if (result.connected) break;
    }
    co_return result;
}

asio::awaitable<connect_result> upstream_socket::handshake(tls_stream& stream, deadline until) {
    connect_result result;
    bool const given_up = is_cancelled(co_await asio::this_coro::cancellation_state);
    if (given_up) co_return result;
    auto* ssl = stream.native_handle();
    if (!tls_context::prepare_client(ssl, origin_.host, origin_.host_is_address(), resume_.get(),
                                     newest_session_)) {
        result.why = exchange_error::tls_failed;
        co_return result;
    }
    end_at(until.at());
    auto [ended] = co_await stream.async_handshake(asio::ssl::stream_base::client, no_throw);
    resume_.reset();
    auto const ec = or_timeout(ended);
    result.error = ec;
    result.connected = !ec && !aborted_;
    if (ec) result.why = handshake_error(ec);
    result.session_resumed = SSL_session_reused(ssl) == 1;
    co_return result;
}

void upstream_socket::tune() noexcept {
    // These options only improve matters, so a kernel that refuses one is ignored.
    boost::system::error_code ignored;
    tcp().set_option(asio::ip::tcp::no_delay(true), ignored);
    tcp().set_option(asio::socket_base::keep_alive(true), ignored);
    ::setsockopt(tcp().native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &peer_dead_after_ms,
                 sizeof peer_dead_after_ms);
}

// --- what has come ------------------------------------------------------------------------------

bool upstream_socket::anything_arrived() noexcept {
    pollfd query{};
    query.fd = tcp().native_handle();
    query.events = POLLIN | POLLRDHUP;
    return ::poll(&query, 1, 0) != 0;
}

bool upstream_socket::tls_has_unread_bytes() noexcept {
    auto* stream = tls();
    if (stream == nullptr) return false;
    auto* ssl = stream->native_handle();
    return SSL_has_pending(ssl) == 1 || BIO_ctrl_pending(SSL_get_rbio(ssl)) != 0;
}

// --- the deadline and the end --------------------------------------------------------------------

void upstream_socket::reset() noexcept {
    // Resets instead of sending a FIN: queued data must not be sent, because the caller was told
    // that the exchange failed. There is no TLS close_notify either: replies are self-delimiting,
    // and waiting for the peer's answer could hang.
    boost::system::error_code ignored;
    tcp().set_option(asio::socket_base::linger(true, 0), ignored);
    tcp().close(ignored);
    timer_at_ = steady_time::max();
    timer_.cancel();
}

void upstream_socket::end_at(steady_time at) {
    timed_out_ = false;
    deadline_ = at;
    if (at < timer_at_) wait_until(at);
}

void upstream_socket::wait_until(steady_time at) {
    timer_at_ = at;
    timer_.expires_at(at); // ends a pending wait
    auto ran_out = [weak = weak_from_this(), at](boost::system::error_code) {
        auto const self = weak.lock();
        // Ignores a wait that was replaced or cancelled, even if it expired just before.
        if (self && self->timer_at_ == at) self->timer_ran_out();
    };
    timer_.async_wait(asio::bind_executor(on_, std::move(ran_out)));
}

void upstream_socket::timer_ran_out() {
    timer_at_ = steady_time::max();
    if (deadline_ == steady_time::max()) return;
    if (std::chrono::steady_clock::now() < deadline_) {
        wait_until(deadline_);
        return;
    }
    timed_out_ = true;
    // Closes instead of cancelling, so that the next operation does not wait either.
    boost::system::error_code ignored;
    tcp().close(ignored);
}

/// Returns the operation's error, or a timeout if the deadline closed its socket.
boost::system::error_code upstream_socket::or_timeout(boost::system::error_code ec) const {
    return timed_out_ ? make_error_code(beast::error::timeout) : ec;
}

} // namespace otpd::net
