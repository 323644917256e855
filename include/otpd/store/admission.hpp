#pragma once

/// A send as the store sees it: admitted before any byte goes upstream, settled afterwards.

#include "otpd/store/budget.hpp"
#include "otpd/store/limits.hpp"
#include "otpd/store/verification.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace otpd::store {

/// A send that may be requested again and is done once (Idempotency-Key). Its record outlives the
/// verification.
struct idempotency_key {
    key_hash key{};                          ///< keyed hash of the client and its key
    std::array<std::byte, 16> fingerprint{}; ///< of what was asked for
    duration retention{};
};

struct admission {
    record_key key;
    verification_id id{};
    code_seed code;
    duration ttl{};       ///< of the code, > 0
    duration retention{}; ///< of the verification, >= ttl
    /// The longest time that a send may take. Until the last send of a scope is settled, or this
    /// time is over, the scope admits no other.
    duration lease{};
    /// Other live codes of the scope stay, and share one count of attempts with this one (the
    /// oldest is dropped when there would be more than `codes_max`); otherwise they are replaced.
    bool add = false;
    cooldown_rule cooldown;
    std::vector<rate_limit_check> rate_limit_checks;
    /// Taken together with the limits or not at all. A violation names the budget, and lasts until
    /// the store forgets the budget.
    std::vector<reservation> reservations;
    std::vector<conversion_guard> guards;
    guess_budget guesses;
    std::optional<idempotency_key> idempotency;
    std::string details; ///< of the event `admitted`
};

/// Live codes of a scope with admission::add.
inline constexpr std::size_t codes_max = 5;

struct admitted {
    duration cooldown{}; ///< the pause that has begun; 0 without
    /// For each rate-limit check, in their order: the time until the limit has its whole quota
    /// again; 0 when the check was not counted.
    std::vector<counter_time> resets_in;
    std::vector<violation> observed; ///< those that refuse nothing
};
/// The scope's last send is not settled yet, or that with the same idempotency key.
struct in_flight {
    duration retry_after{}; ///< > 0: the latest time by which it is settled or given up
};
/// The send with this idempotency key was done: `reply` is that of its settlement.
struct replayed {
    std::string reply;
};
/// The send with this idempotency key was never settled: nobody knows whether it was sent.
struct unsettled {};
/// The idempotency key belongs to another request.
struct conflicting {};
/// No room for one more code: live codes and locks are never dropped to make some.
struct full {};
/// In the order in which the store decides: first by the idempotency key (replayed, in_flight,
/// unsettled, conflicting), then refused, then in_flight of the scope, then full.
using admit_outcome =
    std::variant<admitted, refused, in_flight, replayed, unsettled, conflicting, full>;

enum class send_result : std::uint8_t {
    accepted, ///< the code is active and the receipt kept
    refused,  ///< certainly not sent: the verification is deleted, and no limit counts it any more
    unknown   ///< perhaps sent: the code is active, and the limits keep counting it
};

/// A replacement of the reservation whose answer was lost. It was done if the verification lists
/// more events `step` than before; then these adjustments replace the settlement's.
struct unanswered_replacement {
    std::size_t steps_before = 0;
    std::vector<adjustment> adjustments;
};

struct settlement {
    record_key key;
    verification_id id{};
    send_result result = send_result::unknown;
    /// The answer to the admission was lost. When it was not admitted, nothing changes; when it
    /// was, its own cooldown is taken back. With send_result::refused only.
    bool is_undo = false;
    /// With accepted and unknown: put before the event of the result, as long as there are fewer
    /// than `events_max`. A note `admitted` is none, but gives the event of the admission other
    /// details.
    std::vector<note> notes;
    std::string details; ///< of the event of the result
    /// Made whatever the result, once for a send: not when it is superseded, nor when it was
    /// settled before.
    std::vector<adjustment> adjustments;
    std::optional<unanswered_replacement> unanswered;
    /// With send_result::accepted only. What an update has recorded before with more certainty
    /// stays.
    std::optional<receipt> accepted;
    /// With send_result::refused: the checks of the admission that were counted, and are now taken
    /// back. `back_off` replaces the cooldown of the admission, so that a refusal cannot be
    /// repeated at full speed; a cooldown that a later send has begun stays.
    std::vector<rate_limit_check> refund;
    std::vector<key_hash> guarded;
    duration cooldown{}; ///< admitted::cooldown
    duration back_off{};
    /// The admission's idempotency key, and what later calls with it are answered; with
    /// send_result::refused the key is free again.
    std::optional<idempotency_key> idempotency;
    std::string reply; ///< at most 4096 bytes
};

/// `superseded`: the verification is forgotten, or with send_result::refused over already (used,
/// replaced, canceled, expired). Not a fault; nothing was changed but what is kept of the
/// idempotency key.
enum class settle_outcome : std::uint8_t { settled, superseded };

/// What became known of a message after its send was settled.
struct delivery_update {
    verification_address address;
    delivery message = delivery::accepted;
    std::optional<receipt> sent; ///< takes the place of what is kept
    std::string details;         ///< of an event `delivery`
    std::vector<adjustment> adjustments;
};

/// `updated`: the new state has greater certainty; or it has the same, is not final, and its
/// details differ from those of the last event `delivery` (without such an event: are not empty).
/// In the second case only the event is added, if there is room for it. `known`: neither. `absent`:
/// the verification is forgotten. `known` and `absent` change nothing, so several instances may
/// repeat an update.
enum class update_outcome : std::uint8_t { updated, known, absent };

} // namespace otpd::store
