#include "otlp_exporter.hpp"

#include "version.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>
#include <variant>
#include <vector>

namespace otpd::app {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;
using steady = std::chrono::steady_clock;

constexpr std::size_t spans_per_request = 512;
constexpr milliseconds interval{1'000};
/// How long it takes until a full request, or the drain, is noticed.
constexpr milliseconds nap{100};

net::https_client_options client_options_of(tracing_settings const& settings) {
    net::https_client_options options;
    options.target = net::parse_base_url(settings.url, net::clear_text::anywhere).value();
    options.ca_file = settings.ca_file;
    options.timeout = milliseconds(5'000);
    if (!settings.token.empty())
        options.headers =
            secret_string("Authorization: Bearer " + std::string(settings.token.reveal()) + "\r\n");
    options.pool.connections_max = 1;
    return options;
}

std::chrono::nanoseconds unix_offset() {
    return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()) -
           std::chrono::nanoseconds(steady::now().time_since_epoch());
}

} // namespace

otlp_exporter::otlp_exporter(asio::any_io_executor const& executor,
                             tracing_settings const& settings, telemetry::tracer& spans,
                             random_source& random, telemetry::logger& log)
    : source_{settings.service_name, std::string(version)}, spans_(spans), log_(log),
      collector_(executor, client_options_of(settings), random, *this),
      loop_(executor, "span_exporter_failed", random, log) {}

/// The first of several failures in a row says why.
void otlp_exporter::connect_failed(net::exchange_error, boost::system::error_code error) {
    if (!is_failing_) log_.warn("span_collector_unreachable", {{"error", error.message()}});
}

void otlp_exporter::start() {
    loop_.start([this] { return run(); });
}

asio::awaitable<void> otlp_exporter::drain(deadline until) {
    is_draining_ = true;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (!has_ended_ && !until.expired()) {
        timer.expires_after(std::min<steady::duration>(nap / 10, until.remaining()));
        co_await timer.async_wait(asio::as_tuple(asio::deferred));
    }
    // Ends what is still being sent, so that the loop ends too.
    co_await collector_.drain(until);
}

asio::awaitable<steady_time::duration> otlp_exporter::run() {
    bool const is_last = is_draining_;
    if (is_last || spans_.waiting() >= spans_per_request || steady::now() - sent_at_ >= interval) {
        sent_at_ = steady::now();
        co_await send_all();
    }
    if (is_last) {
        has_ended_ = true;
        loop_.stop();
    }
    co_return nap;
}

asio::awaitable<void> otlp_exporter::send_all() {
    auto const taken = spans_.take();
    for (std::size_t at = 0; at < taken.size(); at += spans_per_request) {
        auto const rest = std::span(taken).subspan(at);
        auto const part = rest.first(std::min(spans_per_request, rest.size()));
        bool is_taken = false;
        try {
            is_taken = co_await send(part);
        } catch (std::exception const&) { // no memory for it
            spans_.dropped(rest.size());
            throw;
        }
        if (is_taken)
            spans_.exported(part.size());
        else
            spans_.dropped(part.size());
    }
}

asio::awaitable<bool> otlp_exporter::send(std::span<telemetry::span const> spans) {
    net::http_request request;
    request.method = net::http_method::post;
    request.target = "/v1/traces";
    request.body = secret_string(telemetry::to_otlp(spans, source_, unix_offset()));
    request.repeatable = true; // a span that arrives twice is one span: it has an id
    auto const answer =
        co_await collector_.exchange(std::move(request), deadline::in(interval * 5));
    auto const* const response = std::get_if<net::http_response>(&answer.outcome);
    bool const is_taken = response != nullptr && response->status / 100 == 2;
    if (!is_taken && !is_failing_)
        log_.warn("span_export_failed",
                  {{"http_status", response != nullptr ? response->status : 0U}});
    if (is_taken && is_failing_) log_.info("span_export_resumed");
    is_failing_ = !is_taken;
    co_return is_taken;
}

} // namespace otpd::app
