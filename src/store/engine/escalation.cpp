#include "engine/escalation.hpp"

#include <algorithm>

namespace otpd::store::engine {

using state::number_state;
using state::session_key;
using state::verification_state;

namespace {

/// A success replaces all other verifications of its session: then the user had a code.
bool is_typed(verification_state const& last) noexcept {
    return last.code_state == progress::verified || last.code_state == progress::replaced;
}

/// The last step whose message failed, or is late; 0 while the first message is neither.
std::uint8_t last_tried(verification_state const& last, planned_send const& plan,
                        store_time now) noexcept {
    auto const is_over = [&](delivery message, std::uint8_t step, store_time sent) {
        bool const is_known = step != 0 && step <= plan.deliver_within.size();
        return is_known &&
               (message == delivery::failed || now >= sent + plan.deliver_within[step - 1U]);
    };
    if (last.delivered() == delivery::delivered) return 0;
    if (!is_over(last.message, last.taken.number, last.admitted)) return 0;
    auto const& hedge = last.hedge;
    bool const is_hedge_over = hedge && is_over(hedge->message, hedge->step, hedge->booked);
    return is_hedge_over ? hedge->step : last.taken.number;
}

} // namespace

std::uint8_t steps_to_skip(number_state const& state, session_key const& session,
                           planned_send const& plan, duration known_for, store_time now) {
    if (state.escalations.size() >= escalations_max) return 0;
    auto const last =
        std::find_if(state.verifications.rbegin(), state.verifications.rend(),
                     [&session](auto const& entry) { return entry.session() == session; });
    if (last == state.verifications.rend()) return 0;
    if (!last->is_live() && last->admitted + known_for <= now) return 0;
    if (last->taken.plan != plan.taken.plan || is_typed(*last)) return 0;
    auto const tried = last_tried(*last, plan, now);
    return tried < plan.deliver_within.size() ? tried : std::uint8_t{0};
}

void count_escalation(number_state& state, store_time now) {
    state.escalations.push_back(now);
}

void uncount_escalation(number_state& state, verification_state const& send) {
    auto const counted = std::ranges::find(state.escalations, send.admitted);
    if (counted != state.escalations.end()) state.escalations.erase(counted);
}

} // namespace otpd::store::engine
