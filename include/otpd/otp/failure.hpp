#pragma once

/// What can keep the domain from doing what it was asked, as values: nothing here is exceptional.

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
    number_invalid,          ///< send: no numbering plan has room for such a number
    number_other_spelling,   ///< send: not the number's one international form
    destination_not_allowed, ///< send: the number's country, kind of line or the number itself
    purpose_not_allowed,     ///< not this client's
    route_not_allowed,  ///< send: the route is not enabled in the settings, or not for this client
    route_plan_unknown, ///< send: there is no plan of that name
    no_route,         ///< send: every route of the plan was left out, see `steps`; nobody was asked
    message_too_long, ///< send: with the last line that was asked for
    cooldown_active,  ///< send: too soon after the last one; retry_after
    limit_exceeded,   ///< other limits and budgets, named in `violated`; retry_after
    send_in_progress, ///< send: one of the same slot or idempotency key is not settled; retry_after
    idempotency_key_reused, ///< send: the key was used for another request
    upstream_rejected,      ///< send: the upstream said no, for `reason`; nothing was sent
    upstream_unavailable,   ///< send: the upstream was not reached; nothing was sent; retry_after
    delivery_unknown,   ///< send: perhaps sent; the code stays verifiable and the cooldown stands
    capacity_exhausted, ///< send: no room for one more code; retry_after
    invalid_code,       ///< verify: wrong, and counted; attempts_left
    no_active_otp,      ///< verify: none, expired or used
    attempts_exceeded,  ///< verify: the code's attempts are used up; retry_after
    guesses_exceeded,   ///< verify: the number's guesses are used up or have to wait; retry_after
    verification_not_found, ///< find, cancel: none, forgotten, or another client's
    verification_ended,     ///< cancel: verified, replaced, canceled or expired before
    delivery_not_found,     ///< delivery: no such message, or another client's
    operator_only,          ///< what a tenant does not see
    upstream_failed,   ///< a question to the upstream was not answered, for `reason`; retry_after
    store_unavailable, ///< the store does not answer; nothing was sent or verified
};

/// A limit that refused.
struct violated_limit {
    std::string name;
    std::chrono::seconds retry_after{}; ///< >= 1
    std::uint64_t quota = 0;            ///< 0: not a plain limit (guesses, pumped SMS)
    std::chrono::seconds window{};      ///< of the cooldown: a pause of its rule
};

/// What became of one route that a send looked at, in the order of the plan.
struct step_report {
    enum class result : std::uint8_t {
        skipped,  ///< nobody was asked: `why` is country, price, budget or route_not_allowed
        rejected, ///< the upstream said no
        not_sent, ///< the upstream was not reached, or the route's breaker is open
        unknown,  ///< whether it was sent; always the last
        accepted  ///< always the last
    };
    int route_id = 0;
    result outcome = result::skipped;
    std::string_view
        why; ///< of static storage: see `skipped`, else a bridgexapi::reason; empty: accepted
    std::optional<money> price; ///< as expected
};
[[nodiscard]] std::string_view to_string(step_report::result) noexcept;

struct failure {
    errc code;
    std::optional<std::chrono::seconds> retry_after = std::nullopt; ///< >= 1
    std::optional<unsigned> attempts_left = std::nullopt;
    std::optional<bridgexapi::reason> reason = std::nullopt;
    std::vector<violated_limit> violated{}; ///< with limit_exceeded and cooldown_active: every one
    std::vector<step_report> steps{};       ///< of a send: the routes that were looked at
};

template <class T>
using outcome = boost::system::result<T, failure>;

/// Needed by boost::system::result: using a failure as a success is a bug.
[[noreturn]] inline void throw_exception_from_error(failure const&, boost::source_location const&) {
    throw std::logic_error("a failed domain call was used as a good one");
}

} // namespace otpd::otp
