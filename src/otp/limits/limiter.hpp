#pragma once

/// Turns the operator's limits into the rate-limit checks of a request, and the store's answer into
/// what callers see of the limits.

#include "otpd/core/phone_number.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/destination_overrides.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/send.hpp"
#include "otpd/store/admission.hpp"

#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

/// Immutable and thread-safe.
class limiter {
public:
    /// All arguments must outlive it. Without `overrides` there are none.
    limiter(policy const& rules, key_ring const& keys,
            destination_overrides const* overrides = nullptr)
        : rules_(rules), keys_(keys), overrides_(overrides) {}

    /// What limits count a request by.
    struct limit_keys {
        otp::caller const& caller;
        phone_number const& number;
        store::number_key const& number_key;
        /// Empty: unknown, so limits by country do not count the request.
        std::string const& country;
        /// For a test number, only the limits per client and the global limits apply.
        bool is_test = false;
        // Computed on first use.
        /// The number over all clients.
        mutable std::optional<store::key_hash> number_of_all = std::nullopt;
        mutable std::optional<store::key_hash> prefix_key = std::nullopt;
    };

    [[nodiscard]] std::vector<store::rate_limit_check>
    rate_limit_checks(limit_step step, limit_keys const& keys) const;
    /// Returns the conversion guards; none for trusted destinations.
    [[nodiscard]] std::vector<store::conversion_guard> guards(limit_keys const& keys) const;

    /// Whether the destination is exempt from the conversion guards.
    [[nodiscard]] bool is_trusted(phone_number const& number, std::string const& country) const;

    /// Returns none unless the policy writes them.
    [[nodiscard]] pseudonyms pseudonyms_of(limit_keys const& keys) const;

    /// Returns the state of a limit whose whole quota is available after `resets_in`.
    [[nodiscard]] static limit_status status_of(store::rate_limit_check const& check,
                                                store::counter_time resets_in);
    /// Returns the state of each limit after an admission, the tightest first. A tenant sees only
    /// those that count nothing of others.
    [[nodiscard]] static std::vector<limit_status>
    limit_statuses(policy const& rules, client const& client,
                   std::vector<store::rate_limit_check> const& rate_limit_checks,
                   store::admitted const& admission);
    [[nodiscard]] static std::vector<violated_limit>
    violated(policy const& rules, scope_rules const& scope,
             std::vector<store::rate_limit_check> const& rate_limit_checks,
             std::vector<store::violation> const& violations);
    /// Separated by commas.
    [[nodiscard]] static std::string names_of(std::vector<store::violation> const& violations);
    /// Returns when all of them admit again, as far as a caller may know.
    [[nodiscard]] static std::chrono::seconds
    retry_after(policy const& rules, std::vector<store::violation> const& violations);

private:
    [[nodiscard]] std::optional<store::key_hash> key_hash_of(limit_key key,
                                                             limit_keys const& keys) const;
    [[nodiscard]] store::key_hash const& prefix_key(limit_keys const& keys) const;

    policy const& rules_;
    key_ring const& keys_;
    destination_overrides const* overrides_;
};

/// The names of the guards among the limits.
inline constexpr std::string_view pumping_address = "pumping_address";
inline constexpr std::string_view pumping_prefix = "pumping_prefix";
inline constexpr std::string_view pumping_country = "pumping_country";
/// No other limit has such a name.
[[nodiscard]] constexpr bool is_guard(std::string_view name) noexcept {
    return name.starts_with("pumping_");
}

} // namespace otpd::otp
