#pragma once

/// /verifications/{id}: a verification as a resource.

#include "otpd/core/clock.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/timeline.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

/// A verification as its client sees it. The code and the message have separate states.
struct verification_view {
    struct event {
        std::string_view type;
        wall_time at;
        std::vector<detail> details;
    };
    std::string id;
    std::string client;
    std::string purpose;
    std::string reference;     ///< of the caller; may be empty
    std::string_view state;    ///< pending, active, exhausted, verified, expired or canceled
    std::string_view delivery; ///< queued, accepted, unknown, delivered or failed
    wall_time created_at;
    std::chrono::seconds expires_in{};   ///< of the code, rounded up; 0 after its end
    std::optional<wall_time> expires_at; ///< the same, by the store's clock; nothing after its end
    unsigned attempts_left = 0;          ///< of the requester who asked for it; 0 after its end
    std::optional<store::receipt> sent;
    std::vector<event> events;
};

class followup;
class outcomes;

/// Thread-safe: it may be used from any executor, and calls resume on the caller's.
class verifications {
public:
    /// All arguments must outlive this object and its running calls.
    verifications(policy const& rules, store::store& store, key_ring const& keys,
                  followup const& follow_up, outcomes const& outcomes)
        : rules_(rules), store_(store), keys_(keys), follow_up_(follow_up), outcomes_(outcomes) {}

    boost::asio::awaitable<outcome<verification_view>> find(caller caller, std::string id);
    /// For the operator: of any client, also of one that the settings have no longer.
    boost::asio::awaitable<outcome<verification_view>> find_of_any(std::string id);
    boost::asio::awaitable<outcome<verification_view>> cancel(caller caller, std::string id);

private:
    policy const& rules_;
    store::store& store_;
    key_ring const& keys_;
    followup const& follow_up_;
    outcomes const& outcomes_;
};

} // namespace otpd::otp
