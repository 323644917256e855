#pragma once

/// Events of verifications, for live consumers: the timeline's file, webhooks, the scoreboard and
/// long polls.

#include "otpd/core/clock.hpp"
#include "otpd/core/money.hpp"
#include "otpd/core/trace.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

enum class event_type : std::uint8_t {
    blocked,   ///< a limit, budget or guard refused a send; there is no verification
    refused,   ///< a send was refused for another reason, or a guess was not evaluated
    admitted,  ///< a send was admitted
    step_left, ///< a route of the plan was tried or skipped, and did not send
    accepted,  ///< the upstream accepted the message
    unknown,   ///< the message may have been sent
    not_sent,  ///< no route accepted it: the verification is deleted
    delivered,
    failed,    ///< the message did not arrive, or a send of unknown outcome was none
    delivery,  ///< another change of the delivery state
    wrong,     ///< a wrong guess
    exhausted, ///< its own requester has used up his attempts, after the `wrong`
    verified,
    canceled,
};
/// Returns a stable snake_case word.
[[nodiscard]] std::string_view to_string(event_type) noexcept;

/// The first bytes of a hash under a key of the timeline's own; zeros: none.
using pseudonym = std::array<std::byte, 8>;

/// Whose request it was, for the timeline's file. Whoever has the file can tell what belongs
/// together, and without the key not whose it is.
struct pseudonyms {
    pseudonym number{};    ///< of client and number
    pseudonym requester{}; ///< of the end user's address
    pseudonym prefix{};    ///< of the number without its last four digits, as the guard counts it
};

/// The result of one route, in the words of step_report (failure.hpp).
struct route_result {
    int route_id = 0;
    std::string_view outcome; ///< of static storage
    std::string_view reason;  ///< of static storage; empty if accepted
    std::optional<money> price;
};

/// The entry that the step of the store which caused an event has written for webhooks.
struct event_entry {
    std::array<std::byte, 16> id{}; ///< of the webhook; zeros: it has none yet
    std::uint64_t ticket = 0;       ///< in the outbox; 0: there is no entry
};

/// Contains no code, no full number and no secret. Unknown texts are empty and unknown numbers 0.
struct verification_event {
    event_type type = event_type::admitted;
    wall_time at; ///< that of the event in the store, if it lists it: all readers see the same
    std::string verification_id; ///< as callers see it (key_ring::seal)
    std::string request_id;      ///< of the HTTP request that caused it
    trace_context trace;         ///< of that request
    std::string client;
    std::string purpose;
    std::string country;
    std::string phone;     ///< masked
    std::string reference; ///< of the caller
    std::string plan;      ///< the route plan's name
    int route_id = 0;
    bool attempted = false;     ///< with step_left: the upstream was asked
    std::optional<money> price; ///< expected
    std::optional<money> cost;  ///< charged
    std::string order_id;
    std::string bx_message_id;
    std::string status; ///< in the upstream's spelling, with delivered, failed and delivery
    /// A bridgexapi::reason; with failed: not_sent or delivery_failed; with blocked:
    /// comma-separated limit names.
    std::string reason;
    /// With failed: the upstream's own word, or else the reason. With blocked and refused: the
    /// problem's code.
    std::string error;
    /// With blocked and refused: the names of what refused, separated by commas; also those that
    /// `reason` may not name.
    std::string limits;
    /// With blocked: the number without its last four digits. For the operator's eyes only: neither
    /// the log nor a file nor a webhook has it.
    std::string number_prefix;
    pseudonyms who;          ///< only if the policy writes pseudonyms
    std::string_view device; ///< `known` or `new`; empty: none, or not asked
    bool is_test = false;    ///< of a send: to a test number
    bool is_solved = false;  ///< of a send: the user had solved a challenge
    bool is_guess = false;   ///< a check caused it
    bool with_id = false;    ///< of a guess: it named a verification
    /// With accepted: the routes that were considered, in the order of the plan.
    std::vector<route_result> steps;
    /// With unknown: does not count against the route (bridgexapi/types.hpp).
    bool stale_connection = false;
    /// Time since the verification was admitted.
    std::chrono::milliseconds since_admitted{};
    /// With delivered, failed and delivery: time since the upstream accepted the message.
    std::chrono::milliseconds since_accepted{};
    std::string details; ///< as in the verification's timeline (timeline.hpp)
    event_entry entry;   ///< the webhooks own it
};

class observer {
public:
    virtual ~observer() = default;
    /// Whether it currently uses events of that type, so that a source need not build others.
    /// Thread-safe.
    [[nodiscard]] virtual bool wants(event_type) const noexcept { return true; }
    /// Called from any thread within a request. Must be quick, and must not block or throw.
    virtual void on_event(verification_event const& event) noexcept = 0;
};

/// An observer for whom the store keeps events until he has done with them.
class outbox_observer : public observer {
public:
    /// Returns what the entry of the event says, not sealed; empty if nobody wants it. Thread-safe.
    [[nodiscard]] virtual std::string text_of(verification_event const& event) const = 0;
};

} // namespace otpd::otp
