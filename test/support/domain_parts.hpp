#pragma once

/// Test doubles for the domain's collaborators: they return given values and record what they
/// receive.

#include "otpd/otp/delivery.hpp"
#include "otpd/otp/prices.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/otp/verification_event.hpp"

#include <map>
#include <mutex>
#include <new>
#include <string>
#include <vector>

namespace otpd::test {

class known_prices final : public otp::prices {
public:
    std::map<int, money> of_route;

    [[nodiscard]] std::optional<money> price_of(int route_id, phone_number const&) const override {
        auto const found = of_route.find(route_id);
        if (found == of_route.end()) return std::nullopt;
        return found->second;
    }
};

class known_stats final : public otp::route_score_source {
public:
    std::vector<otp::route_score> all;
    std::optional<std::chrono::seconds> read_ago = std::chrono::seconds(0);

    [[nodiscard]] std::vector<otp::route_score> scores(otp::score_query const&) const override {
        return all;
    }
    [[nodiscard]] std::optional<std::chrono::seconds> age() const override { return read_ago; }
};

/// Records followed messages. Read `all` only when nothing runs any more.
class followed_messages final : public otp::delivery_follower {
public:
    std::vector<otp::followed_message> all;
    std::map<std::string, otp::delivery_view> reports;
    bool is_hearing = true;

    [[nodiscard]] bool hears_reports() const noexcept override { return is_hearing; }
    void follow(otp::followed_message message) noexcept override {
        std::scoped_lock const lock(mutex_);
        try {
            all.push_back(std::move(message));
        } catch (std::bad_alloc const&) { // not followed, as by the real one
            return;
        }
    }
    boost::asio::awaitable<std::optional<otp::delivery_view>> last_report(std::string id) override {
        auto const found = reports.find(id);
        if (found == reports.end()) co_return std::nullopt;
        co_return found->second;
    }

private:
    std::mutex mutex_;
};

class event_list final : public otp::observer {
public:
    std::vector<otp::verification_event> all;

    void on_event(otp::verification_event const& event) noexcept override {
        std::scoped_lock const lock(mutex_);
        all.push_back(event);
    }
    /// Returns the event types in order: "admitted step_left accepted".
    [[nodiscard]] std::string kinds() const {
        std::string text;
        for (auto const& entry : all)
            text.append(text.empty() ? "" : " ").append(otp::to_string(entry.type));
        return text;
    }

private:
    std::mutex mutex_;
};

} // namespace otpd::test
