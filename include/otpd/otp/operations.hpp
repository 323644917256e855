#pragma once

/// What callers may ask of the domain, put together. The domain owns no state of its own: what must
/// be remembered is in the store, changed by its atomic steps.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/numbering_plan.hpp"
#include "otpd/core/random.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/delivery_query.hpp"
#include "otpd/otp/estimate.hpp"
#include "otpd/otp/event_waiters.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/ledger.hpp"
#include "otpd/otp/message_owners.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/prices.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/otp/send.hpp"
#include "otpd/otp/verifications.hpp"
#include "otpd/otp/verify.hpp"

#include <functional>
#include <memory>

namespace otpd::telemetry {
class logger;
class metrics;
} // namespace otpd::telemetry

namespace otpd::otp {

/// From any executor.
class operations {
public:
    /// Everything must outlive the operations and the calls that run.
    struct dependencies {
        store::store& store;
        bridgexapi::gateway& gateway;
        key_ring const& keys;
        numbering_plan const& plan;
        clock const& now;
        random_source& random;
        telemetry::logger& log;
        telemetry::metrics& metrics;
        prices const& price_list;
        route_score_source& stats;
        delivery_follower& deliveries;
        event_waiters& waiters;
        observer& events; ///< of everything that happens; it passes it on to `news`, too
        /// The balance after an accepted send, in whatever thread that was; must be quick.
        std::function<void(money)> on_balance = [](money) {};
        message_owners* owners = nullptr; ///< null: tenants have to name the verification
    };

    operations(policy rules, dependencies deps);
    ~operations();

    [[nodiscard]] otp::sender& sender() noexcept;
    [[nodiscard]] otp::verifier& verifier() noexcept;
    [[nodiscard]] otp::verifications& verifications() noexcept;
    [[nodiscard]] otp::delivery_query& deliveries() noexcept;
    [[nodiscard]] otp::estimator& estimator() noexcept;
    [[nodiscard]] policy const& rules() const noexcept;
    [[nodiscard]] ledger const& spending() const noexcept;

    /// What goes on behind the requests tries once more and ends, at the limit at the latest.
    boost::asio::awaitable<void> drain(deadline limit);

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

} // namespace otpd::otp
