#pragma once

/// /verifications/{id}: a verification as a resource.

#include "otpd/core/clock.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/net/single_flight.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/event_waiters.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/timeline.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::otp {

/// A verification as its client sees it. States of the code and of the message are two things.
struct verification_view {
    struct event {
        std::string_view type;
        wall_time at;
        std::vector<detail> details;
    };
    std::string id;
    std::string purpose;
    std::string_view state;    ///< pending, active, exhausted, verified, expired or canceled
    std::string_view delivery; ///< queued, accepted, unknown, delivered or failed
    wall_time created_at;
    std::chrono::seconds expires_in{}; ///< of the code, rounded up; 0 when it is over
    unsigned attempts_left = 0;        ///< with the id; 0 when it is over
    unsigned attempts_left_without_id = 0;
    std::optional<store::receipt> sent;
    std::vector<event> events;
};

class cancel_reports;
class followup;

/// From any executor; calls continue on the caller's.
class verifications {
public:
    /// All must outlive it, and the calls that run.
    struct dependencies {
        store::store& store;
        key_ring const& keys;
        event_waiters& waiters;
        followup& follow_up;
        cancel_reports const& reports;
        clock const& now;
    };
    verifications(policy const& rules, dependencies deps);

    boost::asio::awaitable<outcome<verification_view>> find(caller caller, std::string id);
    /// The same after the next change of it, at `until` at the latest, or within a second after
    /// `has_disconnected` says that nobody waits any more. `has_disconnected` is asked on the
    /// caller's executor.
    boost::asio::awaitable<outcome<verification_view>>
    find_changed(caller caller, std::string id, deadline until,
                 std::function<bool()> has_disconnected);
    boost::asio::awaitable<outcome<verification_view>> cancel(caller caller, std::string id);

private:
    /// A verification's id, and what was heard of it when it was looked at.
    using find_key = std::pair<std::string, std::uint64_t>;
    using shared_finds = net::single_flight<find_key, std::optional<outcome<verification_view>>>;

    boost::asio::awaitable<outcome<verification_view>> find_shared(caller caller, std::string id,
                                                                   std::uint64_t seen);
    boost::asio::awaitable<std::optional<outcome<verification_view>>> find_if_there(caller caller,
                                                                                    std::string id);

    policy const& rules_;
    dependencies deps_;
    shared_finds finds_;
};

} // namespace otpd::otp
