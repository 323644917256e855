#pragma once

/// What is counted, for whom, and when that stands against a step: counters, the cooldown of a
/// number, and the conversion guard.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace otpd::store {

using duration = std::chrono::milliseconds;

/// Keyed hash of what a limit counts by: a number, a prefix, an address, a client, everybody.
using key_hash = std::array<std::byte, 16>;
/// Keyed hash of a client and a phone number.
using number_key = key_hash;

/// One limit applied to one request, which takes `amount` units of it. The limit admits `quota`
/// units at once and regains them evenly over `window` (GCRA: constant state, no fixed-window
/// bursts).
struct rate_limit_check {
    key_hash key{};
    std::string counter;      ///< the limit's name; unique among those of one key
    std::uint64_t quota = 1;  ///< >= 1
    duration window{};        ///< > 0
    std::uint64_t amount = 1; ///< >= 1; more than `quota` is never admitted
    /// Refuses nothing: a step that this limit would refuse is only reported, and not counted.
    bool observed = false;
};

/// The stored value of a limit is its theoretical arrival time (`tat`), in these units. A check
/// moves it on by cost(), and passes while the result is within `window` from now.
using counter_time = std::chrono::microseconds;

/// A day in microseconds times an amount of money in millionths needs more than 64 bits.
__extension__ typedef __int128 wide_integer; // NOLINT(modernize-use-using)

/// How far one check moves the theoretical arrival time. The same for every backend.
[[nodiscard]] constexpr counter_time tat_increment(rate_limit_check const& c) noexcept {
    auto const exact = wide_integer{counter_time(c.window).count()} * wide_integer{c.amount} /
                       wide_integer{c.quota};
    return std::max(counter_time(1), counter_time(static_cast<counter_time::rep>(exact)));
}

/// The pause between two sends of a scope (client, purpose and number). It is `base`, and doubles
/// with each further send up to `longest`, until nothing was sent for `memory`. It is over when the
/// code is verified, and when its message is known not to have arrived. Exhausting or cancelling a
/// code does not end it, and it stands when nobody knows what became of the message. Other scopes
/// of the client and number wait for it too, but no longer than `other_scopes`.
struct cooldown_rule {
    duration base{};    ///< 0: no pause
    duration longest{}; ///< >= base
    duration memory{};
    duration other_scopes{5000};
};

/// The pause after the `sends`-th send in a row, sends >= 1; the same in every backend.
[[nodiscard]] constexpr duration pause_after(cooldown_rule const& c, std::uint32_t sends) noexcept {
    auto pause = c.base;
    for (std::uint32_t n = 1; n < sends && pause < c.longest; ++n)
        pause *= 2;
    return std::min(pause, c.longest);
}

/// Refuses sends to a prefix or a country where codes are not typed (SMS pumping). A code is out
/// when it was sent and not typed. One more send is refused when the codes out would be more than
/// `out_max` and `out_per_typed` for each that was typed, in the last hour or in the last `typing`.
/// Both slide: they are the period that runs, and of the one before the part that is not yet as
/// long ago.
struct conversion_guard {
    static constexpr std::int64_t out_per_typed = 3;

    key_hash key{};
    std::string name; ///< for violations
    std::uint32_t out_max = 0;
    std::chrono::seconds typing{120}; ///< > 0: how long it takes until most codes are typed
    bool observed = false;            ///< refuses nothing, is only told
};

struct violation {
    std::string counter;
    duration retry_after{}; ///< > 0: when this admits again

    friend bool operator==(violation const&, violation const&) = default;
};

/// Nothing was counted.
struct refused {
    std::vector<violation> violations; ///< every one, not the first; never empty
    std::vector<violation> observed;   ///< those that refuse nothing
};

/// Names under which these appear in a violation.
inline constexpr char const* cooldown_counter = "cooldown";
inline constexpr char const* guesses_counter = "guesses";

} // namespace otpd::store
