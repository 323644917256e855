#pragma once

/// The expected failures of domain operations, as values.

#include "otpd/bridgexapi/types.hpp"
#include "otpd/core/money.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

enum class errc {
    number_invalid,          ///< send: no numbering plan has such a number
    number_other_spelling,   ///< send: the number is not in its canonical international form
    destination_not_allowed, ///< send: the country, line type or number is not allowed
    purpose_not_allowed,     ///< the client may not use it
    route_not_allowed,       ///< send: the settings or the client do not allow the route
    route_plan_unknown,      ///< send: no plan has that name
    no_route,         ///< send: every route of the plan was skipped, see `steps`; nothing was sent
    message_too_long, ///< send: too long with the requested autofill suffix
    cooldown_active,  ///< send: too soon after the last send; retry_after
    limit_exceeded,   ///< other limits and budgets, listed in `violated`; retry_after
    /// Send: only the conversion guards in `violated` refuse; challenge_token.
    challenge_required,
    /// Send: another send of the session or idempotency key is not settled; retry_after.
    send_in_progress,
    idempotency_key_reused, ///< send: another request used the key
    upstream_rejected,      ///< send: the upstream refused for `reason`; nothing was sent
    upstream_unavailable,   ///< send: the upstream was not reached; nothing was sent; retry_after
    /// Send: may have been sent; the code stays verifiable and the cooldown applies.
    delivery_unknown,
    capacity_exhausted, ///< send: the store is full; retry_after
    invalid_code,       ///< verify: wrong, and counted; attempts_left
    no_active_otp,      ///< verify: none, expired, used, or of a device that the check lacks
    attempts_exceeded,  ///< verify: the requester's attempts at the codes are used up; retry_after
    guesses_exceeded,   ///< verify: the guesses of the class are used up or must wait; retry_after
    verification_not_found, ///< find, cancel: never existed, forgotten, or another client's
    verification_ended,     ///< cancel: already verified, replaced, canceled or expired
    delivery_not_found,     ///< delivery: no such message, or another client's
    client_not_found,       ///< release: the settings have no client of that name
    destination_not_found,  ///< overrides: there is none of that destination and action
    destinations_full,      ///< overrides: there are as many as the store keeps
    operator_only,          ///< not visible to tenants
    upstream_failed,        ///< the upstream did not answer a read, for `reason`; retry_after
    store_unavailable,      ///< the store does not answer; nothing was sent or verified
};

/// The stable `code` of the problem (RFC 9457) that a caller gets.
[[nodiscard]] std::string_view problem_code(errc code) noexcept;

/// A limit that refused the request.
struct violated_limit {
    std::string name;
    std::chrono::seconds retry_after{}; ///< >= 1
    std::uint64_t quota = 0;            ///< 0: not a plain limit (guesses, conversion guard)
    std::chrono::seconds window{};      ///< for the cooldown: the length of its pause
};

/// The result of one route of a send, in the order of the plan.
struct step_report {
    enum class result : std::uint8_t {
        skipped,  ///< not attempted: `why` is country, price, budget, route_not_allowed or
                  ///  tried_before
        rejected, ///< the upstream refused
        not_sent, ///< the upstream was not reached, or the route's circuit breaker is open
        unknown,  ///< may have been sent; always the last
        accepted  ///< always the last
    };
    int route_id = 0;
    result outcome = result::skipped;
    /// Of static storage: see `skipped`, else a bridgexapi::reason; empty if accepted.
    std::string_view why;
    std::optional<money> price; ///< expected
};
[[nodiscard]] std::string_view to_string(step_report::result) noexcept;

struct failure {
    errc code;
    std::optional<std::chrono::seconds> retry_after = std::nullopt; ///< >= 1
    std::optional<unsigned> attempts_left = std::nullopt;
    std::optional<bridgexapi::reason> reason = std::nullopt;
    /// With limit_exceeded, cooldown_active and challenge_required: all of them.
    std::vector<violated_limit> violated{};
    std::vector<step_report> steps{}; ///< of a send: the routes that were considered
    /// Of a send that limits refused: how long the code that the requester himself asked for can
    /// still be verified. No other requester may learn it.
    std::optional<std::chrono::seconds> code_expires_in = std::nullopt;
    std::string challenge_token{}; ///< for send_request::challenge_token; good once
};

template <class T>
using outcome = boost::system::result<T, failure>;

/// Required by boost::system::result. Using a failure as a success is a bug.
[[noreturn]] inline void throw_exception_from_error(failure const&, boost::source_location const&) {
    throw std::logic_error("a failed domain call was used as a good one");
}

} // namespace otpd::otp
