#pragma once

/// The delivery tracker with an upstream that lists what it is told, a store that says what it is told, and
/// a clock that is turned by hand: the tracker asks only when the test turns it.

#include "coroutines.hpp"
#include "log_capture.hpp"
#include "manual_clock.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "unimplemented_store.hpp"
#include "unread_gateway.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace otpd::test {

class listing_gateway final : public unread_gateway {
public:
    std::deque<bridgexapi::delivery_report> messages; ///< the newest first
    std::vector<std::string> hidden;                  ///< ids that the list leaves out
    std::int64_t limit_refused = 1'000'000;           ///< larger pages are refused
    std::int64_t limit_cut = 1'000'000;               ///< larger pages are given short
    bool filters = true;                              ///< looks at the filter by status
    bool answers_any_number = false;                  ///< the filter by number does nothing
    bool hangs = false;
    std::optional<bridgexapi::reason> fails;
    std::vector<bridgexapi::delivery_query> queries;
    std::vector<std::string> asked_ids;
    std::vector<std::string> asked_orders;

    boost::asio::awaitable<bridgexapi::send_outcome> send_sms(bridgexapi::sms, deadline) override {
        co_return bridgexapi::rejected{bridgexapi::reason::invalid_request};
    }
    reply<bridgexapi::delivery_page> list_deliveries(bridgexapi::delivery_query query,
                                                     deadline until) override {
        queries.push_back(query);
        if (hangs) {
            boost::asio::steady_timer never(co_await boost::asio::this_coro::executor, until.at());
            co_await never.async_wait(boost::asio::use_awaitable);
        }
        if (fails) co_return bridgexapi::failure{*fails};
        if (query.limit > limit_refused)
            co_return bridgexapi::failure{bridgexapi::reason::invalid_request};
        auto const fits = [&](bridgexapi::delivery_report const& each) {
            bool const listed =
                std::ranges::find(hidden, each.bx_message_id) == hidden.end() || query.msisdn;
            return listed && (!filters || !query.status || *query.status == each.status) &&
                   (!query.msisdn || answers_any_number || *query.msisdn == each.msisdn);
        };
        co_return page(fits, query.skip, std::min(query.limit, limit_cut));
    }
    reply<bridgexapi::delivery_report> get_delivery(std::string id, deadline) override {
        asked_ids.push_back(id);
        auto const found =
            std::ranges::find(messages, id, &bridgexapi::delivery_report::bx_message_id);
        if (found == messages.end())
            co_return bridgexapi::failure{bridgexapi::reason::not_found, 404};
        co_return *found;
    }
    reply<bridgexapi::delivery_page> list_order_deliveries(std::string order, std::int64_t limit,
                                                           std::int64_t skip, deadline) override {
        asked_orders.push_back(order);
        auto const fits = [&](bridgexapi::delivery_report const& each) {
            return each.order_id == order;
        };
        co_return page(fits, skip, limit);
    }

    bridgexapi::delivery_report& message(std::string const& id) {
        return *std::ranges::find(messages, id, &bridgexapi::delivery_report::bx_message_id);
    }

private:
    template <class Filter>
    bridgexapi::delivery_page page(Filter fits, std::int64_t skip, std::int64_t limit) {
        bridgexapi::delivery_page result{};
        result.skip = skip;
        result.limit = limit;
        for (auto const& each : messages) {
            if (!fits(each)) continue;
            if (result.total++ >= skip && std::ssize(result.reports) < limit)
                result.reports.push_back(each);
        }
        return result;
    }
};

/// Knows updates only.
class update_store final : public unimplemented_store {
public:
    std::vector<otpd::store::delivery_update> updates;
    std::function<otpd::store::result<otpd::store::update_outcome>()> on_update = [] {
        return otpd::store::result<otpd::store::update_outcome>(
            otpd::store::update_outcome::updated);
    };

    reply<otpd::store::update_outcome> update(otpd::store::delivery_update request) override {
        updates.push_back(std::move(request));
        co_return on_update();
    }
};

