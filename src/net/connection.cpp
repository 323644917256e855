#include "connection.hpp"

#include "response_reader.hpp"
#include "sent_bytes.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace otpd::net {

namespace asio = boost::asio;

connection::connection(asio::any_io_executor executor, origin const& target, tls_context* tls,
                       tls_session resume, connection_limits limits,
                       idle_closed_handler on_idle_closed)
    : upstream_socket(std::move(executor), target, tls, std::move(resume)), limits_(limits),
      on_idle_closed_(std::move(on_idle_closed)),
      buffer_(limits.header_bytes_max + limits.body_bytes_max + read_slack_bytes) {}

asio::awaitable<std::variant<exchange_failure, http_response>>
connection::exchange(secret_string request, deadline until) {
    // New, idle, or ended by the watch after the pool handed it out.
    auto const before = state_.load();
    bool const reused = before == state::idle;
    bool const ended = !reused && before != state::busy;
    if (reused) state_ = state::busy;
    // Does not start a request that the caller has given up, nor one on a connection that shows any
    // sign of its end.
    bool given_up = is_cancelled(co_await asio::this_coro::cancellation_state);
    given_up = given_up || until.expired();
    bool const closed_by_peer = reused && anything_arrived();
    if (given_up || is_aborted() || ended || closed_by_peer) {
        close(closed_by_peer ? state::closed_unannounced : state::unusable);
        exchange_failure failure;
        if (given_up) failure.why = exchange_error::timed_out;
        co_return failure;
    }
    end_at(until.at());
    if (auto* stream = tls())
        co_return co_await exchange_over(*stream, std::move(request), until, reused);
    co_return co_await exchange_over(tcp(), std::move(request), until, reused);
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

    auto [write_error, written] = co_await asio::async_write(stream, asio::buffer(request.reveal()),
                                                             asio::as_tuple(asio::deferred));
    bool const given_up = is_cancelled(co_await asio::this_coro::cancellation_state);
    if (write_error || is_aborted() || given_up)
        co_return fail(transport_error(write_error), stream_end::other, false);

    auto reply =
        co_await read_response(stream, buffer_, limits_.header_bytes_max, limits_.body_bytes_max);
    if (reply.error) co_return fail(reply.why, reply.end, reply.begun);
    if (reply.keep_alive && !is_aborted() && buffer_.size() == 0 && !tls_has_unread_bytes()) {
        become_idle();
    } else {
        close();
    }
    co_return std::move(reply.response);
}

void connection::become_idle() {
    no_deadline();
    state_ = state::idle;
    watch();
}

/// The wait is not cancelled when an exchange begins. It ends with the reply's first byte at the
/// latest, and reads nothing.
void connection::watch() {
    if (watching_) return;
    watching_ = true;
    auto seen = [self = self()](boost::system::error_code) { self->watched_event(); };
    tcp().async_wait(asio::socket_base::wait_read, asio::bind_executor(on(), std::move(seen)));
}

void connection::watched_event() {
    watching_ = false;
    if (state_ != state::idle) return;
    if (!anything_arrived()) {
        // The event was about the earlier reply: two threads may deliver events out of order.
        watch();
        return;
    }
    close(state::closed_unannounced);
    on_idle_closed_(self());
}

void connection::confirm_idle(std::function<void()> confirmed) {
    auto check = [self = self(), confirmed = std::move(confirmed)] {
        if (self->state_ == state::idle && !self->anything_arrived()) confirmed();
    };
    asio::dispatch(executor(), std::move(check));
}

void connection::close(state how) noexcept {
    if (state_ != state::closed_unannounced) state_ = how;
    reset();
}

void connection::abort() {
    auto end = [self = self()] {
        self->set_aborted();
        self->close();
    };
    asio::dispatch(executor(), std::move(end));
}

} // namespace otpd::net
