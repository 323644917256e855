#pragma once

/// The state of one send. Data only.

#include "events/event_outbox.hpp"
#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/otp/journal.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/send.hpp"
#include "otpd/store/admission.hpp"
#include "routing/route_walk.hpp"
#include "scope.hpp"

#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

/// What draft_factory makes of a request before any call.
struct send_draft {
    send_request request;
    scope_rules rules; ///< of its scope, as they were when the send began
    autofill_suffix suffix;
    std::string binding; ///< of its scope (key_ring::binding_of)
    store::verification_address address;
    std::string sealed;    ///< `address` as callers see it (key_ring::seal)
    passcode code;         ///< of an admitted send: the code that goes out, unless one was given
    store::code_seed seed; ///< of the code; a test number has none
    store::repeat_rule repeat;
    store::key_hash number_of_all{}; ///< the number over all clients
    store::requester by;
    std::optional<store::device_hash> device;
    steady_time began;
    wall_time began_at;
    bool is_test = false;     ///< a test number: no SMS, only the client's limits and the global
                              ///  ones
    std::string country = {}; ///< empty: unknown
    pseudonyms who = {};
    route_walk routes = {};
    std::vector<store::rate_limit_check> rate_limit_checks = {};
    std::vector<store::conversion_guard> guards = {};
    std::optional<store::solved_challenge> challenge = {};
    std::optional<store::idempotency_key> idempotency = {};
    std::optional<errc> fault = {}; ///< what is wrong regardless of earlier sends

    [[nodiscard]] message_facts facts() const { return {rules.ttl, request.variables}; }
    [[nodiscard]] store::record_key key() const {
        return {address.number, scope_of(*request.caller.client, request.purpose, binding)};
    }
};

struct send_state {
    send_draft draft;
    /// Whether a known device asks; nothing before the store's answer.
    std::optional<bool> is_known = {};
    /// The names of everything that refused it, separated by commas.
    std::string refused_by = {};
    /// Set once the store has admitted it.
    std::optional<store::admitted> admission = {};
    /// The reservations for a next route that may have replaced the current ones, because the
    /// store's answer was lost.
    std::optional<std::vector<store::reservation>> possible_reservations = {};
    wall_time asked_at = {};               ///< when the upstream was called last
    bool is_hedge = false;                 ///< its second message
    int first_route = 0;                   ///< then: that of the first message
    std::optional<journal_slot> slot = {}; ///< of its entry in the journal
    bool is_entered = false;               ///< the entry may have been written
    outbox_place outbox = {};              ///< of its event `blocked`, `accepted` or `failed`
    /// The outcome, once it was transmitted.
    std::optional<bridgexapi::send_outcome> message = {};
    /// When it was settled, by the store's clock; zero if it was not.
    wall_time settled_at = {};

    [[nodiscard]] route_walk const& routes() const noexcept { return draft.routes; }
    [[nodiscard]] bridgexapi::accepted const* accepted() const noexcept {
        return message ? std::get_if<bridgexapi::accepted>(&*message) : nullptr;
    }
    [[nodiscard]] bridgexapi::unknown const* unknown() const noexcept {
        return message ? std::get_if<bridgexapi::unknown>(&*message) : nullptr;
    }
};

} // namespace otpd::otp
