#pragma once

/// Counters, the cooldown, and the conversion guard.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace otpd::store {

using duration = std::chrono::milliseconds;

/// Keyed hash of a limit key: a number, a prefix, an address, a client, everybody.
using key_hash = std::array<std::byte, 16>;
/// Keyed hash of a client and a phone number.
using number_key = key_hash;

/// Whose requests a limit counts and refuses.
enum class audience : std::uint8_t {
    everybody,
    strangers, ///< known devices are neither counted nor refused
    each_class ///< strangers and known devices have a quota each, if the key is the number's own
};

/// One limit applied to one request, which takes `amount` units. The limit admits `quota` units at
/// once and regains them evenly over `window` (GCRA: constant state, no fixed-window bursts).
struct rate_limit_check {
    key_hash key{};
    std::string counter;      ///< the limit's name; unique among those of one key
    std::uint64_t quota = 1;  ///< >= 1
    duration window{};        ///< > 0
    std::uint64_t amount = 1; ///< >= 1; an amount over `quota` is never admitted
    /// Never refuses: a request over the limit is only reported, and not counted.
    bool observed = false;
    audience of = audience::everybody;
    /// Of a guess: counts it even if the outcome is `absent`.
    bool counts_absent = true;
};

/// The unit of a limit's stored value, its theoretical arrival time (`tat`). A check advances it by
/// tat_increment() and passes if the result is at most `window` from now.
using counter_time = std::chrono::microseconds;

/// A day in microseconds times an amount in millionths exceeds 64 bits.
__extension__ typedef __int128 wide_integer; // NOLINT(modernize-use-using)

/// How far one check advances the theoretical arrival time. All backends use it.
[[nodiscard]] constexpr counter_time tat_increment(rate_limit_check const& c) noexcept {
    auto const exact = wide_integer{counter_time(c.window).count()} * wide_integer{c.amount} /
                       wide_integer{c.quota};
    return std::max(counter_time(1), counter_time(static_cast<counter_time::rep>(exact)));
}

/// The pause between two sends of a session (client, purpose, number and class). It is `base`. If
/// `longest` is more, it doubles with each further send up to `longest`, until nothing is sent for
/// `memory`. It ends when a code of the session is verified, or when the message of its last send
/// is known not to have arrived. It does not end when the code is exhausted or canceled, or the
/// outcome is unknown. The class's other scopes of that number wait too, but at most
/// `other_scopes`. The other class does not wait.
struct cooldown_rule {
    duration base{};    ///< 0: no pause
    duration longest{}; ///< >= base
    duration memory{};
    duration other_scopes{5000};
};

/// The pause after the `sends`-th consecutive send, sends >= 1. All backends use it.
[[nodiscard]] constexpr duration pause_after(cooldown_rule const& c, std::uint32_t sends) noexcept {
    auto pause = c.base;
    for (std::uint32_t n = 1; n < sends && pause < c.longest; ++n)
        pause *= 2;
    return std::min(pause, c.longest);
}

/// Refuses sends for an address, to a prefix or to a country where codes are not typed (SMS
/// pumping). A code is out if it was sent and not typed. A send is refused if the codes out would
/// exceed `out_max` plus `out_per_typed` for each typed code, within the last hour or within the
/// last `typing`. Both are sliding windows: the current period, and the part of the previous period
/// that is still inside the window.
///
/// After a success, three codes of each class pass the guards, each with all sends that repeat it.
/// They do so if the success was in the last 90 days and none of them was typed. A solved challenge
/// passes them, too. Sends that pass are counted.
struct conversion_guard {
    static constexpr std::int64_t out_per_typed = 3;

    key_hash key{};
    std::string name; ///< in violations
    std::uint32_t out_max = 0;
    std::chrono::seconds typing{120}; ///< > 0: time until most codes are typed
    bool observed = false;            ///< never refuses, only reports
};

struct violation {
    std::string counter;
    duration retry_after{}; ///< > 0: when the limit admits again

    friend bool operator==(violation const&, violation const&) = default;
};

/// Nothing was counted.
struct refused {
    std::vector<violation> violations; ///< all of them; never empty
    std::vector<violation> observed;   ///< by limits that only observe
    /// Of an admission: the newest live code of the session that the requester himself asked for,
    /// and has attempts left at, can be verified for this long. 0 if he has none, or his class has
    /// no guesses left.
    duration own_code_end{};
    bool is_known = false; ///< a known device asked
};

/// The names of these in a violation.
inline constexpr char const* cooldown_counter = "cooldown";
inline constexpr char const* guesses_counter = "guesses";

} // namespace otpd::store
