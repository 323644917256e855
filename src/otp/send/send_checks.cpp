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
    auto const& from = *request.who.from;
    auto const fresh = deps_.codes.make(from, request.what, request.to);
    auto routes = deps_.routes.plan(request);
    auto once = once_of(request);
    auto const tail = request.tail.value_or(from.tail);
    send_draft draft{.request = std::move(request),
                     .tail = tail,
                     .at = fresh.at,
                     .sealed = deps_.keys.seal(fresh.at),
                     .code = fresh.code,
                     .seed = fresh.seed,
                     .began = now,
                     .began_at = wall,
                     .is_test = fresh.is_test,
                     .routes = std::move(routes),
                     .once = std::move(once)};
    draft.fault = fault_of(draft);
    return draft;
}

/// Fills in the country and what is to be counted.
std::optional<errc> send_checks::fault_of(send_draft& draft) const {
    auto const& request = draft.request;
    auto const& from = *request.who.from;
    auto const& routes = draft.routes;
    if (!is_empty_or_has(from.purposes, request.what.name())) return errc::purpose_not_allowed;
    if (routes.steps.empty()) return errc::route_plan_unknown;
    bool const enabled = std::ranges::find(rules_.allowed_routes, routes.taken.route_id) !=
                         rules_.allowed_routes.end();
    // Of a plan, routes that are not allowed are left out one by one.
    if (routes.plan.empty() && (!enabled || !is_empty_or_has(from.routes, routes.taken.route_id)))
        return errc::route_not_allowed;
    if (!texts_.fits(request.what, request.locale, rules_.code_length, draft.tail))
        return errc::message_too_long;
    if (!draft.is_test) {
        auto found = deps_.destinations.check(request.to, from);
        draft.country = std::move(found.country);
        if (found.fault) return found.fault;
    }
    limiter::subjects const of{request.who, request.to, draft.country, draft.is_test};
    draft.charges = deps_.limits.charges(limit_step::send, of);
    if (!draft.is_test) draft.guards = deps_.limits.guards(of);
    return std::nullopt;
}

std::optional<store::idempotency_key> send_checks::once_of(send_request const& request) const {
    auto const& once = request.once;
    if (!once) return std::nullopt;
    auto const key = deps_.keys.subject({"once", request.who.from->name, once->key});
    // Keyed: of a plain hash of a request, its number could be guessed.
    std::string_view const asked(reinterpret_cast<char const*>(once->fingerprint.data()),
                                 once->fingerprint.size());
    auto const fingerprint = deps_.keys.subject({"request", asked});
    return store::idempotency_key{key, fingerprint, rules_.idempotency_keep};
}

} // namespace otpd::otp
