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
    struct subjects {
        caller const& who;
        phone_number const& number;
        std::string const& country; ///< empty: not known, and limits by country are not charged
        /// Of a test number only the client's limits and those of all are charged.
        bool is_test = false;
        /// Worked out when it is first needed.
        mutable std::optional<store::subject_key> prefix_key = std::nullopt;
    };

    [[nodiscard]] std::vector<store::charge> charges(limit_step step, subjects const& of) const;
    /// The guards against pumped SMS; none for trusted destinations.
    [[nodiscard]] std::vector<store::conversion_guard> guards(subjects const& of) const;

    /// The state of each limit after an admission, the tightest first.
    [[nodiscard]] static std::vector<standing> standings(std::vector<store::charge> const& charges,
                                                         store::admitted const& admission);
    [[nodiscard]] static std::vector<violated_limit>
    violated(std::vector<store::charge> const& charges,
             std::vector<store::violation> const& violations,
             store::cooldown_rule const& cooldown = {});

private:
    [[nodiscard]] std::optional<store::subject_key> subject_of(limit_key key,
                                                               subjects const& of) const;
    [[nodiscard]] store::subject_key const& prefix_key(subjects const& of) const;

    policy const& rules_;
    key_ring const& keys_;
};

/// Names under which a guard appears among the limits.
inline constexpr std::string_view pumping_prefix = "pumping_prefix";
inline constexpr std::string_view pumping_country = "pumping_country";

} // namespace otpd::otp
