#pragma once

/// What the domain needs beside store and upstream: expensive to make, stateless, and shared by all
/// histories.

#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/operations.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "rules.hpp"

namespace otpd::simulation {

class listed_prices final : public otp::prices {
public:
    [[nodiscard]] std::optional<money> price_of(int route_id, phone_number const&) const override {
        auto const price = rules::price_of(route_id);
        if (!price) return std::nullopt;
        return money::from_micros(*price);
    }
};

class no_figures final : public otp::route_score_source {
public:
    [[nodiscard]] std::vector<otp::route_score> scores(otp::score_query const&) const override {
        return {};
    }
    [[nodiscard]] std::optional<std::chrono::seconds> age() const override { return std::nullopt; }
};

/// The tracker has its own timers (test/unit/otp/delivery_tracker_test.cpp). The history itself
/// makes its updates of the store.
class no_follower final : public otp::delivery_follower {
public:
    void follow(otp::followed_message) noexcept override {}
    boost::asio::awaitable<std::optional<otp::delivery_view>> last_report(std::string) override {
        co_return std::nullopt;
    }
};

class no_observer final : public otp::observer {
public:
    void on_event(otp::verification_event const&) noexcept override {}
};

struct surroundings {
    numbering_plan plan;
    otp::key_ring keys{secret_string(std::string(32, 's')), {}, secret_string()};
    telemetry::metrics metrics{telemetry::metrics_options{"simulation", {}}};
    listed_prices prices;
    no_figures stats;
    no_follower follower;
    no_observer observer;

    static surroundings& shared() {
        static surroundings all;
        return all;
    }
};

} // namespace otpd::simulation
