#include "send/send_results.hpp"

#include "limits/limiter.hpp"
#include "otpd/otp/ledger.hpp"
#include "seconds.hpp"
#include "send/store_requests.hpp"

#include <algorithm>
#include <variant>

namespace otpd::otp {

namespace {

auto find_budget(policy const& rules, std::string_view name) {
    auto const found = std::ranges::find(rules.budgets, name, &spending_budget::name);
    return found == rules.budgets.end() ? nullptr : &*found;
}

failure refusal(send_state const& send, store::refused const& answer, policy const& rules,
                challenges const& challenges, wall_time now) {
    auto violations = answer.violations;
    for (auto& violation : violations)
        // The store keeps a budget for longer than its period, so the end of the period is computed
        // here.
        if (auto const* const budget = find_budget(rules, violation.counter))
            violation.retry_after =
                std::chrono::ceil<store::duration>(end_of(budget->period, now) - now);
    failure why{errc::cooldown_active};
    for (auto const& broken : violations)
        if (broken.counter != store::cooldown_counter) why.code = errc::limit_exceeded;
    why.retry_after = limiter::retry_after(rules, violations);
    why.violated =
        limiter::violated(rules, send.draft.rules, send.draft.rate_limit_checks, violations);
    why.steps = send.routes().reports;
    auto const is_by_guard = [](store::violation const& violation) {
        return is_guard(violation.counter);
    };
    if (send.draft.request.caller.client->challenge &&
        std::ranges::all_of(violations, is_by_guard)) {
        why.code = errc::challenge_required;
        why.retry_after.reset();
        why.challenge_token = challenges.make(send.draft, now);
    } else if (answer.own_code_end > store::duration::zero()) {
        why.code_expires_in = whole_seconds(answer.own_code_end);
    }
    return why;
}

outcome<sent> not_accepted(send_state const& send, policy const& rules) {
    auto const pause = back_off(send.draft, rules);
    failure why{errc::delivery_unknown};
    if (auto const* const rejected = std::get_if<bridgexapi::rejected>(&*send.message)) {
        why.code = errc::upstream_rejected;
        why.reason = rejected->why;
        if (pause > std::chrono::seconds::zero()) why.retry_after = pause;
    } else if (auto const* const not_sent = std::get_if<bridgexapi::not_sent>(&*send.message)) {
        why.code = errc::upstream_unavailable;
        why.reason = not_sent->why;
        why.retry_after = std::max(pause, not_sent->retry_after.value_or(retry_soon));
    } else {
        why.reason = send.unknown()->why;
    }
    why.steps = send.routes().reports;
    return why;
}

} // namespace

outcome<sent> send_results::answer(send_state const& send,
                                   store::admit_outcome const& answer) const {
    struct {
        send_state const& send;
        policy const& rules;
        challenges const& to_solve;
        wall_time now;

        // Unreachable: an admitted send is transmitted. The answer claims no knowledge of it.
        outcome<sent> operator()(store::admitted const&) const {
            return failure{errc::delivery_unknown};
        }
        outcome<sent> operator()(store::refused const& no) const {
            return refusal(send, no, rules, to_solve, now);
        }
        outcome<sent> operator()(store::in_flight const&) const {
            return failure{errc::send_in_progress, retry_soon};
        }
        outcome<sent> operator()(store::replayed const& before) const {
            if (before.reply.empty()) return failure{errc::delivery_unknown};
            sent again;
            again.replayed = before.reply;
            return again;
        }
        outcome<sent> operator()(store::unsettled) const { return failure{errc::delivery_unknown}; }
        outcome<sent> operator()(store::conflicting) const {
            return failure{errc::idempotency_key_reused};
        }
        outcome<sent> operator()(store::full) const {
            return failure{errc::capacity_exhausted, rules.rejected_backoff};
        }
        // Other sends of the scope keep changing where this one must begin.
        outcome<sent> operator()(store::begin_after) const {
            return failure{errc::send_in_progress, retry_soon};
        }
    } const to_answer{send, rules_, challenges_, now_.wall()};
    return std::visit(to_answer, answer);
}

outcome<sent> send_results::result(send_state const& send) const {
    auto const* const accepted = send.accepted();
    if (accepted == nullptr) return not_accepted(send, rules_);
    auto const& draft = send.draft;
    auto const spent = now_.now() - draft.began;
    sent result;
    result.id = draft.sealed;
    result.route_id = send.routes().taken.route_id;
    result.plan = send.routes().plan;
    result.steps = send.routes().reports;
    result.expires_in = seconds_left(send.admission->code_end, spent);
    result.cooldown =
        seconds_left(std::chrono::ceil<std::chrono::seconds>(send.admission->cooldown), spent);
    if (rules_.reveal_codes && !draft.request.given) result.debug_code = draft.code;
    result.test = draft.is_test;
    result.message = *accepted;
    result.limits = limiter::limit_statuses(rules_, *draft.request.caller.client,
                                            draft.rate_limit_checks, *send.admission);
    return result;
}

bool send_results::is_refused_by_route_budget(store::admit_outcome const& answer) const {
    auto const* const no = std::get_if<store::refused>(&answer);
    if (no == nullptr) return false;
    return std::ranges::all_of(no->violations, [this](store::violation const& violation) {
        auto const* const budget = find_budget(rules_, violation.counter);
        return budget != nullptr && budget->key == budget_key::route;
    });
}

} // namespace otpd::otp
