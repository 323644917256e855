#pragma once

/// What a caller gets, in the simulation's own terms: the model computes the expected answer, the
/// service gives the real one.

#include "orders.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::simulation {

enum class word : std::uint8_t {
    nothing, ///< no answer yet
    sent,
    replayed,
    cooldown_active,
    limit_exceeded,
    challenge_required,
    send_in_progress,
    idempotency_key_reused,
    upstream_rejected,
    upstream_unavailable,
    delivery_unknown,
    verified,
    invalid_code,
    no_active_otp,
    attempts_exceeded,
    guesses_exceeded,
    shown, ///< find, and a successful cancel
    verification_not_found,
    verification_ended,
    store_unavailable,
    updated,  ///< the delivery of a message
    recorded, ///< ... which the other message of its send decides
    known,
    absent,
    released, ///< a number was unlocked, or its devices forgotten
    hedged,   ///< a second message was booked and settled
    too_late, ///< it was not booked, nor may be
    given_up, ///< the caller left before the answer
    other     ///< impossible in a history
};
[[nodiscard]] std::string_view to_string(word) noexcept;

struct violated {
    std::string name;
    std::int64_t retry_after = 0; ///< s

    friend bool operator==(violated const&, violated const&) = default;
};

/// What is left of a limit that counted the request.
struct left_of {
    std::uint64_t remaining = 0;
    std::int64_t resets_in = 0; ///< s
    std::string name;

    friend auto operator<=>(left_of const&, left_of const&) = default;
};

/// A verification as its client sees it.
struct shown {
    std::string state;
    std::string delivery;
    std::int64_t expires_in = 0; ///< s
    unsigned attempts_left = 0;

    friend bool operator==(shown const&, shown const&) = default;
};

struct answer {
    word what = word::nothing;
    std::int64_t retry_after = 0; ///< s; 0: none
    std::int64_t attempts_left = -1;
    operation_id about = none; ///< the send that was verified, or that is replayed
    std::vector<violated> because;
    /// s; of a sent code, like the next two; of a refused send: of the caller's own code
    std::int64_t expires_in = 0;
    std::int64_t cooldown = 0; ///< s
    /// Wrong guesses, failures in a row and devices that were forgotten.
    std::array<std::uint32_t, 3> forgotten{};
    std::vector<left_of> limits; ///< ascending
    shown view;

    friend bool operator==(answer const&, answer const&) = default;
};

[[nodiscard]] std::string to_string(answer const& what);
/// Two different answers have different digests.
[[nodiscard]] std::uint64_t digest(answer const& what);

inline constexpr std::int64_t soon = 1; ///< seconds until another attempt, if nothing else is
                                        ///  known

[[nodiscard]] inline answer simply(word what, std::int64_t retry_after = 0) {
    answer said;
    said.what = what;
    said.retry_after = retry_after;
    return said;
}

} // namespace otpd::simulation
