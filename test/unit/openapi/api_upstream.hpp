#pragma once

/// The scripted upstream of the tests of the document: it answers reads, prices, scores and
/// delivery reports.

#include "fake_gateway.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/prices.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "unread_gateway.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openapi_test {

namespace upstream = otpd::bridgexapi;

inline constexpr auto cents = [](std::int64_t amount) {
    return otpd::money::from_micros(amount * 10'000);
};

/// Answers every read, or fails each; sends are for a fake_gateway.
class told_gateway final : public otpd::test::unread_gateway {
public:
    std::optional<upstream::reason> fails; ///< at every read
    std::optional<upstream::delivery_report> report;

    boost::asio::awaitable<upstream::send_outcome> send_sms(upstream::sms,
                                                            otpd::deadline) override {
        co_return upstream::not_sent{upstream::reason::shutting_down}; // never sends
    }
    reply<upstream::estimate> estimate_cost(upstream::sms message, otpd::deadline) override {
        upstream::estimate const one{message.route_id, 1,    cents(9), "EUR",
                                     cents(15846),     true, false};
        co_return say(one);
    }
    reply<upstream::balance> get_balance(otpd::deadline) override {
        upstream::balance const one{cents(15846), "EUR", std::nullopt, "example"};
        co_return say(one);
    }
    reply<std::vector<upstream::route>> list_routes(otpd::deadline) override {
        std::vector<upstream::route> all(2);
        all[0].route_id = 8;
        all[0].name = "OTP";
        all[1].route_id = 3;
        all[1].name = "Standard";
        all[1].active = true;
        all[1].allowed = true;
        all[1].caller_id_required = false;
        all[1].category = "standard";
        all[1].access_policy = "open";
        co_return say(all);
    }
    reply<std::vector<upstream::price>> get_pricing(int, otpd::deadline) override {
        std::vector<upstream::price> const all{{"Netherlands", "31", cents(9)},
                                               {"Belgium", "32", std::nullopt}};
        co_return say(all);
    }
    reply<upstream::delivery_report> get_delivery(std::string, otpd::deadline) override {
        if (report || fails) co_return say(report.value_or(upstream::delivery_report{}));
        co_return upstream::failure{upstream::reason::not_found, 404};
    }

private:
    template <class T>
    upstream::answer<T> say(T const& what) const {
        if (fails) return upstream::failure{*fails};
        return what;
    }
};

class told_prices final : public otpd::otp::prices {
public:
    std::map<int, otpd::money> of;

    [[nodiscard]] std::optional<otpd::money> price_of(int route_id,
                                                      otpd::phone_number const&) const override {
        auto const found = of.find(route_id);
        if (found == of.end()) return std::nullopt;
        return found->second;
    }
};

class reported_stats final : public otpd::otp::route_score_source {
public:
    std::vector<otpd::otp::route_score> all;
    std::optional<std::chrono::seconds> read_ago = std::chrono::seconds(4);
    mutable otpd::otp::score_query asked; ///< the last one

    [[nodiscard]] std::vector<otpd::otp::route_score>
    scores(otpd::otp::score_query const& query) const override {
        asked = query;
        return all;
    }
    [[nodiscard]] std::optional<std::chrono::seconds> age() const override { return read_ago; }
};

class told_deliveries final : public otpd::otp::delivery_follower {
public:
    std::optional<otpd::otp::delivery_view> last;

    void follow(otpd::otp::followed_message) noexcept override {}
    boost::asio::awaitable<std::optional<otpd::otp::delivery_view>>
    last_report(std::string) override {
        co_return last;
    }
};

} // namespace openapi_test
