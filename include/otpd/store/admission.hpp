#pragma once

/// A send in the store: admitted before any byte goes upstream, settled afterwards.

#include "otpd/store/budget.hpp"
#include "otpd/store/journal.hpp"
#include "otpd/store/limits.hpp"
#include "otpd/store/scores.hpp"
#include "otpd/store/verification.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace otpd::store {

/// Identifies a send that may be requested again but is done once (Idempotency-Key). Its record
/// outlives the verification.
struct idempotency_key {
    key_hash key{};                          ///< keyed hash of the client and its key
    std::array<std::byte, 16> fingerprint{}; ///< of the request
    duration retention{};
};

/// A challenge that the end user has solved. The send passes the conversion guards, which still
/// count it, unless another send has used the challenge before; a used one is as none.
struct solved_challenge {
    key_hash key{};       ///< keyed hash of the challenge
    duration retention{}; ///< > 0, and as long as the caller accepts it
};

/// When a send repeats the newest live code of its session, so that every message of the session
/// holds a code that verifies. It does so until `repeated_for` after the code's first send. The end
/// of the code is then `ttl` from now, but at most `longest` after its first send (NIST SP
/// 800-63B-4 3.1.3.2), and never earlier than before. A later send begins a new code, and the old
/// one stays valid until its end. A code over `codes_max` replaces the oldest. A code whose length
/// is not that of admission::code is not repeated. A send also begins a new code if the requester
/// has no attempts left at the only live one.
struct repeat_rule {
    duration repeated_for{std::chrono::minutes(5)};
    duration longest{std::chrono::minutes(10)};
    std::uint32_t attempts_max = 0; ///< as in `check`; 0: used attempts do not matter
    /// Besides the key of admission::code. Codes of any other key are not repeated.
    std::vector<std::uint32_t> other_keys;
};

/// Most steps of a route plan.
inline constexpr std::size_t plan_steps_max = 8;
/// Sends of a number that begin later in their plan than with its first step, in any 24 hours.
inline constexpr std::size_t escalations_max = 2;
inline constexpr duration escalation_window{std::chrono::hours(24)};

/// A step of a route plan.
struct plan_step {
    std::uint16_t plan = 0;  ///< a fingerprint of the plan
    std::uint8_t number = 0; ///< 1..plan_steps_max; 0: none

    friend bool operator==(plan_step const&, plan_step const&) = default;
};

/// A send by a route plan. Resends do not repeat what failed: if the last message of the session
/// took a step of the same plan, and has failed, or was neither delivered nor typed within that
/// step's `deliver_within`, the send begins after that step. It begins with the first step if there
/// is none after it, or if escalations_max sends of the number began later.
struct planned_send {
    plan_step taken;               ///< the step that it takes first
    std::uint8_t begins_after = 0; ///< the steps that are left out, since they were tried before
    std::vector<duration> deliver_within; ///< of each step of the plan
};

struct admitted;
struct in_flight;
struct replayed;
struct unsettled;
struct conflicting;
struct full;
struct begin_after;
/// The store decides in this order: the idempotency key (replayed, in_flight, unsettled,
/// conflicting), then refused, then in_flight of the session, then full, then begin_after.
using admit_outcome =
    std::variant<admitted, refused, in_flight, replayed, unsettled, conflicting, full, begin_after>;

struct admission {
    record_key key;
    verification_id id{};
    requester by{};
    std::optional<device_hash> device;
    code_seed code; ///< sent unless another one is repeated
    duration ttl{}; ///< of the code, > 0
    repeat_rule repeat;
    duration retention{}; ///< of the verification, >= ttl
    /// The longest duration of a send. A session admits no other send until the last one is settled
    /// or its lease has expired; the other class's session of that scope does.
    duration lease{};
    cooldown_rule cooldown;
    std::vector<rate_limit_check> rate_limit_checks;
    /// Reserved together with the limits, or not at all. A violation names the budget and lasts
    /// until the store forgets the budget.
    std::vector<reservation> reservations;
    std::vector<conversion_guard> guards;
    std::optional<solved_challenge> challenge;
    guess_budget guesses;
    std::optional<idempotency_key> idempotency;
    std::optional<planned_send> plan;        ///< nothing: one route, whatever happened before
    std::string details;                     ///< of the event `admitted`
    std::string reference{};                 ///< of the caller; empty or up to reference_max
    std::optional<journal_write> entry = {}; ///< written with the admission
    outbox_for<admit_outcome> outbox{};
    trace_context trace{}; ///< of the request; no rule depends on it
};

/// Most live codes of a session.
inline constexpr std::size_t codes_max = 2;
/// Most live verifications of a session. One more ends the oldest. The code that its message held
/// lives on while another live verification has it.
inline constexpr std::size_t open_max = 8;

