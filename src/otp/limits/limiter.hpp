#pragma once

/// Turns the operator's limits into the rate-limit checks of one request, and the store's answer
/// back into what callers see of the limits.

#include "otpd/core/phone_number.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/send.hpp"
#include "otpd/store/admission.hpp"

#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

/// Immutable; may be used from any thread.
class limiter {
public:
    /// Both must outlive it.
    limiter(policy const& rules, key_ring const& keys) : rules_(rules), keys_(keys) {}

    /// What a request is counted by.
    struct limit_keys {
        otp::caller const& caller;
        phone_number const& number;
        std::string const& country; ///< empty: not known, and limits by country are not charged
        /// Of a test number only the client's limits and those of all are charged.
        bool is_test = false;
        /// Worked out when it is first needed.
        mutable std::optional<store::key_hash> prefix_key = std::nullopt;
    };

    [[nodiscard]] std::vector<store::rate_limit_check>
    rate_limit_checks(limit_step step, limit_keys const& keys) const;
    /// The guards against pumped SMS; none for trusted destinations.
    [[nodiscard]] std::vector<store::conversion_guard> guards(limit_keys const& keys) const;

    /// The state of each limit after an admission, the tightest first.
    [[nodiscard]] static std::vector<limit_status>
    limit_statuses(std::vector<store::rate_limit_check> const& rate_limit_checks,
                   store::admitted const& admission);
    [[nodiscard]] static std::vector<violated_limit>
    violated(std::vector<store::rate_limit_check> const& rate_limit_checks,
             std::vector<store::violation> const& violations,
             store::cooldown_rule const& cooldown = {});

private:
    [[nodiscard]] std::optional<store::key_hash> key_hash_of(limit_key key,
                                                             limit_keys const& keys) const;
    [[nodiscard]] store::key_hash const& prefix_key(limit_keys const& keys) const;

    policy const& rules_;
    key_ring const& keys_;
};

/// Names under which a guard appears among the limits.
inline constexpr std::string_view pumping_prefix = "pumping_prefix";
inline constexpr std::string_view pumping_country = "pumping_country";

} // namespace otpd::otp