class remembering_observer final : public otp::observer {
public:
    std::vector<otp::occurrence> all;
    void happened(otp::occurrence const& what) noexcept override { all.push_back(what); }
};

inline constexpr char const* someone = "31651860670";
inline constexpr char const* someone_else = "31651860671";

struct delivery_fixture {
    delivery_fixture() {
        options.first_look = std::chrono::milliseconds(0);
        options.interval = std::chrono::milliseconds(10);
        options.request_spacing = std::chrono::milliseconds(0);
    }
    ~delivery_fixture() {
        if (tracker == nullptr) return;
        tracker->stop();
        tracker.reset();
        run_on_threads(context, 1); // nothing is left of it
    }

    void make() {
        otp::delivery_tracker::dependencies const uses{store,    gateway, clock,  random,
                                                       observer, log,     metrics};
        tracker = std::make_unique<otp::delivery_tracker>(context.get_executor(), options, uses);
    }
    /// After it was told of everything that it follows so far.
    void start() {
        if (tracker == nullptr) make();
        context.restart();
        while (context.poll_one() != 0) {
        }
        tracker->start();
    }
    /// Lets the tracker look until `met`, as often as that takes.
    template <class Condition>
    void look_until(Condition met) {
        auto const end = std::chrono::steady_clock::now() + hang_limit;
        context.restart();
        while (!met() && std::chrono::steady_clock::now() < end) {
            context.run_one_for(std::chrono::milliseconds(1));
            clock.advance(step);
        }
        BOOST_REQUIRE(met());
    }
    /// So many questions to the list more.
    void look(std::size_t times) {
        auto const enough = gateway.queries.size() + times;
        look_until([&] { return gateway.queries.size() >= enough; });
    }
    /// Whatever it does without the clock being turned.
    void settle() {
        context.restart();
        for (int i = 0; i < 100; ++i)
            context.poll_one();
    }

    bridgexapi::delivery_report& add_report(std::string const& id, std::string const& status,
                                            std::string const& msisdn = someone) {
        bridgexapi::delivery_report report{};
        report.bx_message_id = id;
        report.msisdn = msisdn;
        report.status = status;
        report.route_id = 8;
        report.order_id = "order of " + id;
        report.created_at = text_of(clock.wall());
        gateway.messages.push_front(report);
        return gateway.messages.front();
    }
    static std::string text_of(wall_time time) {
        auto const seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
        return std::to_string(seconds.count());
    }

    otp::followed_message message(std::string const& id) const {
        otp::followed_message what;
        what.told.what = otp::occurrence_kind::accepted;
        what.told.at = clock.wall();
        what.told.verification_id = "verification of " + id;
        what.told.route_id = 8;
        what.told.bx_message_id = id;
        what.told.since_admitted = std::chrono::milliseconds(500);
        what.admitted_at = what.asked_at = clock.wall();
        what.follow_for = std::chrono::seconds(300);
        return what;
    }
    otp::followed_message lost_message() const {
        auto what = message("");
        what.told.what = otp::occurrence_kind::unknown;
        what.to = phone_number::parse(someone).value();
        what.expected = money::from_micros(51'000);
        otpd::store::budget_key day;
        day.name = "spend";
        day.period = "2026-11-03";
        auto month = day;
        month.period = "2026-11";
        what.booked = {day, month};
        return what;
    }
    std::size_t told(otp::occurrence_kind what) const {
        return static_cast<std::size_t>(
            std::ranges::count(observer.all, what, &otp::occurrence::what));
    }

    boost::asio::io_context context;
    manual_clock clock;
    std::chrono::milliseconds step{10}; ///< at which look_until() turns it
    openssl_random random;
    listing_gateway gateway;
    update_store store;
    remembering_observer observer;
    telemetry::logger log;
    telemetry::metrics metrics{telemetry::metrics_options{"test", {}, {}}};
    otp::tracker_options options;
    std::unique_ptr<otp::delivery_tracker> tracker;
};

} // namespace otpd::test
