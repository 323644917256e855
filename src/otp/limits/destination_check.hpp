#pragma once

#include "otpd/core/numbering_plan.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/destination_overrides.hpp"
#include "otpd/otp/destinations.hpp"
#include "otpd/otp/failure.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otpd::otp {

/// Decides whether codes may be sent to a number, by the numbering plans, the operator's lists and
/// overrides of these.
/// Thread-safe.
class destination_check {
public:
    /// All arguments must outlive it. Without `overrides` there are none.
    destination_check(destination_rules const& rules, numbering_plan const& plan,
                      destination_overrides const* overrides = nullptr)
        : rules_(rules), plan_(plan), overrides_(overrides) {}

    struct verdict {
        std::string country; ///< empty: unknown
        std::optional<errc> fault;
        /// For operators: what denies the number, or the override that allows it.
        std::string_view why = {};
    };
    /// An override takes precedence over the settings of all clients, and one that denies over
    /// others.
    [[nodiscard]] verdict check(phone_number const& to, client const& by) const;

    /// The same for a number of which only the country is known.
    [[nodiscard]] std::optional<errc> check(std::string const& country, client const& by) const;

    /// Returns an empty text if the settings disable the numbering plans.
    [[nodiscard]] std::string country_of(phone_number const& number) const {
        return rules_.checked ? plan_.country_of(number) : std::string();
    }

private:
    [[nodiscard]] bool has(store::override_action action, phone_number const& number,
                           std::string const& country) const {
        return overrides_ != nullptr && overrides_->has(action, number, country);
    }

    destination_rules const& rules_;
    numbering_plan const& plan_;
    destination_overrides const* overrides_;
};

} // namespace otpd::otp
