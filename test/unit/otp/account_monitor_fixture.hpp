#pragma once

/// The collaborators of the price cache, the account monitor and the catalogue, scripted by the
/// test.

#include "coroutines.hpp"
#include "log_capture.hpp"
#include "manual_clock.hpp"
#include "otpd/core/random.hpp"
#include "otpd/store/store.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "unimplemented_store.hpp"
#include "unread_gateway.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace otpd::test {

/// A ledger that the test fills; everything else is refused.
class booked_store final : public unimplemented_store {
public:
    bool works = true;

    void book(otpd::store::budget_key const& of, std::int64_t sum) {
        auto const found = std::ranges::find(sums_, of, &entry::first);
        if (found == sums_.end())
            sums_.emplace_back(of, sum);
        else
            found->second = sum;
    }

    reply<std::vector<std::int64_t>> spent(std::vector<otpd::store::budget_key> budgets) override {
        if (!works) co_return otpd::store::fault::not_executed;
        std::vector<std::int64_t> result;
        for (auto const& budget : budgets) {
            auto const found = std::ranges::find(sums_, budget, &entry::first);
            result.push_back(found == sums_.end() ? 0 : found->second);
        }
        co_return result;
    }

private:
    using entry = std::pair<otpd::store::budget_key, std::int64_t>;

    std::vector<entry> sums_;
};

/// Passes each request to a function; if that is not set, answers `not_found`.
class answering_gateway final : public unread_gateway {
public:
    template <class T>
    using answer = bridgexapi::answer<T>;
    std::function<answer<bridgexapi::balance>()> on_balance;
    std::function<answer<std::vector<bridgexapi::route>>()> on_routes;
    std::function<answer<std::vector<bridgexapi::price>>(int)> on_pricing;
    bool hangs = false; ///< until the caller is cancelled
    int asked = 0;
    int under_way = 0;
    int most_under_way = 0;

    boost::asio::awaitable<bridgexapi::send_outcome> send_sms(bridgexapi::sms, deadline) override {
        co_return bridgexapi::not_sent{bridgexapi::reason::shutting_down};
    }
    reply<bridgexapi::balance> get_balance(deadline until) override {
        co_await begin();
        if (!on_balance) co_return co_await unread_gateway::get_balance(until);
        co_return on_balance();
    }
    reply<std::vector<bridgexapi::route>> list_routes(deadline until) override {
        co_await begin();
        if (!on_routes) co_return co_await unread_gateway::list_routes(until);
        co_return on_routes();
    }
    reply<std::vector<bridgexapi::price>> get_pricing(int route_id, deadline until) override {
        co_await begin();
        if (!on_pricing) co_return co_await unread_gateway::get_pricing(route_id, until);
        co_return on_pricing(route_id);
    }

private:
    boost::asio::awaitable<void> begin() {
        ++asked;
        most_under_way = std::max(most_under_way, ++under_way);
        auto const executor = co_await boost::asio::this_coro::executor;
        using timer_type = boost::asio::steady_timer;
        timer_type timer(executor,
                         hangs ? timer_type::time_point::max() : timer_type::time_point());
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        --under_way;
    }
};

struct account_monitor_fixture {
    /// The log so far; nothing can be logged afterwards.
    std::string log_text() {
        log.reset();
        return output.text();
    }
    [[nodiscard]] static std::size_t count(std::string const& text, std::string const& what) {
        std::size_t found = 0;
        for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
            ++found;
        return found;
    }

    boost::asio::io_context context;
    log_capture output;
    std::unique_ptr<telemetry::logger> log =
        std::make_unique<telemetry::logger>(output, telemetry::level::trace, 10'000);
    telemetry::metrics metrics{telemetry::metrics_options{}};
    manual_clock clock;
    openssl_random random;
    booked_store store;
    answering_gateway gateway;
};

} // namespace otpd::test