struct admitted {
    wall_time at{};        ///< of the event, as find() shows it
    bool is_known = false; ///< a known device asked
    code_seed code;        ///< the code to send: admission::code, or the one that is repeated
    duration code_end{};   ///< how long that code can be verified from now on
    duration cooldown{};   ///< the pause of the session that has begun; 0: none
    /// For each rate-limit check, in order: the time until the whole quota is available again. 0 if
    /// the check was not counted.
    std::vector<counter_time> resets_in;
    std::vector<violation> observed; ///< by limits that only observe
};
/// The last send of the session, or the one with the same idempotency key, is not settled yet.
struct in_flight {
    duration retry_after{}; ///< > 0: the latest time at which it is settled or its lease ends
};
/// The send with this idempotency key is complete. `reply` comes from its settlement.
struct replayed {
    std::string reply;
};
/// The send with this idempotency key was never settled: it may or may not have been sent.
struct unsettled {};
/// The idempotency key belongs to another request.
struct conflicting {};
/// The store is full, or the class's other scopes of that number have too many live verifications.
/// Live codes and locks are never dropped to make room.
struct full {};
/// The send would be admitted, but it must begin after this step of its plan (0: with the first).
/// Nothing was changed: the caller asks again with the reservations of the other route.
struct begin_after {
    std::uint8_t step = 0;
};
enum class send_result : std::uint8_t {
    accepted, ///< the code is active, and the receipt is stored
    refused,  ///< certainly not sent: the verification is deleted, and its limits are refunded
    unknown   ///< may have been sent: the code is active, and the limits stay counted
};

/// A replaced reservation whose answer was lost. It took effect if the verification has more events
/// `step` than before. In that case these adjustments replace those of the settlement.
struct unanswered_replacement {
    std::size_t steps_before = 0;
    std::vector<adjustment> adjustments;
};

/// `superseded`: the verification is forgotten, or with send_result::refused already ended (used,
/// replaced, canceled, expired). This is no fault. Only the idempotency record is changed.
struct settle_outcomes {
    /// `failed`: settled, and the first message has failed too. With a refused hedge only.
    enum kind : std::uint8_t { settled, superseded, failed };
};
using settle_outcome = timed<settle_outcomes>;

struct settlement {
    record_key key;
    verification_id id{};
    send_result result = send_result::unknown;
    /// The answer to the admission, or to the booking of a hedge, was lost. If it was not made,
    /// nothing changes. If a send was admitted, its own cooldown is taken back. With
    /// send_result::refused only.
    bool is_undo = false;
    /// Of the verification's second message, which reservation_replacement::is_hedge has booked.
    /// Only its adjustments, notes, details, receipt, step and entry count. `superseded` if there
    /// is none, or it is settled. A refused one has failed, and no other may follow. If the
    /// verification is forgotten, its adjustments are applied: whoever booked it settles it once.
    bool is_hedge = false;
    /// With accepted and unknown: inserted before the result's event, up to `events_max` events. A
    /// note `admitted` is not inserted; it replaces the details of the admission's event.
    std::vector<note> notes;
    std::string details; ///< of the result's event
    /// Applied whatever the result, once per send: not if the settlement is superseded or repeated.
    std::vector<adjustment> adjustments;
    std::optional<unanswered_replacement> unanswered;
    /// With send_result::accepted only. A more certain receipt from an earlier update stays.
    std::optional<receipt> accepted;
    /// Of a planned send, unless refused: the number of the step that it took in the end.
    std::uint8_t step = 0;
    /// With send_result::refused: the counted checks of the admission, to be refunded. `back_off`
    /// replaces the admission's cooldown, so that a refused send cannot be repeated at full speed.
    /// A cooldown that a later send has begun stays.
    std::vector<rate_limit_check> refund;
    std::vector<key_hash> guarded;
    /// With send_result::refused: the admission's challenge, which can be used again.
    std::optional<key_hash> challenge;
    duration cooldown{}; ///< admitted::cooldown
    duration back_off{};
    /// The admission's idempotency key, whose later calls get `reply`. With send_result::refused
    /// the key becomes free again.
    std::optional<idempotency_key> idempotency;
    std::string reply; ///< at most 4096 bytes
    std::optional<send_score> score;
    /// Written unless the verification is forgotten; an erasure always is. With
    /// send_result::unknown the verification is kept as long as the entry.
    std::optional<journal_write> entry = {};
    outbox_for<settle_outcome> outbox{};
    trace_context trace{}; ///< of the request; no rule depends on it
};

/// What became known of a message after its send was settled.
struct delivery_update {
    verification_address address;
    delivery message = delivery::accepted;
    std::optional<receipt> sent; ///< replaces the stored receipt
    std::string details;         ///< of the event `delivery`
    std::vector<adjustment> adjustments;
    std::optional<report_score> score{}; ///< counted if the new state is more certain
    bool is_hedge = false;               ///< of the second message
};

/// `updated`: the new state is more certain, or equally certain, not final, and its details differ
/// from those of the last event `delivery` (or are not empty if there is none). In the second case
/// only the event is added, if there is room. `recorded`: the end of one of two messages, but the
/// other one decides what the verification's delivery is. `known`: neither. `absent`: the
/// verification is forgotten. `taken`: another message of this client and number has the id of the
/// receipt; `in_flight`: another send to it is under way, and may get the id. Those, `known` and
/// `absent` change nothing, so several instances may repeat an update. The time of `known` is that
/// of the last event `delivery`.
struct update_outcomes {
    enum kind : std::uint8_t { updated, recorded, known, absent, taken, in_flight };
};
using update_outcome = timed<update_outcomes>;

} // namespace otpd::store
