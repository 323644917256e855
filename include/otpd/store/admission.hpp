#pragma once

/// A send as a store sees it: admitted before any byte goes upstream, settled afterwards.

#include "otpd/store/budget.hpp"
#include "otpd/store/charge.hpp"
#include "otpd/store/verification.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace otpd::store {

/// A send that may be asked for again and is done once (Idempotency-Key). What is kept of it outlives the
/// verification.
struct idempotency_key {
    subject_key key{};                       ///< keyed hash of the client and its key
    std::array<std::byte, 16> fingerprint{}; ///< of what was asked for
    duration keep{};
};

struct admission {
    record_key key;
    verification_id id{};
    code_seed code;
    duration ttl{};  ///< of the code, > 0
    duration keep{}; ///< of the verification, >= ttl
    /// Longest time a send may take. A slot whose last send is not settled yet admits no other meanwhile.
    duration lease{};
    /// Other live codes of the slot stay, and share one count of attempts with this one (the oldest goes
    /// when there would be more than `codes_max`); otherwise they are replaced.
    bool add = false;
    cooldown_rule cooldown;
    std::vector<charge> charges;
    /// Taken with the charges or not at all; a violation names the budget and lasts until it is forgotten.
    std::vector<reservation> reservations;
    std::vector<conversion_guard> guards;
    guess_budget guesses;
    std::optional<idempotency_key> once;
    std::string details; ///< of the event `admitted`
};

/// Live codes of a slot with admission::add.
inline constexpr std::size_t codes_max = 5;

struct admitted {
    duration cooldown{}; ///< the pause that has begun; 0 without
    /// For each charge, in their order: how long until its counter is idle again. Not charged: 0.
    std::vector<counter_time> busy_for;
    std::vector<violation> observed; ///< those that refuse nothing
};
/// The slot's last send is not settled yet, or that with the same idempotency key.
struct in_flight {
    duration retry_after{}; ///< > 0: when it will be settled or given up at the latest
};
/// The send with this idempotency key was done: `reply` is what its settlement gave.
struct replayed {
    std::string reply;
};
/// The send with this idempotency key was never settled: nobody knows whether it was sent.
struct unsettled {};
/// The idempotency key was used for something else.
struct conflicting {};
/// No room for one more code: live codes and locks are never dropped to make some.
struct full {};
/// In the order in which they are looked for: first what the idempotency key says (replayed, in_flight,
/// unsettled, conflicting), then refused, then in_flight of the slot, then full.
using admit_outcome =
    std::variant<admitted, refused, in_flight, replayed, unsettled, conflicting, full>;

enum class send_result : std::uint8_t {
    accepted, ///< the code is active and the receipt kept
    refused, ///< certainly not sent: all trace of the verification goes and its charges are given back
    unknown ///< perhaps sent: the code is active and the charges stay
};

/// A rebooking of which its caller does not know whether it was done: it was if the verification lists more events
/// `step` than it did before, and then these adjustments take the place of the settlement's.
struct unanswered_rebooking {
    std::size_t steps_before = 0;
    std::vector<adjustment> adjustments;
};

struct settlement {
    record_key key;
    verification_id id{};
    send_result result = send_result::unknown;
    /// Its caller does not know whether it was admitted. Where it was not, nothing is changed; where it was,
    /// the cooldown that is taken back is the one that it began. With send_result::refused only.
    bool is_undo = false;
    /// With accepted and unknown: put before the event of the result, as long as there are fewer than
    /// `events_max`. A note `admitted` is none, but gives the event of the admission other details.
    std::vector<note> notes;
    std::string details; ///< of the event of the result
    /// Made whatever the result, once for a send: not when it is superseded, nor when it was settled before.
    std::vector<adjustment> adjustments;
    std::optional<unanswered_rebooking> unanswered;
    /// With send_result::accepted only. What an update has said before, and better, stays.
    std::optional<receipt> accepted;
    /// With send_result::refused: what of the admission was charged and is given back. Its cooldown is
    /// taken back, and `back_off` put in its place so that a refusal cannot be repeated at full speed;
    /// that which a later send has begun stays.
    std::vector<charge> give_back;
    std::vector<subject_key> guarded;
    duration cooldown{}; ///< admitted::cooldown
    duration back_off{};
    /// The admission's idempotency key, and what later calls with it are answered; with
    /// send_result::refused the key is free again.
    std::optional<idempotency_key> once;
    std::string reply; ///< at most 4096 bytes
};

/// `superseded`: the verification is forgotten, or with send_result::refused over already (used, replaced,
/// canceled, expired). Not a fault; nothing was changed but what is kept of the idempotency key.
enum class settle_outcome : std::uint8_t { settled, superseded };

/// More became known of a message whose send was settled.
struct delivery_update {
    verification_address at;
    delivery message = delivery::accepted;
    std::optional<receipt> sent; ///< takes the place of what is kept
    std::string details;         ///< of an event `delivery`
    std::vector<adjustment> adjustments;
};

/// `updated`: it is of greater certainty than what was known; or it is of the same, not final, and its
/// details are others than those of the last event `delivery` (then the event alone is added, if there is
/// room for one more; without such an event: other than empty).
/// `known`: none of both. `absent`: the verification is forgotten. Nothing was changed by these two, so an
/// update may be tried again and again, by several instances.
enum class update_outcome : std::uint8_t { updated, known, absent };

} // namespace otpd::store
