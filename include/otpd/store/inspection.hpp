#pragma once

/// What the store knows of one number of one client, for an operator. Nothing is counted.

#include "otpd/store/limits.hpp"
#include "otpd/store/verification.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace otpd::store {

struct inspection {
    number_key number{};
    guess_budget guesses;
    std::vector<rate_limit_check> rate_limit_checks; ///< of a send
    std::vector<conversion_guard> guards;
};

/// A session that must wait for its next send.
struct inspected_pause {
    std::string scope;
    bool is_known = false; ///< the session of known devices
    duration ends_in{};    ///< > 0
};

/// One more send of a stranger would find a guard so.
struct inspected_guard {
    std::int64_t room = 0; ///< codes that may go out now; 0: none
    duration next_room{};  ///< how long until there is room; 0 if there is
};

struct inspected {
    std::vector<verification> verifications; ///< the newest first
    std::vector<inspected_pause> cooldowns;
    std::uint32_t wrong_guesses = 0;        ///< of all strangers together
    std::uint32_t device_wrong_guesses = 0; ///< of all known devices together
    std::uint32_t failures_in_a_row = 0;
    std::uint32_t devices = 0; ///< known ones
    /// How long no guess of strangers, or of known devices, is evaluated; 0 if one is.
    duration locked_for{};
    duration devices_locked_for{};
    /// For each rate-limit check, in order: the time until a stranger has the whole quota again.
    std::vector<counter_time> resets_in;
    std::vector<inspected_guard> guards; ///< in order

    /// Whether the store keeps nothing of the number itself.
    [[nodiscard]] bool is_empty() const noexcept {
        return verifications.empty() && cooldowns.empty() && wrong_guesses == 0 &&
               device_wrong_guesses == 0 && failures_in_a_row == 0 && devices == 0;
    }
};

} // namespace otpd::store
