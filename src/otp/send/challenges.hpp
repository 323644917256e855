#pragma once

#include "otpd/core/random.hpp"
#include "otpd/otp/key_ring.hpp"
#include "send/send_state.hpp"

#include <optional>
#include <string>

namespace otpd::otp {

/// Challenges that the application has its end user solve, so that a send passes the conversion
/// guards. The client gets a token, which no store keeps until it is used. Thread-safe.
class challenges {
public:
    /// Both arguments must outlive it.
    challenges(key_ring const& keys, random_source& random) : keys_(keys), random_(random) {}

    /// Returns a token that is good for ten minutes, for sends to the draft's number by its client
    /// and requester. It reveals none of them.
    [[nodiscard]] std::string make(send_draft const& draft, wall_time now) const;
    /// Returns the challenge that the draft's token stands for. A token that is malformed, expired
    /// or of another client, number or requester is as none.
    [[nodiscard]] std::optional<store::solved_challenge> open(send_draft const& draft) const;

private:
    key_ring const& keys_;
    random_source& random_;
};

} // namespace otpd::otp
