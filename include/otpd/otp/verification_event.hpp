#pragma once

/// Events of verifications, for those who follow them as they happen: the timeline's file, the
/// webhooks, the scoreboard and long polls.

#include "otpd/core/clock.hpp"
#include "otpd/core/money.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::otp {

enum class event_type : std::uint8_t {
    blocked,   ///< a send was refused by a limit, a budget or a guard; there is no verification
    admitted,  ///< a send was admitted
    step_left, ///< a route of the plan was tried or skipped, and did not send
    accepted,  ///< the upstream took the message
    unknown,   ///< nobody knows whether the message was sent
    not_sent,  ///< no route took it: the verification is gone
    delivered,
    failed,    ///< the message did not arrive, or a send of unknown outcome turned out to be none
    delivery,  ///< another change of the delivery state
    wrong,     ///< a guess
    exhausted, ///< the guess that used up the attempts, after its `wrong`
    verified,
    canceled,
};
/// snake_case, stable.
[[nodiscard]] std::string_view to_string(event_type) noexcept;

/// Holds no code, no whole number and no secret. Where a value is not known, a text is empty and a
/// number 0.
struct verification_event {
    event_type type = event_type::admitted;
    wall_time at;
    std::string verification_id; ///< as callers know it (key_ring::seal)
    std::string request_id;      ///< of the HTTP request in which it happened
    std::string client;
    std::string purpose;
    std::string country;
    std::string phone; ///< masked
    std::string plan;  ///< the route plan's name
    int route_id = 0;
    bool attempted = false;     ///< with step_left: the upstream was asked
    std::optional<money> price; ///< as expected
    std::optional<money> cost;  ///< as charged
    std::string order_id;
    std::string bx_message_id;
    std::string status; ///< the upstream's own word, with delivered, failed and delivery
    std::string
        reason; ///< why not: a bridgexapi::reason, or names of limits with commas between them
    bool stale_connection =
        false; ///< with unknown: says nothing of the route (bridgexapi/types.hpp)
    /// How long ago the verification was admitted.
    std::chrono::milliseconds since_admitted{};
    /// With delivered, failed and delivery: how long ago the upstream took the message.
    std::chrono::milliseconds since_accepted{};
    std::string details; ///< as the timeline of the verification has it (timeline.hpp)
};

class observer {
public:
    virtual ~observer() = default;
    /// Whether it uses events of that kind at present. A source need not build an event that nobody
    /// wants. From any thread.
    [[nodiscard]] virtual bool wants(event_type) const noexcept { return true; }
    /// From any thread, within a request: must be quick, not block and not throw.
    virtual void on_event(verification_event const& event) noexcept = 0;
};

} // namespace otpd::otp
