#include "otpd/bridgexapi/client.hpp"

#include "error_class.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/net/https_client.hpp"
#include "replies.hpp"
#include "requests.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace otpd::bridgexapi {

namespace asio = boost::asio;

namespace {

using steady = std::chrono::steady_clock;

/// Forwards the transport's reports in this layer's terms.
class connect_relay final : public net::connect_observer {
public:
    explicit connect_relay(client_observer& to) noexcept : to_(to) {}
    void connected(bool session_resumed) override { to_.connected(session_resumed); }
    void connect_failed(net::exchange_error why, boost::system::error_code error) override {
        auto const failed =
            why == net::exchange_error::tls_failed ? reason::tls_failed : reason::connect_failed;
        to_.connect_failed(failed, error.message());
    }
    void stopped_reusing(std::chrono::milliseconds for_how_long) override {
        to_.stopped_reusing(for_how_long);
    }

private:
    client_observer& to_;
};

/// Returns the header lines of every request. The key is one of them, so it must not contain a line
/// break.
secret_string common_headers(secret_string const& api_key) {
    auto const key = trim_ascii(api_key.reveal());
    bool const visible =
        std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (key.empty() || !visible)
        throw std::invalid_argument("the API key must be visible ASCII and not empty");
    constexpr std::string_view others = "Accept: application/json\r\nUser-Agent: otpd\r\n";
    std::string lines;
    lines.reserve(others.size() + key.size() + sizeof("X-API-KEY: \r\n"));
    lines += "X-API-KEY: ";
    lines += key;
    lines += "\r\n";
    lines += others;
    return secret_string(std::move(lines));
}

/// Enough for a page of ten thousand messages; all other responses are much smaller.
constexpr std::size_t largest_reply = 3U * 1024 * 1024;

net::https_client_options transport_options(client_options const& options) {
    auto const target = net::parse_base_url(options.base_url);
    if (!target)
        throw std::invalid_argument("the base URL must be https (http for loopback only) and have "
                                    "no user, query or fragment");
    net::https_client_options result;
    result.target = *target;
    result.ca_file = options.ca_file;
    result.timeout = options.timeout;
    result.connect_timeout = options.connect_timeout;
    result.headers = common_headers(options.api_key);
    result.pool.connections_max = options.connections_max;
    result.pool.waiters_max = options.queue_max;
    result.pool.wait_max = options.queue_timeout;
    result.pool.idle_max = options.idle_timeout;
    result.pool.lifetime_max = options.connection_lifetime;
    result.pool.probation = options.probation;
    result.pool.fresh_min = options.fresh_min;
    result.pool.limits.body_bytes_max = largest_reply;
    return result;
}

/// `read` returns nullopt when the response makes no sense.
template <class T>
answer<T> judge_reply(net::exchange_result const& exchanged,
                      std::optional<T> (*read)(std::string_view)) {
    if (auto const* failed = std::get_if<net::exchange_failure>(&exchanged.outcome))
        return judge_read(*failed);
    auto const& response = *std::get_if<net::http_response>(&exchanged.outcome);
    if (!is_success(response.status)) return judge_read(response);
    if (auto value = read(response.body)) return std::move(*value);
    failure unreadable{reason::protocol_error};
    unreadable.http_status = static_cast<int>(response.status);
    return unreadable;
}

int status_of(net::exchange_result const& exchanged) {
    auto const* response = std::get_if<net::http_response>(&exchanged.outcome);
    return response != nullptr ? static_cast<int>(response->status) : 0;
}

call_report report_of(operation operation, net::exchange_result const& exchanged,
                      steady::time_point began) {
    return {.operation = operation,
            .http_status = status_of(exchanged),
            .began = began,
            .elapsed = steady::now() - began,
            .attempts = exchanged.trace.attempts,
            .reused_connection = exchanged.trace.reused_connection};
}

void add_outcome(call_report& report, send_outcome const& outcome) {
    if (auto const* no = std::get_if<rejected>(&outcome)) {
        report.outcome = call_outcome::rejected;
        report.why = no->why;
    } else if (auto const* never = std::get_if<not_sent>(&outcome)) {
        report.outcome = call_outcome::not_sent;
        report.why = never->why;
    } else if (auto const* perhaps = std::get_if<unknown>(&outcome)) {
        report.outcome = call_outcome::unknown;
        report.why = perhaps->why;
    }
}

/// The state is printable ASCII (is_tracestate()).
std::string trace_headers(trace_context const& trace, std::string const& state) {
    auto lines = "traceparent: " + to_traceparent(trace) + "\r\n";
    if (!state.empty()) lines += "tracestate: " + state + "\r\n";
    return lines;
}

} // namespace

