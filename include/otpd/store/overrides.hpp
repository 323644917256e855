#pragma once

/// Overrides of destinations: what an operator denies, trusts or allows for a time, whatever the
/// settings say. One state lists them all, and each ends by itself.

#include "otpd/core/clock.hpp"
#include "otpd/store/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace otpd::store {

enum class override_action : std::uint8_t { deny, trust, allow };

/// At a time.
inline constexpr std::size_t overrides_max = 256;
inline constexpr std::size_t override_destination_max = 8; ///< characters
inline constexpr std::size_t override_reason_max = 200;    ///< characters
inline constexpr duration override_longest = std::chrono::days(31);

struct destination_override {
    std::string destination; ///< a country or leading digits; no store parses it
    override_action action = override_action::deny;
    std::string reason;
    wall_time made_at; ///< by the store's clock, in whole milliseconds, like `ends_at`
    wall_time ends_at;
    duration ends_in{}; ///< > 0

    friend bool operator==(destination_override const&, destination_override const&) = default;
};

/// Makes the override of a destination and action, or replaces it, or ends it.
struct override_change {
    std::string destination;
    override_action action = override_action::deny;
    std::string reason;
    duration lasts{}; ///< 0: it ends now; at most override_longest
};

struct override_outcome {
    enum kind : std::uint8_t {
        made,
        replaced,
        ended,
        absent, ///< there was none to end
        full    ///< there are overrides_max already
    };
    kind is = absent;
    std::vector<destination_override> all; ///< after the change

    [[nodiscard]] bool has_changed() const noexcept { return is < absent; }
};

/// Asks for all overrides.
struct override_read {};

} // namespace otpd::store
