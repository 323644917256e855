#include "simulated_upstream.hpp"

#include <string>

namespace otpd::simulation {

using bridgexapi::reason;

boost::asio::awaitable<bridgexapi::send_outcome>
simulated_upstream::send_sms(bridgexapi::sms message, deadline) {
    auto const op = turns_.current();
    // When the whole send began, over all routes.
    auto const began = truths_.try_emplace(op, truth{clock_.elapsed()}).first->second.began;
    auto const overdue = began + rules_.policy.send_timeout;
    watcher_.transmitting(op, message);
    if (sends_twice) watcher_.transmitting(op, message);
    auto becomes = co_await turns_.pass(stage::to_upstream, overdue);
    bridgexapi::send_outcome outcome = bridgexapi::unknown{reason::timed_out};
    if (becomes != fate::lost) {
        outcome = handle(op, message.route_id);
        if (becomes == fate::waits) becomes = co_await turns_.pass(stage::from_upstream, overdue);
        // Bytes were sent and the answer is lost, so the outcome is unknown.
        if (becomes == fate::unheard || becomes == fate::lost)
            outcome = bridgexapi::unknown{reason::connection_lost};
    }
    watcher_.answered(op, answer_for(outcome));
    co_return outcome;
}

bridgexapi::send_outcome simulated_upstream::handle(operation_id op, int route) {
    auto const roll = chance_.below(100);
    if (roll < 60) return accept(op, route);
    if (roll < 80) return bridgexapi::rejected{draw_rejection()};
    bridgexapi::not_sent never{chance_.one_of({reason::connect_failed, reason::tls_failed,
                                               reason::circuit_open, reason::pool_exhausted})};
    if (chance_.chance(500)) never.retry_after = std::chrono::seconds(chance_.between(1, 30));
    return never;
}

bridgexapi::accepted simulated_upstream::accept(operation_id op, int route) {
    auto cost = rules_.expected_price(route);
    // Price lists are not always right.
    if (chance_.chance(300)) cost += chance_.between(-20'000, 20'000);
    auto& is = truths_[op];
    ++is.sent;
    is.charged += cost;
    charged_in_all_ += cost;
    bridgexapi::accepted receipt;
    if (!chance_.chance(100)) receipt.order_id = std::to_string(op);
    if (!chance_.chance(100)) receipt.bx_message_id = "BX-" + std::to_string(op);
    if (!chance_.chance(100)) receipt.cost = money::from_micros(cost);
    return receipt;
}

reason simulated_upstream::draw_rejection() {
    return chance_.one_of({reason::authentication, reason::invalid_route,
                           reason::route_not_authorized, reason::caller_id_not_allowed,
                           reason::insufficient_balance, reason::no_pricing, reason::vendor_failed,
                           reason::invalid_request, reason::rate_limited, reason::upstream_error});
}

simulated_upstream::truth simulated_upstream::of(operation_id op) const {
    auto const found = truths_.find(op);
    return found == truths_.end() ? truth() : found->second;
}

upstream_answer simulated_upstream::answer_for(bridgexapi::send_outcome const& what) {
    upstream_answer said;
    if (auto const* const yes = std::get_if<bridgexapi::accepted>(&what)) {
        if (yes->cost) said.cost = yes->cost->micros();
    } else if (auto const* const never = std::get_if<bridgexapi::not_sent>(&what)) {
        said.what = upstream_answer::kind::not_sent;
        if (never->retry_after) said.retry_after = never->retry_after->count();
    } else {
        said.what = std::holds_alternative<bridgexapi::rejected>(what)
                        ? upstream_answer::kind::rejected
                        : upstream_answer::kind::unknown;
    }
    return said;
}

} // namespace otpd::simulation
