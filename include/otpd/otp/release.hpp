#pragma once

/// What an operator does for one number of one client: unlocks it, or has its known devices
/// forgotten.

#include "otpd/core/phone_number.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/store/store.hpp"
#include "otpd/telemetry/forward.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <utility>
#include <vector>

namespace otpd::otp {

struct release_request {
    otp::caller caller; ///< the operator
    std::string client; ///< whose number it is
    phone_number number;
    store::release_part what;
    std::string reason; ///< for the log; printable ASCII, or empty
};

/// Thread-safe: it may be used from any executor, and calls resume on the caller's.
class releaser {
public:
    /// `clients` are all names. The other arguments must outlive this object and its running calls.
    releaser(std::vector<std::string> clients, store::store& store, key_ring const& keys,
             telemetry::logger& log, telemetry::metrics& metrics)
        : clients_(std::move(clients)), store_(store), keys_(keys), log_(log), metrics_(metrics) {}

    /// Each release is a warning in the log, for audits: with the reason, without the number.
    /// Cancelling the caller does not stop it.
    boost::asio::awaitable<outcome<store::released>> release(release_request request);

private:
    boost::asio::awaitable<outcome<store::released>> release_to_the_end(release_request request);
    void report(release_request const& request, store::released const* done) const;

    std::vector<std::string> const clients_;
    store::store& store_;
    key_ring const& keys_;
    telemetry::logger& log_;
    telemetry::metrics& metrics_;
};

} // namespace otpd::otp
