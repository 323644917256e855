#pragma once

/// A verification from its admission to its end, and the guesses at its code.
///
/// A *session* is a scope of one class: strangers, or known devices (device_hash). Codes, open
/// verifications and the cooldown are a session's own. A number has two live codes per session.

#include "otpd/core/clock.hpp"
#include "otpd/core/money.hpp"
#include "otpd/core/trace.hpp"
#include "otpd/store/journal.hpp"
#include "otpd/store/limits.hpp"
#include "otpd/store/scores.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace otpd::store {

/// 128 random bits: unguessable (OWASP ASVS 11.5.1).
using verification_id = std::array<std::byte, 16>;

/// A code is derived from its seed and the key named by `key_id`. The store keeps the seed instead
/// of the code; without the key it reveals nothing.
struct code_seed {
    std::uint32_t key_id = 0;
    std::array<std::byte, 16> nonce{}; ///< random, for this code only
    std::uint8_t length = 0;           ///< digits

    friend bool operator==(code_seed const&, code_seed const&) = default;
};

/// Who asks about a number, as the client attests it: the first bytes of a keyed hash of the end
/// user's address. Zeros: the client itself. It tells apart only those who ask about one number of
/// one client. The requester of a known device is the device itself.
using requester = std::array<std::byte, 8>;

/// The device that the end user asks with, as the client attests it: the first bytes of a keyed
/// hash under client and number. A device becomes *known* to a number by a right guess with a
/// verification id, if the guess and the verification's send both named it. It is known for 90 days
/// from its last success; a number knows the last eight. A store that is half full remembers no
/// further numbers. Every other request is a stranger's, so a fresh device gains nothing.
using device_hash = requester;

/// Begins the *binding* at the end of a scope: what its codes are bound to besides client and
/// purpose. Scopes that differ in their binding only are *siblings*.
inline constexpr char binding_mark = '\x1f';
/// The scope without its binding.
[[nodiscard]] constexpr std::string_view unbound(std::string_view scope) noexcept {
    return scope.substr(0, scope.find(binding_mark));
}

/// A client's number and a verification scope (client, purpose and binding). Each session of the
/// scope has at most `codes_max` live codes (repeat_rule).
struct record_key {
    number_key number{};
    std::string scope;
};

/// Where a verification is stored: under its number, so no other index is needed.
struct verification_address {
    number_key number{};
    verification_id id{};
};

/// What the store keeps of a message that the upstream accepted.
struct receipt {
    int route_id = 0;
    std::string order_id;      ///< empty when the upstream gave none
    std::string bx_message_id; ///< empty when the upstream gave none
    std::optional<money> cost;

    friend bool operator==(receipt const&, receipt const&) = default;
};

/// The state of the code; the state of its message is `delivery`. `exhausted` is not stored: it
/// follows from the attempts and the caller's limit.
enum class progress : std::uint8_t {
    pending,  ///< can be verified; its send is not settled yet
    active,   ///< can be verified
    verified, ///< its code was entered, once
    replaced, ///< by newer ones of the session, or by the one that was verified
    canceled,
    expired
};

/// The state of the message. It only becomes more certain: see certainty().
enum class delivery : std::uint8_t { queued, accepted, unknown, delivered, failed };

/// A message only changes to a state of greater certainty. `delivered` and `failed` are final.
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
    unknown,  ///< the message may have been sent
    wrong,    ///< an evaluated guess
    verified,
    replaced,
    canceled,
    step,    ///< a route was chosen or left; the details say which and why
    delivery ///< more is known of the message; the details say what
};

/// Most characters of an event's details: visible ASCII without spaces. They belong to the caller;
/// no store parses them.
inline constexpr std::size_t details_max = 512;

/// Most characters of a caller's reference: visible ASCII. No store parses it.
inline constexpr std::size_t reference_max = 64;

struct event {
    event_type type = event_type::admitted;
    wall_time at; ///< by the store's clock, in whole milliseconds, so that all readers see the same
    std::string details;
};

/// Most events of one verification. Later events are omitted (wrong guesses still count), except
/// the steps of a replaced reservation, the result of its send and the end of its code.
inline constexpr std::size_t events_max = 32;

/// An event of the caller.
struct note {
    event_type type = event_type::step;
    duration ago{}; ///< >= 0; notes are in chronological order
    std::string details;
};

