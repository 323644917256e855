#pragma once

/// A send as a store sees it: admitted before any byte goes upstream, settled afterwards.

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
    code_mac code;
    duration ttl{};  ///< of the code, > 0
    duration keep{}; ///< of the verification, >= ttl
    /// Longest time a send may take. A slot whose last send is not settled yet admits no other meanwhile.
    duration lease{};
    /// Other live codes of the slot stay, and share one count of attempts with this one (the oldest goes
    /// when there would be more than `codes_max`); otherwise they are replaced.
    bool add = false;
    cooldown_rule cooldown;
    std::vector<charge> charges;
    std::vector<watch> watches;
    guess_budget guesses;
    std::optional<idempotency_key> once;
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

struct settlement {
    record_key key;
    verification_id id{};
    send_result result = send_result::unknown;
    std::optional<receipt> accepted; ///< with send_result::accepted only
    /// With send_result::refused: what of the admission was charged and is given back. The cooldown is
    /// taken back, and `back_off` put in its place so that a refusal cannot be repeated at full speed.
    std::vector<charge> give_back;
    std::vector<subject_key> watched;
    bool cooled_down = false; ///< the admission had a cooldown
    duration back_off{};
    /// The admission's idempotency key, and what later calls with it are answered; with
    /// send_result::refused the key is free again.
    std::optional<idempotency_key> once;
    std::string reply; ///< at most 4096 bytes
};

/// `superseded`: the verification is forgotten, or with send_result::refused over already (used, replaced,
/// canceled, expired). Not a fault; nothing was changed but what is kept of the idempotency key.
enum class settle_outcome : std::uint8_t { settled, superseded };

} // namespace otpd::store