struct client::transport {
    transport(asio::any_io_executor executor, client_options const& options, random_source& random,
              client_observer& to)
        : observer(to), relay(to),
          http(std::move(executor), transport_options(options), random, relay) {}

    /// `request` is nullopt if the requested id cannot exist.
    template <class T>
    asio::awaitable<answer<T>> read(operation operation, std::optional<net::http_request> request,
                                    std::optional<T> (*reader)(std::string_view), deadline until) {
        if (!request) co_return failure{reason::not_found};
        auto const began = steady::now();
        auto const exchanged = co_await http.exchange(std::move(*request), until);
        auto result = judge_reply(exchanged, reader);
        auto report = report_of(operation, exchanged, began);
        if (!result) {
            report.outcome = call_outcome::failed;
            report.why = result.error().why;
        }
        observer.call_ended(report);
        co_return result;
    }

    /// `about` has the route and the trace.
    asio::awaitable<send_outcome> send(net::http_request request, call_report about,
                                       deadline until) {
        auto const began = steady::now();
        auto const exchanged = co_await http.exchange(std::move(request), until);
        auto result =
            std::visit([](auto const& ended) { return judge_send(ended); }, exchanged.outcome);
        auto report = report_of(operation::send_sms, exchanged, began);
        add_outcome(report, result);
        report.route_id = about.route_id;
        report.trace = about.trace;
        report.parent_span = about.parent_span;
        observer.call_ended(report);
        co_return result;
    }

    client_observer& observer;
    connect_relay relay;
    net::https_client http;
};

client::client(asio::any_io_executor executor, client_options options, random_source& random,
               client_observer& observer)
    : transport_(std::make_unique<transport>(std::move(executor), options, random, observer)) {}

client::~client() = default;

asio::awaitable<send_outcome> client::send_sms(sms message, deadline until) {
    call_report about;
    about.route_id = message.route_id;
    about.trace = child_of(message.trace);
    about.parent_span = message.trace.span;
    auto request = send_request(message);
    if (about.trace.exists()) request.headers = trace_headers(about.trace, message.tracestate);
    return transport_->send(std::move(request), about, until);
}

asio::awaitable<answer<estimate>> client::estimate_cost(sms message, deadline until) {
    return transport_->read(operation::estimate, estimate_request(message), read_estimate, until);
}

asio::awaitable<answer<balance>> client::get_balance(deadline until) {
    return transport_->read(operation::balance, balance_request(), read_balance, until);
}

asio::awaitable<answer<std::vector<route>>> client::list_routes(deadline until) {
    return transport_->read(operation::routes, routes_request(), read_routes, until);
}

asio::awaitable<answer<std::vector<price>>> client::get_pricing(int route_id, deadline until) {
    return transport_->read(operation::pricing, pricing_request(route_id), read_pricing, until);
}

asio::awaitable<answer<delivery_report>> client::get_delivery(std::string bx_message_id,
                                                              deadline until) {
    return transport_->read(operation::delivery, delivery_request(bx_message_id), read_delivery,
                            until);
}

asio::awaitable<answer<delivery_page>> client::list_deliveries(delivery_query query,
                                                               deadline until) {
    return transport_->read(operation::deliveries, deliveries_request(query), read_delivery_page,
                            until);
}

asio::awaitable<answer<delivery_page>> client::list_order_deliveries(std::string order_id,
                                                                     std::int64_t limit,
                                                                     std::int64_t skip,
                                                                     deadline until) {
    return transport_->read(operation::order_deliveries,
                            order_deliveries_request(order_id, limit, skip), read_delivery_page,
                            until);
}

asio::awaitable<bool> client::drain(deadline until) {
    return transport_->http.drain(until);
}

bool client::known_dead() const noexcept {
    return transport_->http.known_dead();
}

net::pool_stats client::stats() const noexcept {
    return transport_->http.stats();
}

} // namespace otpd::bridgexapi
