#include "send/send_checks.hpp"

#include <algorithm>
#include <utility>

namespace otpd::otp {

namespace {

template <class List, class T>
bool is_empty_or_has(List const& list, T const& what) {
    return list.empty() || std::ranges::find(list, what) != list.end();
}

} // namespace

std::optional<errc> send_checks::check(send_draft& draft) const {
    auto const& request = draft.request;
    auto const& from = *request.caller.client;
    auto const& routes = draft.routes;
    draft.who = limits_.pseudonyms_of(
        {request.caller, request.to, draft.address.number, draft.country, draft.is_test});
    // The operator has set up who gives codes for this client.
    if (!request.given && !is_empty_or_has(from.purposes, request.purpose.name()))
        return errc::purpose_not_allowed;
    if (routes.steps.empty()) return errc::route_plan_unknown;
    bool const enabled = std::ranges::find(rules_.allowed_routes, routes.taken.route_id) !=
                         rules_.allowed_routes.end();
    // Routes of a plan that are not allowed are skipped one by one.
    if (routes.plan.empty() && (!enabled || !is_empty_or_has(from.routes, routes.taken.route_id)))
        return errc::route_not_allowed;
    auto const& text = texts_.text_for(request.purpose, request.locale, request.given);
    auto const code_length = request.given ? request.given->code.size() : draft.rules.code_length;
    if (!messages::fits(text, code_length, draft.facts(), draft.suffix))
        return errc::message_too_long;
    if (auto const& known = request.caller.stand_in) {
        draft.country = known->country;
        if (auto const fault = destinations_.check(known->country, from)) return fault;
    } else if (!draft.is_test) {
        auto found = destinations_.check(request.to, from);
        draft.country = std::move(found.country);
        if (found.fault) return found.fault;
    }
    limiter::limit_keys const keys{request.caller, request.to,    draft.address.number,
                                   draft.country,  draft.is_test, draft.number_of_all};
    draft.rate_limit_checks = limits_.rate_limit_checks(limit_step::send, keys);
    // Somebody else checks a given code, so it would count as never typed.
    if (!draft.is_test && !request.given) draft.guards = limits_.guards(keys);
    if (request.caller.stand_in && request.caller.stand_in->has_solved_challenge)
        draft.challenge = store::solved_challenge{draft.address.id, rules_.retention};
    else if (!draft.is_test && from.challenge)
        draft.challenge = challenges_.open(draft);
    return std::nullopt;
}

} // namespace otpd::otp
