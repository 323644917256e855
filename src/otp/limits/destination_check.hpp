#pragma once

#include "otpd/core/numbering_plan.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/destinations.hpp"
#include "otpd/otp/failure.hpp"

#include <optional>
#include <string>

namespace otpd::otp {

/// Decides whether codes may be sent to a number, by the numbering plans and the operator's lists.
/// Thread-safe.
class destination_check {
public:
    /// Both arguments must outlive it.
    destination_check(destination_rules const& rules, numbering_plan const& plan)
        : rules_(rules), plan_(plan) {}

    struct verdict {
        std::string country; ///< empty: unknown
        std::optional<errc> fault;
    };
    [[nodiscard]] verdict check(phone_number const& to, client const& by) const;

    /// The same for a number of which only the country is known.
    [[nodiscard]] std::optional<errc> check(std::string const& country, client const& by) const;

    /// Returns an empty text if the settings disable the numbering plans.
    [[nodiscard]] std::string country_of(phone_number const& number) const {
        return rules_.checked ? plan_.country_of(number) : std::string();
    }

private:
    destination_rules const& rules_;
    numbering_plan const& plan_;
};

} // namespace otpd::otp
