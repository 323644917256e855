#pragma once

/// A cache of the routes' price lists, which are refreshed before they expire. A send looks up its
/// price here and never waits for the upstream.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/otp/periodic.hpp"
#include "otpd/otp/prices.hpp"
#include "otpd/telemetry/forward.hpp"

#include <boost/smart_ptr/shared_ptr.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace otpd::otp {

struct price_list {
    /// Ascending by prefix; for one prefix the highest first.
    std::vector<bridgexapi::price> prices;
    wall_time learned_at;
};
/// Sorts the upstream's answer.
[[nodiscard]] price_list make_price_list(std::vector<bridgexapi::price> prices,
                                         wall_time learned_at);
/// Returns the price of the longest prefix of the number, and the highest one if the prefix has
/// several (+1 is more than one country). Prices that the vendor hides are ignored.
[[nodiscard]] std::optional<money> price_in(price_list const& list, phone_number const& to);

struct price_cache_options {
    std::vector<int> routes; ///< whose lists are cached
    /// A list is refreshed after four fifths of it, with the jitter of `periodic`.
    std::chrono::milliseconds lifetime{3'600'000};
    /// After a failure, doubling up to the lifetime.
    std::chrono::milliseconds retry{30'000};
    std::chrono::milliseconds timeout{10'000}; ///< of one request

    /// Settings keys of [money].
    template <class Keys>
    static void declare(Keys keys) {
        keys.whole("price_lifetime_seconds", &price_cache_options::lifetime, 0, 604'800,
                   "How old a route's price list may become before otpd requests it again; 0: otpd "
                   "never requests one.");
    }
};

/// Returns when a list is refreshed, before jitter: after a success (0 failures), or after that
/// many failures in a row.
[[nodiscard]] std::chrono::milliseconds ask_again_after(price_cache_options const& options,
                                                        unsigned failures) noexcept;

/// A list that cannot be refreshed stays in use, however old: an old price is a better estimate
/// than none. The lists are fetched one after the other.
///
/// It logs `price_list_loaded` once for each route, and `price_list_failed` once until the next
/// success.
class price_cache final : public prices {
public:
    /// All must outlive it.
    struct dependencies {
        bridgexapi::reader& upstream;
        clock const& now;
        telemetry::logger& log;
        telemetry::metrics& metrics;
    };

    price_cache(periodic runner, price_cache_options options, dependencies deps);
    ~price_cache() override;

    [[nodiscard]] std::optional<money> price_of(int route_id,
                                                phone_number const& to) const override;
    /// Null if the list was never fetched or the route is not in the options. Thread-safe.
    [[nodiscard]] boost::shared_ptr<price_list const> list_of(int route_id) const;

    /// Other options, after a reload. Lists of routes that stay are kept.
    void apply(price_cache_options options);
    /// Call once.
    void start();
    /// Cancels the fetch under way; soon afterwards the executor has no work of it left. From any
    /// thread.
    void stop();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
