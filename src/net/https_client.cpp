#include "otpd/net/https_client.hpp"

#include "connection.hpp"
#include "connection_pool.hpp"
#include "endpoint_cache.hpp"
#include "otpd/net/run_on.hpp"

#include <boost/asio/error.hpp>

namespace otpd::net {

namespace asio = boost::asio;

namespace {

/// A request is not repeated if it failed on a new connection, or if the upstream may have acted on
/// it.
bool worth_repeating(exchange_failure const& failure, bool reused, bool repeatable) {
    if (!reused || failure.why != exchange_error::connection_lost) return false;
    return !failure.may_have_arrived || repeatable;
}

/// Returns how many are left.
std::size_t leave_allowed(endpoints& addresses, bool (*allowed)(asio::ip::address const&)) {
    if (allowed != nullptr)
        std::erase_if(addresses, [allowed](asio::ip::tcp::endpoint const& candidate) {
            return !allowed(candidate.address());
        });
    return addresses.size();
}

} // namespace

https_client::https_client(asio::any_io_executor executor, https_client_options options,
                           random_source& random, connect_observer& observer)
    : options_(std::move(options)),
      tls_(options_.target.tls ? std::make_unique<tls_context>(options_.ca_file) : nullptr),
      endpoints_(std::make_shared<endpoint_cache>(executor, options_.target.host,
                                                  options_.target.port, system_resolver(executor))),
      pool_(std::make_shared<connection_pool>(executor, options_.target, tls_.get(), options_.pool,
                                              random, observer)) {}

asio::awaitable<bool> https_client::drain(deadline until) {
    return pool_->drain(until);
}

pool_stats https_client::stats() const noexcept {
    return pool_->stats();
}

bool https_client::known_dead() const noexcept {
    return pool_->known_dead();
}

asio::awaitable<exchange_result> https_client::exchange(http_request request, deadline until) {
    until = until.within(options_.timeout);
    exchange_result result;
    auto const bytes = serialize(request);
    for (;;) {
        auto const state = co_await asio::this_coro::cancellation_state;
        if (until.expired() || state.cancelled() != asio::cancellation_type::none) {
            exchange_failure gave_up;
            gave_up.why = exchange_error::timed_out;
            result.outcome = gave_up;
            co_return result;
        }

        auto place = co_await pool_->acquire(until);
        if (!place.held) {
            result.outcome = place.failure;
            co_return result;
        }
        ++result.trace.attempts;
        result.trace.reused_connection = place.held->connected();
        if (!place.held->connected()) {
            auto const made = co_await connect(*place.held, until);
            // A cancelled caller proves nothing about the origin.
            if (state.cancelled() == asio::cancellation_type::none) place.held.report(made);
            if (!made.connected) {
                exchange_failure failure;
                failure.why = made.why;
                result.outcome = failure;
                co_return result;
            }
        }

        result.outcome =
            co_await run_on(place.held->executor(), place.held->exchange(bytes, until));
        auto const* failure = std::get_if<exchange_failure>(&result.outcome);
        bool const again =
            failure != nullptr &&
            worth_repeating(*failure, result.trace.reused_connection, request.repeatable);
        if (!again) co_return result;
        request.repeatable = request.repeatable && !failure->may_have_arrived;
    }
}

asio::awaitable<connect_result> https_client::connect(connection& to, deadline until) {
    auto const by = until.within(options_.connect_timeout);
    auto addresses = co_await endpoints_->get(by);
    if (!addresses.empty() && leave_allowed(addresses, options_.allowed) == 0) {
        connect_result refused;
        refused.error = asio::error::access_denied;
        co_return refused;
    }
    co_return co_await run_on(to.executor(), to.connect(std::move(addresses), by));
}

/// Uses one buffer for one write: one TLS record, and one block of memory to wipe.
secret_string https_client::serialize(http_request const& request) const {
    bool const post = request.method == http_method::post;
    std::string text;
    // Reserves enough memory: a reallocation would leave an unwiped copy behind.
    constexpr std::size_t fixed_part = 128;
    text.reserve(fixed_part + options_.target.path.size() + request.target.size() +
                 options_.target.host.size() + options_.headers.size() + request.headers.size() +
                 request.body.size());
    text += post ? "POST " : "GET ";
    text += options_.target.path;
    text += request.target;
    text += " HTTP/1.1\r\nHost: ";
    text += options_.target.authority();
    text += "\r\n";
    text += options_.headers.reveal();
    text += request.headers;
    if (post) {
        text += "Content-Type: application/json\r\nContent-Length: ";
        text += std::to_string(request.body.size());
        text += "\r\n";
    }
    text += "\r\n";
    if (post) text += request.body.reveal();
    return secret_string(std::move(text));
}

} // namespace otpd::net
