#include "send/send_checks.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace otpd::otp {

namespace {

template <class List, class T>
bool is_empty_or_has(List const& list, T const& what) {
    return list.empty() || std::ranges::find(list, what) != list.end();
}

} // namespace

send_draft send_checks::draft(send_request request, steady_time now, wall_time wall) const {
    auto const& from = *request.caller.client;
    auto const fresh = deps_.codes.make(from, request.purpose, request.to);
    auto routes = deps_.routes.plan(request);
    auto idempotency = idempotency_key_of(request);
    auto const suffix = request.suffix.value_or(from.suffix);
    send_draft draft{.request = std::move(request),
                     .suffix = suffix,
                     .address = fresh.address,
                     .sealed = deps_.keys.seal(fresh.address),
                     .code = fresh.code,
                     .seed = fresh.seed,
                     .began = now,
                     .began_at = wall,
                     .is_test = fresh.is_test,
                     .routes = std::move(routes),
                     .idempotency = std::move(idempotency)};
    draft.fault = fault_of(draft);
    return draft;
}

/// Fills in the country and what is to be counted.
std::optional<errc> send_checks::fault_of(send_draft& draft) const {
    auto const& request = draft.request;
    auto const& from = *request.caller.client;
    auto const& routes = draft.routes;
    if (!is_empty_or_has(from.purposes, request.purpose.name())) return errc::purpose_not_allowed;
    if (routes.steps.empty()) return errc::route_plan_unknown;
    bool const enabled = std::ranges::find(rules_.allowed_routes, routes.taken.route_id) !=
                         rules_.allowed_routes.end();
    // Of a plan, routes that are not allowed are left out one by one.
    if (routes.plan.empty() && (!enabled || !is_empty_or_has(from.routes, routes.taken.route_id)))
        return errc::route_not_allowed;
    if (!texts_.fits(request.purpose, request.locale, rules_.code_length, draft.suffix))
        return errc::message_too_long;
    if (!draft.is_test) {
        auto found = deps_.destinations.check(request.to, from);
        draft.country = std::move(found.country);
        if (found.fault) return found.fault;
    }
    limiter::limit_keys const keys{request.caller, request.to, draft.country, draft.is_test};
    draft.rate_limit_checks = deps_.limits.rate_limit_checks(limit_step::send, keys);
    if (!draft.is_test) draft.guards = deps_.limits.guards(keys);
    return std::nullopt;
}

std::optional<store::idempotency_key>
send_checks::idempotency_key_of(send_request const& request) const {
    auto const& idempotency = request.idempotency;
    if (!idempotency) return std::nullopt;
    auto const key = deps_.keys.hash({"once", request.caller.client->name, idempotency->key});
    // Keyed: of a plain hash of a request, its number could be guessed.
    std::string_view const asked(reinterpret_cast<char const*>(idempotency->fingerprint.data()),
                                 idempotency->fingerprint.size());
    auto const fingerprint = deps_.keys.hash({"request", asked});
    return store::idempotency_key{key, fingerprint, rules_.idempotency_retention};
}

} // namespace otpd::otp
