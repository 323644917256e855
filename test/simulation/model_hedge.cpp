// The model of second messages, and of what becomes of messages.

#include "model.hpp"

#include <algorithm>

namespace otpd::simulation {

namespace {

constexpr int queued = static_cast<int>(store::delivery::queued);
constexpr int accepted_alone = static_cast<int>(store::delivery::accepted);
constexpr int outcome_unknown = static_cast<int>(store::delivery::unknown);
constexpr int has_arrived = static_cast<int>(store::delivery::delivered);
constexpr int has_failed = static_cast<int>(store::delivery::failed);

} // namespace

/// The first one, unless it failed or the second one arrived.
int model::verification::delivered() const {
    if (!hedge || delivery == has_arrived) return delivery;
    return *hedge == has_arrived || delivery == has_failed ? *hedge : delivery;
}

std::vector<int> model::routes_left(operation_id op) const {
    auto const& s = sends_.at(op);
    if (!s.order.is_planned()) return {};
    auto const tried = std::min(s.next_route, s.order.routes.size());
    return {s.order.routes.begin() + static_cast<std::ptrdiff_t>(tried), s.order.routes.end()};
}

int model::number_of(int route) const {
    auto const& steps = policy_.plans.front().steps;
    auto const found = std::ranges::find(steps, route, &otp::route_step::route_id);
    return found == steps.end() ? 0 : static_cast<int>(found - steps.begin()) + 1;
}

/// The newest one of its session, whose code can be verified, and whose only message was sent by a
/// plan, was accepted, and has no report.
bool model::can_be_hedged(verification const& of, instant now) const {
    auto const& all = at(of.of).verifications;
    auto const newest =
        std::find_if(all.rbegin(), all.rend(), [&](verification const& verification) {
            return verification.of == of.of && verification.who.is_known == of.who.is_known &&
                   now < verification.forgotten;
        });
    return newest->op == of.op && of.is_live(now) && of.settled && of.delivery == accepted_alone &&
           of.step != 0 && !of.hedge;
}

bool model::may_be_hedged(operation_id op, instant now) const {
    auto const* const found = find_verification(op, now);
    return found != nullptr && can_be_hedged(*found, now);
}

booking model::book_hedge(operation_id of, second_message what, instant issued, instant now) {
    auto& s = sends_.at(of);
    auto* const its_number = refreshed(of, now);
    auto* const found = find_verification(of, now);
    if (found == nullptr || !can_be_hedged(*found, now)) return booking::too_late;
    what.reserved = reservations_of(s.order.to, what.route, issued);
    if (!over_budget(what.reserved, {}, now).empty()) return booking::over_budget;
    for (auto const& entry : what.reserved)
        money_.take(entry, now);
    s.hedge = std::move(what);
    found->hedge = queued;
    found->hedged = to_millisecond(now);
    its_number->change(now);
    return booking::booked;
}

/// The next resend begins after the step that it took. One that was not sent has failed, and its
/// price is given back, also if the verification is forgotten.
bool model::settle_hedge(operation_id of, upstream_answer what, bool is_undo, instant now) {
    using enum upstream_answer::kind;
    auto* const its_number = refreshed(of, now);
    auto* const found = find_verification(of, now);
    if (found == nullptr ? is_undo : found->hedge != queued) return false;
    if (!sends_.at(of).hedge) return false; // the server has lost its booking
    auto& second = *sends_.at(of).hedge;
    bool const is_refused = what.what == rejected || what.what == not_sent;
    auto const cost = is_refused ? std::optional<std::int64_t>(0) : what.cost;
    second.price_known = cost.has_value();
    if (cost)
        for (auto& entry : second.reserved) {
            money_.change(entry.of, *cost - entry.amount, now);
            entry.amount = *cost;
        }
    if (found == nullptr) return false;
    if (is_refused) {
        found->hedge = has_failed;
        end_pause_if_failed(*its_number, *found);
    } else {
        found->hedge = what.what == accepted ? accepted_alone : outcome_unknown;
        found->hedge_step = number_of(second.route);
    }
    its_number->change(now);
    return true;
}

std::optional<int> model::hedge_delivery_of(operation_id op, instant now) const {
    auto const* const found = find_verification(op, now);
    return found == nullptr ? std::nullopt : found->hedge;
}

bool model::is_news(operation_id of, bool is_hedge, int state, instant now) const {
    auto const* const found = find_verification(of, now);
    if (found == nullptr || (is_hedge && !found->hedge)) return false;
    auto const certainty = [](int delivery) {
        return store::certainty(static_cast<store::delivery>(delivery));
    };
    return certainty(state) > certainty(is_hedge ? *found->hedge : found->delivery);
}

answer model::update(operation_id of, bool is_hedge, int state, std::int64_t correction,
                     instant now) {
    auto* const its_number = refreshed(of, now);
    auto* const found = find_verification(of, now);
    if (found == nullptr || (is_hedge && !found->hedge)) return simply(word::absent);
    auto& message = is_hedge ? *found->hedge : found->delivery;
    bool const is_end = state == has_arrived || state == has_failed;
    if (!is_news(of, is_hedge, state, now)) {
        bool const is_other = is_end && found->hedge && found->delivered() != state;
        return simply(is_other ? word::recorded : word::known);
    }
    auto& s = sends_.at(of);
    if (message == outcome_unknown) (is_hedge ? s.hedge->price_known : s.price_known) = true;
    auto const before = found->delivered();
    message = state;
    end_pause_if_failed(*its_number, *found);
    for (auto& entry : is_hedge ? s.hedge->reserved : s.reserved) {
        money_.change(entry.of, correction, now);
        entry.amount += correction;
    }
    bool const decides = found->delivered() == state && before != state;
    its_number->change(now);
    return simply(is_end && !decides ? word::recorded : word::updated);
}

/// The next send need not wait for messages that did not arrive.
void model::end_pause_if_failed(number& in, verification const& of) {
    if (of.delivered() != has_failed) return;
    auto const pause = in.pauses.find({of.of.purpose, of.who.is_known});
    auto const last = std::find_if(in.verifications.rbegin(), in.verifications.rend(),
                                   [&of](verification const& verification) {
                                       return verification.of == of.of &&
                                              verification.who.is_known == of.who.is_known;
                                   });
    if (pause != in.pauses.end() && pause->second.began() == of.admitted && last->op == of.op)
        in.pauses.erase(pause);
}

} // namespace otpd::simulation
