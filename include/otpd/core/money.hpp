#pragma once

/// An amount of money in integer micro-units of the currency, so that sums are exact. The upstream
/// states decimal euros with up to three decimals (BridgeXAPI bills fractions of a cent).

#include <cmath>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace otpd {

class money {
public:
    static constexpr std::int64_t micros_per_unit = 1'000'000;
    /// The largest amount that a JSON number may state: 10^9 units, far above any balance and far
    /// below overflow.
    static constexpr double max_units = 1e9;

    constexpr money() = default;
    static constexpr money from_micros(std::int64_t micros) noexcept { return money(micros); }

    /// Rounds to the nearest micro-unit. Returns nullopt for NaN, infinities and amounts over
    /// `max_units`.
    static std::optional<money> from_units(double units) noexcept {
        if (!(std::abs(units) <= max_units)) return std::nullopt;
        return money(std::llround(units * static_cast<double>(micros_per_unit)));
    }

    [[nodiscard]] constexpr std::int64_t micros() const noexcept { return micros_; }
    /// For output as a JSON number only.
    [[nodiscard]] constexpr double units() const noexcept {
        return static_cast<double>(micros_) / static_cast<double>(micros_per_unit);
    }

    friend constexpr auto operator<=>(money, money) = default;

private:
    explicit constexpr money(std::int64_t micros) noexcept : micros_(micros) {}
    std::int64_t micros_ = 0;
};

} // namespace otpd
