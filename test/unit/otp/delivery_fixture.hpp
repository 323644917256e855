#pragma once

/// The poller of deliveries with a scripted upstream, a scripted store, and a clock that advances
/// as far as the poller would rest.

#include "log_capture.hpp"
#include "manual_clock.hpp"
#include "otp/delivery/delivery_poller.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace otpd::test {

class listing_upstream {
public:
    std::deque<bridgexapi::delivery_report> messages; ///< the newest first
    std::vector<std::string> hidden;                  ///< ids that the list omits
    std::int64_t limit_refused = 1'000'000;           ///< larger pages are refused
    std::int64_t limit_cut = 1'000'000;               ///< larger pages are shortened
    bool filters = true;                              ///< applies the filter by status
    bool answers_any_number = false;                  ///< ignores the filter by number
    std::optional<bridgexapi::reason> fails;
    std::vector<bridgexapi::delivery_query> queries;
    std::vector<std::string> asked_ids;
    std::vector<std::string> asked_orders;

    otp::delivery_reply answer(otp::delivery_question const& asked) {
        using about = otp::delivery_question::about;
        if (asked.purpose == about::message) return find(asked.name);
        if (asked.purpose != about::order) return list(asked.query);
        asked_orders.push_back(asked.name);
        auto const fits = [&](auto const& entry) { return entry.order_id == asked.name; };
        return page(fits, asked.query.skip, asked.query.limit);
    }
    bridgexapi::delivery_report& message(std::string const& id) {
        return *std::ranges::find(messages, id, &bridgexapi::delivery_report::bx_message_id);
    }

private:
    otp::delivery_reply find(std::string const& id) {
        asked_ids.push_back(id);
        auto const is_it = [&](auto const& entry) { return entry.bx_message_id == id; };
        if (std::ranges::none_of(messages, is_it))
            return bridgexapi::failure{bridgexapi::reason::not_found, 404};
        return page(is_it, 0, 1);
    }
    otp::delivery_reply list(bridgexapi::delivery_query const& query) {
        queries.push_back(query);
        if (fails) return bridgexapi::failure{*fails};
        if (query.limit > limit_refused)
            return bridgexapi::failure{bridgexapi::reason::invalid_request};
        auto const fits = [&](bridgexapi::delivery_report const& delivery_report) {
            bool const listed =
                std::ranges::find(hidden, delivery_report.bx_message_id) == hidden.end() ||
                query.msisdn;
            return listed &&
                   (!filters || !query.status || *query.status == delivery_report.status) &&
                   (!query.msisdn || answers_any_number || *query.msisdn == delivery_report.msisdn);
        };
        return page(fits, query.skip, std::min(query.limit, limit_cut));
    }
    template <class Filter>
    bridgexapi::delivery_page page(Filter fits, std::int64_t skip, std::int64_t limit) {
        bridgexapi::delivery_page result{};
        result.skip = skip;
        result.limit = limit;
        for (auto const& message : messages) {
            if (!fits(message)) continue;
            if (result.total++ >= skip && std::ssize(result.reports) < limit)
                result.reports.push_back(message);
        }
        return result;
    }
};

struct told_store {
    std::vector<otpd::store::delivery_update> updates;
    std::function<otpd::store::result<otpd::store::update_outcome>()> on_update = [] {
        return otpd::store::result<otpd::store::update_outcome>(
            otpd::store::update_outcome::updated);
    };
};

class remembering_observer final : public otp::observer {
public:
    std::vector<otp::verification_event> all;
    void on_event(otp::verification_event const& event) noexcept override { all.push_back(event); }
};

/// No jitter, only the shortest pauses.
class zeros final : public random_source {
public:
    void fill(std::span<std::byte> out) override { std::ranges::fill(out, std::byte(0)); }
};

inline constexpr char const* someone = "31651860670";
inline constexpr char const* someone_else = "31651860671";

struct delivery_fixture {
    delivery_fixture() {
        options.first_look = std::chrono::milliseconds(0);
        options.interval = std::chrono::milliseconds(10);
        options.request_spacing = std::chrono::milliseconds(0);
    }

    /// Uses the options at its first call.
    otp::delivery_poller& poller() {
        if (!poller_) poller_.emplace(options, random, reports);
        return *poller_;
    }
    [[nodiscard]] otp::moment now() const { return {clock.now(), clock.wall()}; }
    void follow(otp::followed_message message) { poller().add(std::move(message), now()); }
    std::size_t open() { return poller().open(); }

    /// Performs one action, or returns until when a rest lasts.
    std::optional<steady_time> act() {
        auto action = poller().next_action(now());
        if (auto const* const rest = std::get_if<otp::delivery_poller::rest>(&action))
            return rest->until;
        if (auto const* const asked = std::get_if<otp::delivery_question>(&action)) {
            poller().on_reply(*asked, upstream.answer(*asked), now());
        } else {
            auto const& event = std::get<otp::store_update>(action);
            store.updates.push_back(event.update);
            poller().on_update(event, store.on_update(), now());
        }
        return std::nullopt;
    }
    /// Polls until `met`.
    template <class Condition>
    void poll_until(Condition met) {
        constexpr int actions_max = 1'000'000; // more would be an endless loop
        for (int i = 0; i < actions_max && !met(); ++i) {
            auto const until = act();
            if (until == steady_time::max()) break; // nothing would ever change
            if (until) clock.advance(*until - clock.now());
        }
        BOOST_REQUIRE(met());
    }
    /// Makes this many further requests for the list.
    void poll_times(std::size_t times) {
        auto const enough = upstream.queries.size() + times;
        poll_until([&] { return upstream.queries.size() >= enough; });
    }
    /// Performs all actions that do not need the clock.
    void settle() {
        while (!act()) {
        }
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
        upstream.messages.push_front(report);
        return upstream.messages.front();
    }
    static std::string text_of(wall_time time) {
        auto const seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
        return std::to_string(seconds.count());
    }

    otp::followed_message message(std::string const& id) const {
        otp::followed_message message;
        message.event.type = otp::event_type::accepted;
        message.event.at = clock.wall();
        message.event.verification_id = "verification of " + id;
        message.event.route_id = 8;
        message.event.bx_message_id = id;
        message.event.since_admitted = std::chrono::milliseconds(500);
        message.admitted_at = message.asked_at = clock.wall();
        message.follow_for = std::chrono::seconds(300);
        return message;
    }
    otp::followed_message lost_message() const {
        auto what = message("");
        what.event.type = otp::event_type::unknown;
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
    std::size_t event(otp::event_type type) const {
        return static_cast<std::size_t>(
            std::ranges::count(observer.all, type, &otp::verification_event::type));
    }

    manual_clock clock;
    zeros random;
    listing_upstream upstream;
    told_store store;
    remembering_observer observer;
    telemetry::logger log;
    telemetry::metrics metrics{telemetry::metrics_options{"test", {}, {}}};
    otp::delivery_reports reports{observer, log, metrics};
    otp::tracker_options options;
    std::optional<otp::delivery_poller> poller_;
};

} // namespace otpd::test
