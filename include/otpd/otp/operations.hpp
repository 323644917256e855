#pragma once

/// The operations of the domain, assembled from one policy. They have no state of their own: state
/// is in the store and changes by the store's atomic steps. So another policy makes other
/// operations, which may be in use at the same time.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/numbering_plan.hpp"
#include "otpd/core/random.hpp"
#include "otpd/otp/admission_undo.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/delivery_query.hpp"
#include "otpd/otp/destination_overrides.hpp"
#include "otpd/otp/estimate.hpp"
#include "otpd/otp/event_waiters.hpp"
#include "otpd/otp/hedger.hpp"
#include "otpd/otp/journal.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/ledger.hpp"
#include "otpd/otp/long_polls.hpp"
#include "otpd/otp/message_owners.hpp"
#include "otpd/otp/number_report.hpp"
#include "otpd/otp/outcomes.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/prices.hpp"
#include "otpd/otp/release.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/otp/send.hpp"
#include "otpd/otp/verifications.hpp"
#include "otpd/otp/verify.hpp"
#include "otpd/telemetry/forward.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

/// The arguments of make_operations(). All must outlive the operations and their running calls.
struct operations_dependencies {
    store::store& store;
    bridgexapi::sms_sender& sends;
    bridgexapi::reader& questions;
    key_ring const& keys;
    numbering_plan const& plan;
    clock const& now;
    random_source& random;
    telemetry::logger& log;
    telemetry::metrics& metrics;
    prices const& price_list;
    route_score_source const& stats;
    delivery_follower& deliveries;
    event_waiters& waiters;
    observer& events; ///< receives all events; must pass them on to `waiters`
    /// Receives the balance after an accepted send, on any thread; must be quick.
    std::function<void(money)> on_balance = [](money) {};
    message_owners* owners = nullptr; ///< null: tenants must name the verification
    std::vector<std::string> clients = {client::default_name}; ///< all names
    journal* open_sends = nullptr;                             ///< null: a restart forgets them
    journal* events_kept_in = nullptr;         ///< for `webhooks`; null: a restart forgets them
    outbox_observer const* webhooks = nullptr; ///< must receive all events; null: there are none
    destination_overrides const* overrides = nullptr; ///< of destinations; null: there are none
    hedger* hedges = nullptr; ///< must receive all events; null: no send gets a second message
    std::shared_ptr<admission_undo> undo = nullptr; ///< null: one of their own
};

/// Thread-safe.
struct operations {
    policy const& rules;
    ledger const& spending;
    otp::sender& sender;
    otp::verifier& verifier;
    otp::verifications& verifications;
    otp::long_polls& long_polls;
    delivery_query& deliveries;
    otp::estimator& estimator;
    otp::releaser& releaser;
    number_report const& numbers;
    otp::outcomes const& outcomes;
    /// Runs in the background, so it must be drained.
    admission_undo& undo;
    std::shared_ptr<void const> parts; ///< owns all of these
};

[[nodiscard]] operations make_operations(policy rules, operations_dependencies const& deps);

} // namespace otpd::otp