struct verification {
    verification_id id{};
    std::string scope;
    progress state = progress::pending;
    delivery message = delivery::queued; ///< of two messages, the better one
    wall_time admitted_at;               ///< by the store's clock, in whole milliseconds
    duration age{};
    duration expires_in{};      ///< of the code; 0 after its end
    std::uint32_t attempts = 0; ///< wrong guesses of its requester at its code; 0 after its end
    std::optional<receipt> sent;
    std::optional<receipt> hedged; ///< of its second message
    std::vector<event> events;     ///< in order of time, to the millisecond
    std::string reference{};       ///< admission::reference
};

/// Limits the wrong guesses per number in a sliding `window`, over all its codes and scopes. A new
/// code never lowers the count (NIST SP 800-63B-4 3.2.2), and a success takes back only the wrong
/// guesses of its own requester. All strangers together have `quota`, and all known devices
/// together have `of_devices`: strangers cannot use those up. A class that has no guesses left is
/// admitted no send. Guesses are counted by the 24th part of the window, and each one counts for at
/// least the whole window.
///
/// Each id of a stranger's send has one guess beyond the quota, the pauses and the attempts at the
/// code, at most `of_ids` in the window. So others cannot lock out the holder of an id. It has that
/// guess only if no earlier guess with the id was wrong.
///
/// From the `wait_from`-th wrong guess of a class on, each one delays the next of that class: first
/// by `wait_base`, then twice as long each time, up to `wait_max` (RFC 4226 7.3).
///
/// Strangers' wrong guesses in a row, over any time, are bounded by `consecutive_max` (NIST SP
/// 800-63B-4 3.2.2). A number that has so many is locked for strangers: no guess of theirs is
/// evaluated, not even that of an id, and no send of theirs is admitted. The lock ends
/// failure_memory after the last of these guesses, with a success, or with a release of the locks.
struct guess_budget {
    std::uint32_t quota = 0;      ///< of all strangers together; >= 1
    duration window{};            ///< > 0
    std::uint32_t of_ids = 0;     ///< most guesses that strangers' ids have beyond the quota
    std::uint32_t of_devices = 0; ///< of all known devices together; 0: they cannot guess
    std::uint32_t wait_from = 0;  ///< of each class; >= 1; 0: no delays
    duration wait_base{};
    duration wait_max{};
    std::uint32_t consecutive_max = 0; ///< 0: failures in a row are not counted
};

/// How long failures in a row are remembered after the last of them.
inline constexpr duration failure_memory = std::chrono::days(30);

/// The pause after the `count`-th wrong guess, count >= 1. All backends use it.
[[nodiscard]] constexpr duration wait_after(guess_budget const& guesses,
                                            std::uint32_t count) noexcept {
    if (guesses.wait_from == 0 || count < guesses.wait_from) return duration(0);
    auto pause = guesses.wait_base;
    for (auto n = guesses.wait_from; n < count && pause < guesses.wait_max; ++n)
        pause *= 2;
    return std::min(pause, guesses.wait_max);
}

struct verified;
struct wrong;
struct exhausted;
struct locked;
struct absent;
using check_outcome = std::variant<verified, wrong, exhausted, locked, absent, refused>;

/// A guess. A stranger guesses at strangers' codes only. A known device guesses at known devices'
/// codes. It guesses at strangers' codes with the id of one of their verifications, or without an
/// id if its own session has no live code. That is a stranger's guess, made by `by`; only the rate
/// limits of strangers do not count it.
struct check {
    /// Where no code is live, but some are in sibling scopes, the guess is a wrong one at the codes
    /// of the newest of those.
    record_key key;
    /// Returns whether the guess is the code of a seed, in constant time. It is called once for
    /// each live code of the session that has attempts left for the requester, even after a match,
    /// and again if the step is repeated. The guess of an id beyond the quota is compared with all
    /// of them.
    std::function<bool(code_seed const&)> is_code_of;
    /// Digits of the guess. 0: unknown.
    std::uint8_t length = 0;
    requester by{}; ///< of a stranger's guess
    std::optional<device_hash> device;
    std::uint32_t attempts_max = 0; ///< of one requester at one code; >= 1
    guess_budget guesses;
    /// If set, it must be a live verification of the scope or of a sibling, at whose codes the
    /// guess is wrong; for a stranger, one of strangers.
    std::optional<verification_id> id;
    /// Limits that count each wrong guess without an id, and with `counts_absent` one that finds no
    /// live code. The outcome is `refused` when one is used up. Ignored with an id.
    std::vector<rate_limit_check> rate_limit_checks;
    /// The conversion guards in which a right code counts as typed.
    std::vector<key_hash> guarded;
    /// Where a right code of a sample with a receipt counts as verified.
    std::optional<score_slot> score;
    std::chrono::seconds typing{120}; ///< conversion_guard::typing of these
    outbox_for<check_outcome> outbox{};
    trace_context trace{}; ///< of the request; no rule depends on it
};

