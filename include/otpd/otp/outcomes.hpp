#pragma once

/// Ends verifications because their client says so: a cancellation, or the outcome of a code that
/// an identity provider checks.

#include "otpd/core/clock.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/verification_event.hpp"
#include "otpd/store/store.hpp"
#include "otpd/telemetry/forward.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <variant>

namespace otpd::otp {

/// Thread-safe.
class outcomes {
public:
    /// All arguments must outlive this object and its running calls.
    outcomes(store::store& store, key_ring const& keys, clock const& now, observer& observers,
             telemetry::logger& log)
        : store_(store), keys_(keys), now_(now), observers_(observers), log_(log) {}

    boost::asio::awaitable<outcome<std::monostate>> cancel(caller caller, std::string id) const;

    /// Ends the verification of a given code. A verified one counts in the scores of its route,
    /// once; no limit and no guard learns of it.
    boost::asio::awaitable<outcome<std::monostate>> report(caller caller, std::string id,
                                                           bool is_verified) const;

private:
    boost::asio::awaitable<outcome<store::cancel_outcome>> end(store::cancellation request) const;
    void publish(event_type type, caller const& caller, std::string id,
                 store::cancel_outcome const& ended) const;

    store::store& store_;
    key_ring const& keys_;
    clock const& now_;
    observer& observers_;
    telemetry::logger& log_;
};

} // namespace otpd::otp
