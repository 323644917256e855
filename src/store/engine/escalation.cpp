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

bool has_arrived(verification_state const& last, duration within, store_time now) noexcept {
    auto const message = last.delivered();
    if (message == delivery::failed) return false;
    return message == delivery::delivered || now < last.admitted + within;
}

} // namespace

std::uint8_t steps_to_skip(number_state const& state, session_key const& session,
                           planned_send const& plan, duration known_for, store_time now) {
    if (state.escalations.size() >= escalations_max) return 0;
    auto const last =
        std::find_if(state.verifications.rbegin(), state.verifications.rend(),
                     [&session](auto const& each) { return each.session() == session; });
    if (last == state.verifications.rend()) return 0;
    if (!last->is_live() && last->admitted + known_for <= now) return 0;
    auto const tried = last->taken.number;
    bool const has_next =
        tried != 0 && last->taken.plan == plan.taken.plan && tried < plan.deliver_within.size();
    if (!has_next || is_typed(*last) || has_arrived(*last, plan.deliver_within[tried - 1U], now))
        return 0;
    return tried;
}

void count_escalation(number_state& state, store_time now) {
    state.escalations.push_back(now);
}

void uncount_escalation(number_state& state, verification_state const& send) {
    auto const counted = std::ranges::find(state.escalations, send.admitted);
    if (counted != state.escalations.end()) state.escalations.erase(counted);
}

} // namespace otpd::store::engine
