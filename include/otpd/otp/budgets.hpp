#pragma once

/// How much may be spent, for whom and in which period. Plain data: the operator's settings,
/// already validated.

#include "otpd/core/money.hpp"
#include "otpd/otp/limits.hpp"

#include <cstdint>
#include <string>

namespace otpd::otp {

/// Whose spending a budget sums.
enum class budget_key : std::uint8_t { total, client, purpose, route, country };

/// A calendar period in UTC. A budget starts again with each period.
enum class budget_period : std::uint8_t { hour, day, month };

struct spending_budget {
    static constexpr std::size_t max_name_length = 32;

    std::string name; ///< 1..max_name_length of [a-z0-9_]; unique among budgets and limits
    budget_key key = budget_key::total;
    budget_period period = budget_period::day;
    money cap;        ///< > 0
    std::string only; ///< the client, purpose, route or country it is for; empty: each has its own
    limit_mode mode = limit_mode::enforce;
};

} // namespace otpd::otp
