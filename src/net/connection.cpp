#include "connection.hpp"

#include "response_reader.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>

#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>

namespace otpd::net {

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr auto no_throw = asio::as_tuple(asio::deferred);

/// Unacknowledged data for this long: the peer is gone.
constexpr unsigned peer_dead_after_ms = 10'000;

asio::awaitable<bool> cancelled() {
    auto const state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() != asio::cancellation_type::none;
}

using socket = asio::ip::tcp::socket;

/// One thread needs no strand: each piece of I/O over one costs two more handlers.
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

/// A handshake that ends with anything but a failure of the transport was refused, by us or by the
/// peer; a peer that hangs up in the middle refused it without a word.
exchange_error handshake_error(boost::system::error_code ec) {
    bool const transport = ec == beast::error::timeout || ec == asio::error::operation_aborted ||
                           ec == asio::error::connection_reset || ec == asio::error::broken_pipe;
    return transport ? exchange_error::connect_failed : exchange_error::tls_failed;
}

} // namespace

connection::connection(asio::any_io_executor executor, origin const& target, tls_context* tls,
                       tls_session resume, connection_limits limits,
                       idle_closed_handler on_idle_closed)
    : strand_(asio::make_strand(std::move(executor))), on_(executor_of(strand_)), origin_(target),
      limits_(limits), on_idle_closed_(std::move(on_idle_closed)), resume_(std::move(resume)),
      stream_(make_stream(on_, tls)),
      buffer_(limits.header_bytes_max + limits.body_bytes_max + read_slack_bytes), timer_(on_) {}

