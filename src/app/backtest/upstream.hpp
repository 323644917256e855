#pragma once

/// The world around the domain in a backtest: clock, randomness, prices, upstream.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/random.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/prices.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace otpd::app {

/// Shows the time of the last line.
class line_clock final : public clock {
public:
    explicit line_clock(wall_time begin) noexcept : at_(begin) {}

    void advance_to(wall_time at) noexcept {
        if (at > at_) at_ = at;
    }
    [[nodiscard]] steady_time now() const noexcept override {
        return steady_time(at_.time_since_epoch());
    }
    [[nodiscard]] wall_time wall() const noexcept override { return at_; }

private:
    wall_time at_;
};

/// Ids that differ, and are the same in each run. Nothing of a backtest is secret.
class counting_random final : public random_source {
public:
    void fill(std::span<std::byte> out) override {
        for (std::size_t i = 0; i < out.size(); i += sizeof(std::uint64_t)) {
            // splitmix64
            auto mixed = state_ += 0x9E3779B97F4A7C15ULL;
            mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
            mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
            mixed ^= mixed >> 31U;
            std::memcpy(out.data() + i, &mixed, std::min(sizeof mixed, out.size() - i));
        }
    }

private:
    std::uint64_t state_ = 0;
};

/// The last price that the lines stated for a route, in the country of the current request if it
/// has one there.
class line_prices final : public otp::prices {
public:
    void learn(int route_id, std::string const& country, money price) {
        constexpr std::size_t most = 4096; // more than there are
        std::pair const key(route_id, country);
        if (in_country_.size() < most || in_country_.contains(key)) in_country_[key] = price;
        if (anywhere_.size() < most || anywhere_.contains(route_id)) anywhere_[route_id] = price;
    }
    void use(std::string const& country) { country_ = country; }
    [[nodiscard]] std::optional<money> price_of(int route_id) const {
        if (auto const own = in_country_.find({route_id, country_}); own != in_country_.end())
            return own->second;
        auto const any = anywhere_.find(route_id);
        return any == anywhere_.end() ? std::nullopt : std::optional(any->second);
    }
    [[nodiscard]] std::optional<money> price_of(int route_id, phone_number const&) const override {
        return price_of(route_id);
    }

private:
    std::map<std::pair<int, std::string>, money> in_country_;
    std::map<int, money> anywhere_;
    std::string country_;
};

/// A send that is waiting for the lines that say how it ended.
struct line_flight {
    explicit line_flight(boost::asio::io_context& context)
        : ended(context, boost::asio::steady_timer::time_point::max()) {}

    std::map<int, bridgexapi::send_outcome> outcomes; ///< by route
    bool has_ended = false;
    boost::asio::steady_timer ended; ///< cancelled when there is more to know
};

/// Answers a send as the lines say. A route that was not tried then accepts; so does every route
/// for a send that was refused then.
class line_upstream final : public bridgexapi::gateway {
public:
    explicit line_upstream(line_prices const& prices) : prices_(prices) {}

    /// Of the send that runs next; null if it was refused then.
    void use(std::shared_ptr<line_flight> flight) { flight_ = std::move(flight); }

    boost::asio::awaitable<bridgexapi::send_outcome> send_sms(bridgexapi::sms message,
                                                              deadline) override {
        auto const flight = flight_;
        while (flight && !flight->has_ended && !flight->outcomes.contains(message.route_id))
            co_await flight->ended.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        if (flight) {
            auto const known = flight->outcomes.find(message.route_id);
            if (known != flight->outcomes.end()) co_return known->second;
        }
        bridgexapi::accepted made;
        made.cost = prices_.price_of(message.route_id);
        co_return made;
    }

    // Nothing is asked in a backtest.

    template <class T>
    using reply = boost::asio::awaitable<bridgexapi::answer<T>>;
    reply<bridgexapi::estimate> estimate_cost(bridgexapi::sms, deadline) override {
        return none<bridgexapi::estimate>();
    }
    reply<bridgexapi::balance> get_balance(deadline) override {
        return none<bridgexapi::balance>();
    }
    reply<std::vector<bridgexapi::route>> list_routes(deadline) override {
        return none<std::vector<bridgexapi::route>>();
    }
    reply<std::vector<bridgexapi::price>> get_pricing(int, deadline) override {
        return none<std::vector<bridgexapi::price>>();
    }
    reply<bridgexapi::delivery_report> get_delivery(std::string, deadline) override {
        return none<bridgexapi::delivery_report>();
    }
    reply<bridgexapi::delivery_page> list_deliveries(bridgexapi::delivery_query,
                                                     deadline) override {
        return none<bridgexapi::delivery_page>();
    }
    reply<bridgexapi::delivery_page> list_order_deliveries(std::string, std::int64_t, std::int64_t,
                                                           deadline) override {
        return none<bridgexapi::delivery_page>();
    }

private:
    template <class T>
    static reply<T> none() {
        co_return bridgexapi::failure{bridgexapi::reason::not_found, 404};
    }

    line_prices const& prices_;
    std::shared_ptr<line_flight> flight_;
};

/// Deliveries are in the lines.
class no_deliveries final : public otp::delivery_follower {
public:
    void follow(otp::followed_message) noexcept override {}
    boost::asio::awaitable<std::optional<otp::delivery_view>> last_report(std::string) override {
        co_return std::nullopt;
    }
};

/// Hears why the replay refuses a request.
class refusal_listener final : public otp::observer {
public:
    [[nodiscard]] bool wants(otp::event_type kind) const noexcept override {
        return kind == otp::event_type::blocked || kind == otp::event_type::refused;
    }
    void on_event(otp::verification_event const& event) noexcept override {
        if (wants(event.type)) why_ = event.limits.empty() ? event.error : event.limits;
    }
    /// Nothing if no request was refused since the last call.
    [[nodiscard]] std::optional<std::string> take() { return std::exchange(why_, std::nullopt); }

private:
    std::optional<std::string> why_;
};

} // namespace otpd::app
