#pragma once

/// The life of a one-time code: sent once, checked a few times, used once.
///
/// The service owns no state of its own: what must be remembered is in the store, changed by its three
/// atomic steps. It may be used from any executor; calls continue on the caller's.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/passcode.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/core/random.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::telemetry {
class logger;
class metrics;
} // namespace otpd::telemetry

namespace otpd::otp {

struct send_request {
    phone_number to;
    purpose what;
    std::optional<int> route_id; ///< the policy's default when not given
    std::string request_id;      ///< for the log
};

struct sent {
    store::verification_id id{};
    int route_id = 0;
    std::chrono::seconds expires_in{};  ///< what is left of the code's life, rounded up
    std::chrono::seconds cooldown{};    ///< what is left until the next send, rounded up
    std::optional<passcode> debug_code; ///< only when the policy reveals codes
    bridgexapi::accepted message;
};

struct verify_request {
    phone_number number;
    purpose what;
    passcode code;
    std::optional<store::verification_id> id; ///< when given, only this verification's code counts
    std::string request_id;                   ///< for the log
};

struct verified {
    store::verification_id id{};
};

class service {
public:
    /// Everything must outlive the service and the calls it has running.
    struct dependencies {
        store::store& store;
        bridgexapi::gateway& gateway;
        key_ring const& keys;
        clock const& now;
        random_source& random;
        telemetry::logger& log;
        telemetry::metrics& metrics;
    };

    service(policy rules, dependencies uses);

    /// Admits, sends, settles. Cancelling the caller does not stop it: a send that was admitted is always
    /// settled, at the latest when `until` or the policy's send timeout has passed.
    boost::asio::awaitable<outcome<sent>> send(send_request request, deadline until);

    /// One guess. Counted before it is compared, right once at most.
    boost::asio::awaitable<outcome<verified>> verify(verify_request request);

    [[nodiscard]] policy const& rules() const noexcept { return rules_; }

private:
    struct attempt;

    boost::asio::awaitable<outcome<sent>> send_to_the_end(send_request request, deadline until);
    boost::asio::awaitable<std::optional<failure>> admit(attempt const& send);
    boost::asio::awaitable<bridgexapi::send_outcome> transmit(attempt const& send, deadline until);
    boost::asio::awaitable<void> settle(attempt const& send,
                                        bridgexapi::send_outcome const& message);
    [[nodiscard]] outcome<sent> conclude(attempt const& send,
                                         bridgexapi::send_outcome message) const;
    [[nodiscard]] std::vector<store::charge> charges() const;
    [[nodiscard]] std::chrono::seconds back_off() const;
    void report(attempt const& send, outcome<sent> const& result) const;
    void report(verify_request const& request, std::string_view word,
                store::result<store::check_outcome> const& answer) const;

    policy rules_;
    dependencies uses_;
};

} // namespace otpd::otp