connection::~connection() {
    // An SSL object that dies before its shutdown marks its session as not to be resumed. The reply
    // was whole or the request failed: either way the session itself is good.
    if (auto* tls = std::get_if<tls_stream>(&stream_))
        SSL_set_shutdown(tls->native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

connection::plain_stream& connection::tcp() noexcept {
    if (auto* tls = std::get_if<tls_stream>(&stream_)) return tls->next_layer();
    return *std::get_if<plain_stream>(&stream_);
}

asio::awaitable<connect_result> connection::connect(endpoints addresses, deadline until) {
    auto result = co_await connect_tcp(std::move(addresses), until);
    if (!result.connected) co_return result;
    tune_socket();
    if (auto* tls = std::get_if<tls_stream>(&stream_)) result = co_await handshake(*tls, until);
    connected_ = result.connected;
    if (!connected_) close();
    co_return result;
}

asio::awaitable<connect_result> connection::connect_tcp(endpoints addresses, deadline until) {
    connect_result result;
    result.error = asio::error::host_not_found;
    for (std::size_t i = 0; i != addresses.size(); ++i) {
        bool const given_up = co_await cancelled();
        if (given_up || aborted_ || until.expired()) {
            result.error = asio::error::operation_aborted;
            break;
        }
        // A share of the time for each: an address that swallows packets must not cost the others
        // their chance.
        auto const left = static_cast<deadline::duration::rep>(addresses.size() - i);
        end_at(std::chrono::steady_clock::now() + until.remaining() / left);
        // A socket whose connect failed cannot be used for another (POSIX connect(): its state is
        // unspecified; Linux fails the next one with ECONNABORTED): a new one for each address.
        boost::system::error_code ignored;
        tcp().close(ignored);
        auto [ec] = co_await tcp().async_connect(addresses[i], no_throw);
        result.error = or_timeout(ec);
        result.connected = !result.error && !aborted_;
        if (result.connected) break;
    }
    co_return result;
}

asio::awaitable<connect_result> connection::handshake(tls_stream& stream, deadline until) {
    connect_result result;
    bool const given_up = co_await cancelled();
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

void connection::tune_socket() noexcept {
    // Each of these only improves matters; a kernel that refuses one is no reason not to talk.
    boost::system::error_code ignored;
    tcp().set_option(asio::ip::tcp::no_delay(true), ignored);
    tcp().set_option(asio::socket_base::keep_alive(true), ignored);
    ::setsockopt(tcp().native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &peer_dead_after_ms,
                 sizeof peer_dead_after_ms);
}

asio::awaitable<std::variant<exchange_failure, http_response>>
connection::exchange(secret_string request, deadline until) {
    // New, idle, or ended by the watch after the pool had handed it out.
    auto const before = state_.load();
    bool const reused = before == state::idle;
    bool const ended = !reused && before != state::busy;
    if (reused) state_ = state::busy;
    // A request that the caller no longer waits for is not begun; neither is one on a connection
    // that shows any sign of its end.
    bool given_up = co_await cancelled();
    given_up = given_up || until.expired();
    bool const closed_by_peer = reused && anything_arrived();
    if (given_up || aborted_ || ended || closed_by_peer) {
        close(closed_by_peer ? state::closed_unannounced : state::unusable);
        exchange_failure failure;
        if (given_up) failure.why = exchange_error::timed_out;
        co_return failure;
    }
    end_at(until.at());
    if (auto* tls = std::get_if<tls_stream>(&stream_))
        co_return co_await exchange_over(*tls, std::move(request), until, reused);
    co_return co_await exchange_over(*std::get_if<plain_stream>(&stream_), std::move(request),
                                     until, reused);
}

template <class Stream>
asio::awaitable<std::variant<exchange_failure, http_response>>
connection::exchange_over(Stream& stream, secret_string request, deadline until, bool reused) {
    sent_bytes_mark const mark(tcp().native_handle());
    auto fail = [&](exchange_error why, stream_end end, bool reply_begun) {
        exchange_failure failure;
        failure.why = until.expired() ? exchange_error::timed_out : why;
        failure.may_have_arrived = !mark.nothing_arrived(tcp().native_handle(), end);
        failure.stale = reused && !reply_begun && failure.why == exchange_error::connection_lost;
        close(failure.stale ? state::lost_request : state::unusable);
        return failure;
    };

    auto [write_error, written] =
        co_await asio::async_write(stream, asio::buffer(request.reveal()), no_throw);
    bool const given_up = co_await cancelled();
    if (write_error || aborted_ || given_up)
        co_return fail(transport_error(write_error), stream_end::other, false);

    auto reply =
        co_await read_response(stream, buffer_, limits_.header_bytes_max, limits_.body_bytes_max);
    if (reply.error) co_return fail(reply.why, reply.end, reply.begun);
    if (reply.keep_alive && !aborted_ && !unread_bytes_left()) {
        become_idle();
    } else {
        close();
    }
    co_return std::move(reply.response);
}

/// Readable without anything being asked for: data, FIN, or an error.
bool connection::anything_arrived() noexcept {
    pollfd query{};
    query.fd = tcp().native_handle();
    query.events = POLLIN | POLLRDHUP;
    return ::poll(&query, 1, 0) != 0;
}

/// Bytes behind the reply that were read from the socket together with it.
bool connection::unread_bytes_left() noexcept {
    if (buffer_.size() != 0) return true;
    auto* tls = std::get_if<tls_stream>(&stream_);
    if (tls == nullptr) return false;
    auto* ssl = tls->native_handle();
    return SSL_has_pending(ssl) == 1 || BIO_ctrl_pending(SSL_get_rbio(ssl)) != 0;
}

void connection::become_idle() {
    no_deadline();
    state_ = state::idle;
    watch();
}

/// The wait is not taken back when an exchange begins: it ends with the reply's first byte at the
/// latest, and reads nothing.
void connection::watch() {
    if (watching_) return;
    watching_ = true;
    auto seen = [self = shared_from_this()](boost::system::error_code) { self->watched_event(); };
    tcp().async_wait(asio::socket_base::wait_read, asio::bind_executor(on_, std::move(seen)));
}

void connection::watched_event() {
    watching_ = false;
    if (state_ != state::idle) return;
    if (!anything_arrived()) {
        // It was about the reply before; two threads may have brought the events out of order.
        watch();
        return;
    }
    close(state::closed_unannounced);
    on_idle_closed_(shared_from_this());
}

void connection::confirm_idle(std::function<void()> confirmed) {
    auto check = [self = shared_from_this(), confirmed = std::move(confirmed)] {
        if (self->state_ == state::idle && !self->anything_arrived()) confirmed();
    };
    asio::dispatch(strand_, std::move(check));
}

void connection::close(state how) noexcept {
    if (state_ != state::closed_unannounced) state_ = how;
    // Reset instead of FIN: nothing that is still queued is to be sent, the caller was told so.
    // There is no TLS close_notify either: replies are self-delimiting, and waiting for the peer's
    // answer to it is one more way to hang.
    boost::system::error_code ignored;
    tcp().set_option(asio::socket_base::linger(true, 0), ignored);
    tcp().close(ignored);
    timer_at_ = steady_time::max();
    timer_.cancel();
}

// --- the deadline -------------------------------------------------------------------------------

void connection::end_at(steady_time at) {
    timed_out_ = false;
    deadline_ = at;
    if (at < timer_at_) wait_until(at);
}

void connection::wait_until(steady_time at) {
    timer_at_ = at;
    timer_.expires_at(at); // ends a pending wait
    auto ran_out = [weak = weak_from_this(), at](boost::system::error_code) {
        auto const self = weak.lock();
        // Not one that was replaced or cancelled, also not when it ran out just before.
        if (self && self->timer_at_ == at) self->timer_ran_out();
    };
    timer_.async_wait(asio::bind_executor(on_, std::move(ran_out)));
}

void connection::timer_ran_out() {
    timer_at_ = steady_time::max();
    if (deadline_ == steady_time::max()) return;
    if (std::chrono::steady_clock::now() < deadline_) {
        wait_until(deadline_);
        return;
    }
    timed_out_ = true;
    // Closed and not cancelled: what is done next on it must not wait either.
    boost::system::error_code ignored;
    tcp().close(ignored);
}

/// What an operation ended with, or that its socket was closed because of the deadline.
boost::system::error_code connection::or_timeout(boost::system::error_code ec) const {
    return timed_out_ ? make_error_code(beast::error::timeout) : ec;
}

void connection::abort() {
    auto end = [self = shared_from_this()] {
        self->aborted_ = true;
        self->close();
    };
    asio::dispatch(strand_, std::move(end));
}

} // namespace otpd::net
