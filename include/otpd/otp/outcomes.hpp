#pragma once

/// POST /verifications/{id}/outcome: what became of a code that an identity provider checks.

#include "otpd/core/clock.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/key_ring.hpp"
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
    outcomes(store::store& store, key_ring const& keys, clock const& now, telemetry::logger& log)
        : store_(store), keys_(keys), now_(now), log_(log) {}

    /// Ends the verification of a given code. A verified one counts in the scores of its route,
    /// once; no limit and no guard learns of it.
    boost::asio::awaitable<outcome<std::monostate>> report(caller caller, std::string id,
                                                           bool is_verified) const;

private:
    store::store& store_;
    key_ring const& keys_;
    clock const& now_;
    telemetry::logger& log_;
};

} // namespace otpd::otp