/// The code was right and is now used up. Everything that was live in the session has ended, and
/// its cooldown is over; the other class's session lives on. The wrong guesses of the requester and
/// the number's failures in a row are forgotten. The last success of the number, and of the device
/// if it is known, is now.
struct verified {
    /// The verification that the check names. Without an id it is the requester's newest live one
    /// of the session; nothing if he has none: then no verification is `verified`.
    std::optional<verification_id> id;
    std::optional<receipt> sent;
    duration age{};          ///< since the admission
    wall_time at;            ///< of the event, as find() shows it
    std::string admission{}; ///< the details of the event `admitted`
    std::string reference{}; ///< of the verification
    bool is_known = false;   ///< a known device guessed
};
/// The guess was counted.
struct wrong {
    /// The least of: the requester's attempts at a code that was compared (the one with most left),
    /// his class's guesses, and its failures in a row. 0 after the guess of an id beyond the quota.
    std::uint32_t attempts_left = 0;
    /// The verification that was guessed at: that of the id, or the newest live one of the session.
    verification_id id{};
    /// Its own requester made the guess, and has no attempts left at its code.
    bool is_last = false;
    wall_time at;            ///< of the event, as find() shows it
    std::string reference{}; ///< of the verification
    bool is_known = false;   ///< a known device guessed
};
/// The requester's attempts at every live code of the session were already used up: the guess was
/// neither evaluated nor counted.
struct exhausted {
    duration retry_after{}; ///< until the last of these codes ends
};
/// The guesses of the class are used up, its last one is too recent, or too many guesses of
/// strangers in a row were wrong: the guess was neither evaluated nor counted.
struct locked {
    duration retry_after{};
};
/// There is no live code of the guess's length that this requester may guess at, or the id names no
/// live verification with such a code. Without an id, rate limits with `counts_absent` counted the
/// guess; nothing else did.
struct absent {};

struct cancellation {
    verification_address address;
    /// The scope must begin with it, otherwise the verification is absent.
    std::string scope_prefix;
    trace_context trace{}; ///< of the request; no rule depends on it
    /// It ends as verified instead: who checks its code says that the code was right. Only the
    /// scores of this slot learn of it.
    std::optional<score_slot> verified = std::nullopt;
};

/// An outcome, and when its event happened: the time that find() shows of the event. Zero if there
/// is none.
template <class Kinds>
struct timed : Kinds {
    using kind = typename Kinds::kind;

    constexpr timed() noexcept = default;
    constexpr timed(kind outcome, wall_time time = {}) noexcept : is(outcome), at(time) {}
    constexpr operator kind() const noexcept { return is; }

    kind is{};
    wall_time at{}; ///< by the store's clock, in whole milliseconds
};

struct cancel_outcomes {
    enum kind : std::uint8_t {
        canceled,
        ended, ///< it had already ended
        absent
    };
};
struct cancel_outcome : timed<cancel_outcomes> {
    using timed::timed;

    std::string reference{}; ///< of the verification; set with `canceled`
};

/// What an operator may have forgotten of a number.
enum class release_part : std::uint8_t {
    /// The wrong guesses, the pauses after them, and the failures in a row, of strangers and of
    /// known devices. The attempts at a live code stay used.
    locks,
    devices ///< its known devices, which are strangers from then on
};
struct release {
    number_key number{};
    release_part what = release_part::locks;
};
/// How much was forgotten.
struct released {
    std::uint32_t wrong_guesses = 0;
    std::uint32_t failures_in_a_row = 0;
    std::uint32_t devices = 0;

    friend bool operator==(released const&, released const&) = default;
};

} // namespace otpd::store
