// What the service knows of itself, gathered from its parts when somebody asks

#include "service.hpp"

#include <utility>

namespace otpd::app {

namespace asio = boost::asio;

/// The budgets are read from the store, so they are asked for every few seconds at most.
asio::awaitable<std::vector<otp::budget_view>> service::known_budgets() {
    using list = std::vector<otp::budget_view>;
    net::single_flight<std::monostate, list>::question const ask =
        [this]() -> asio::awaitable<list> {
        auto const now = current.load(); // kept until it has answered
        auto const all = co_await now->spending.of_all();
        co_return all ? all->budgets : list();
    };
    std::monostate const of_all;
    auto const known = co_await budgets.get(of_all, ask, deadline::in(std::chrono::seconds(5)));
    co_return known.value_or(list());
}

asio::awaitable<service_view> service::view() {
    service_view now;
    now.not_ready = (co_await health.why_not_ready()).value_or("");
    now.live_codes = co_await health.live_codes();
    now.budgets = co_await known_budgets();
    now.now = clock.now();
    now.at = clock.wall();
    now.uptime = std::chrono::floor<std::chrono::seconds>(now.now - began);
    now.readings = metrics.read(metrics_read());
    now.gates = gates.stats();
    now.account = account.state();
    now.account_rules = current.load()->settings.spending.account;
    now.log_lines_dropped = log.dropped();
    now.timeline_lines_lost = timeline ? timeline->lines_lost() : 0;
    co_return now;
}

asio::awaitable<std::string> service::stats() {
    auto const now = co_await view();
    auto const before = co_await counts.exchange(counts_of(now));
    co_return stats_text(now, faults_of(now, before));
}

asio::awaitable<std::string> service::abuse() {
    service_view now;
    now.at = clock.wall();
    now.readings = metrics.read(metrics_read());
    auto const prefixes = co_await refused.heaviest(now.at);
    co_return abuse_text(now, prefixes);
}

} // namespace otpd::app
