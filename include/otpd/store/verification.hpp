#pragma once

/// One code of one number, from its admission to its end, and the guesses at it.

#include "otpd/core/clock.hpp"
#include "otpd/core/money.hpp"
#include "otpd/store/limits.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace otpd::store {

/// Random, 128 bits: unguessable (OWASP ASVS 11.5.1).
using verification_id = std::array<std::byte, 16>;

/// What a code is derived from, with the key that `key_id` names. The store keeps it in place of
/// the code; without the key it says nothing about the code.
struct code_seed {
    std::uint32_t key_id = 0;
    std::array<std::byte, 16> nonce{}; ///< random: of this code alone
    std::uint8_t length = 0;           ///< digits

    friend bool operator==(code_seed const&, code_seed const&) = default;
};

/// A client's number, and a verification scope (client and purpose): one live code at most in each
/// scope, or several with one shared count of attempts (admission::add).
struct record_key {
    number_key number{};
    std::string scope;
};

/// Where one verification is stored: by its number, so there is no other index.
struct verification_address {
    number_key number{};
    verification_id id{};
};

/// What the store keeps of a message that the upstream took.
struct receipt {
    int route_id = 0;
    std::string order_id;      ///< empty when the upstream gave none
    std::string bx_message_id; ///< empty when the upstream gave none
    std::optional<money> cost;

    friend bool operator==(receipt const&, receipt const&) = default;
};

/// The state of the code; that of its message is `delivery`. There is no `exhausted`: it follows
/// from the attempts and what the caller allows.
enum class progress : std::uint8_t {
    pending,  ///< may be verified; the send is not settled yet
    active,   ///< may be verified
    verified, ///< was right, once
    replaced, ///< by a newer code of the scope
    canceled,
    expired
};

/// The state of the message. It only gains certainty: see certainty().
enum class delivery : std::uint8_t { queued, accepted, unknown, delivered, failed };

/// A message goes from one state only to one of greater certainty. `delivered` and `failed` are
/// final.
[[nodiscard]] constexpr int certainty(delivery delivery) noexcept {
    switch (delivery) {
    case delivery::queued:
        return 0;
    case delivery::unknown:
        return 1;
    case delivery::accepted:
        return 2;
    case delivery::delivered:
    case delivery::failed:
        break;
    }
    return 3;
}

enum class event_type : std::uint8_t {
    admitted,
    accepted, ///< by the upstream
    unknown,  ///< whether it was sent
    wrong,    ///< a guess that was evaluated
    verified,
    replaced,
    canceled,
    step,    ///< a route was chosen, or left; the details say which and why
    delivery ///< more became known of the message; the details say what
};

/// The longest text that an event may carry. It is the caller's, and no store reads it: visible
/// ASCII without spaces.
inline constexpr std::size_t details_max = 512;

struct event {
    event_type type = event_type::admitted;
    wall_time at; ///< by the store's clock, in whole milliseconds: the same whoever reads it
    std::string details;
};

/// Of one verification; later events are left out (wrong guesses are counted all the same), except
/// the steps of a replaced reservation, the result of its send and what ends its code.
inline constexpr std::size_t events_max = 32;

/// An event of the caller's.
struct note {
    event_type type = event_type::step;
    duration ago{}; ///< >= 0; notes come in their order
    std::string details;
};

struct verification {
    verification_id id{};
    std::string scope;
    progress state = progress::pending;
    delivery message = delivery::queued;
    wall_time admitted_at; ///< by the store's clock, in whole milliseconds
    duration age{};
    duration expires_in{};           ///< of the code; 0 when it is over
    std::uint32_t attempts = 0;      ///< wrong guesses with the id
    std::uint32_t open_attempts = 0; ///< wrong guesses without
    std::optional<receipt> sent;
    std::vector<event> events; ///< in the order they happened, as far as milliseconds tell
};

/// Wrong guesses allowed per number, whatever its codes and scopes. The count dies `window` after
/// the last wrong guess, or with a right one; a new code never lowers it (NIST SP 800-63B-4 3.2.2).
/// Guesses with a verification's id may use all of it, guesses without only `quota - reserve`: who
/// knows no more than the number cannot lock out who holds the id.
///
/// From `wait_from` wrong guesses on each one makes the next wait: `wait_base`, then twice as long
/// each time, up to `wait_max` (RFC 4226 7.3). Guesses with an id wait for each other only; those
/// without wait for all.
struct guess_budget {
    std::uint32_t quota = 0; ///< >= 1
    duration window{};
    std::uint32_t reserve = 0;   ///< < quota
    std::uint32_t wait_from = 0; ///< >= 1; 0: nobody waits
    duration wait_base{};
    duration wait_max{};
};

/// The pause after the `count`-th wrong guess, count >= 1; the same in every backend.
[[nodiscard]] constexpr duration wait_after(guess_budget const& guesses,
                                            std::uint32_t count) noexcept {
    if (guesses.wait_from == 0 || count < guesses.wait_from) return duration(0);
    auto pause = guesses.wait_base;
    for (auto n = guesses.wait_from; n < count && pause < guesses.wait_max; ++n)
        pause *= 2;
    return std::min(pause, guesses.wait_max);
}

struct check {
    record_key key;
    /// Whether the guess is the code of a seed, compared in constant time. Called once for each
    /// live code of the scope, whichever is right, and again when the step runs again.
    std::function<bool(code_seed const&)> is_code_of;
    std::uint32_t attempts_max = 0; ///< of one code with the id, and as many without, >= 1
    guess_budget guesses;
    /// When given, it must be a live verification of the scope. The guess counts as its holder's.
    std::optional<verification_id> id;
    /// Limits that count each guess without an id that does not verify; `refused` when one of them
    /// is used up. Not used with an id.
    std::vector<rate_limit_check> rate_limit_checks;
    /// The places with a conversion guard: a right code counts as typed there.
    std::vector<key_hash> guarded;
};

/// The code was right and is used up with this answer; the number's guess count is cleared, its
/// cooldown no longer doubles, and other live codes of the scope are replaced.
struct verified {
    verification_id id{};
    std::optional<receipt> sent;
    duration age{}; ///< since the verification was admitted
};
/// The guess was counted.
struct wrong {
    std::uint32_t attempts_left = 0; ///< of the code or of the number, whichever is less
    /// The verification that was guessed at: that of the id, or the newest live one of the scope.
    verification_id id{};
};
/// The code's attempts were used up before: not evaluated, not counted.
struct exhausted {
    duration retry_after{}; ///< until the code is gone
};
/// The number's guesses are used up, or the last one was too short ago: not evaluated, not counted.
struct locked {
    duration retry_after{};
};
/// No live code; only the rate limits counted the guess.
struct absent {};
using check_outcome = std::variant<verified, wrong, exhausted, locked, absent, refused>;

struct cancellation {
    verification_address address;
    /// The scope must begin with it; otherwise the verification is absent.
    std::string scope_prefix;
};

/// `ended`: it was over already.
enum class cancel_outcome : std::uint8_t { canceled, ended, absent };

} // namespace otpd::store
