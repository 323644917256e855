// Second messages, as the instance that sent the first makes them when it hears of no report; and
// the same at once in other places, which must not make them two.

#include "surroundings.hpp"
#include "world.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>

namespace otpd::simulation {

namespace asio = boost::asio;

namespace {

constexpr std::ptrdiff_t recent_messages = 10;

} // namespace

/// Booked by an instance that has died, or has not heard of it, and never settled.
bool world::is_left_behind(operation_id send) {
    auto const& second = model_.hedge_of(send);
    return second && at(second->by).ended &&
           model_.hedge_delivery_of(send, store_now()) == static_cast<int>(store::delivery::queued);
}

/// Mostly one that needs it.
std::optional<operation_id> world::draw_hedged() {
    if (chance_.chance(200)) return draw_recent();
    for (auto op = sends_.rbegin(); op != sends_.rend() && op - sends_.rbegin() < recent_messages;
         ++op)
        if (is_left_behind(*op) || model_.may_be_hedged(*op, store_now())) return *op;
    return std::nullopt;
}

/// Returns false if there is nothing to do.
bool world::draw_hedge(hedge_order& order) {
    auto const of = order.of;
    if (is_left_behind(of)) return true;
    auto const& others = hedges_[of];
    bool const is_alone = !others.empty() && at(others.front()).hedge.order.takes_back;
    order.takes_back = others.empty() && chance_.chance(500);
    order.routes = model_.routes_left(of);
    if (order.routes.empty() && chance_.chance(300)) order.routes = {chance_.one_of(rules_.routes)};
    return !is_alone && !order.routes.empty();
}

/// Sometimes twice at once, or by an instance that dies meanwhile.
void world::begin_hedge() {
    auto const of = draw_hedged();
    hedge_order order;
    if (of) order.of = *of;
    if (!of || !draw_hedge(order)) return;
    begin_hedge(order);
    if (!order.takes_back && chance_.chance(300)) begin_hedge(order);
    if (!what_.loses_writes && chance_.chance(100)) crash_during(hedges_[*of].back());
}

void world::begin_hedge(hedge_order order) {
    auto const op = add(happening::hedge);
    auto& it = at(op);
    using enum upstream_answer::kind;
    it.hedge.outcome.what = order.routes.empty() ? unknown : not_sent;
    hedges_[order.of].push_back(op);
    note(happening::hedge, op, order.of, order.routes.empty() ? 0 : 1);
    it.hedge.order = std::move(order);
    auto hear = [this, op](std::exception_ptr const& thrown, answer said) {
        if (thrown) return heard(op, thrown, otp::outcome<otp::verified>());
        at(op).ended = true;
        judge(op, std::move(said));
    };
    turn(op, [&] { asio::co_spawn(context_, hedge(op), std::move(hear)); });
}

void world::crash_during(operation_id op) {
    for (auto steps = chance_.below(4); steps > 0; --steps) {
        auto const& calls = turns_.waiting();
        auto const found = std::ranges::find(calls, op, &gates::call::op);
        if (found == calls.end()) return;
        resume(static_cast<std::size_t>(found - calls.begin()), draw_fate(found->where));
    }
    crash(at(op).instance);
}

asio::awaitable<answer> world::hedge(operation_id op) {
    auto& it = at(op);
    auto& store = *instances_[it.instance].store;
    auto const of = it.hedge.order.of;
    std::vector<store::reservation> reserved;
    auto const& routes = it.hedge.order.routes;
    bool is_booked = routes.empty();
    for (std::size_t n = 0; n < routes.size() && !is_booked; ++n) {
        it.hedge.route = routes[n];
        reserved = instances_[0].service->spending.reservations(
            purchase_of(of, it.hedge.route, clock_.wall()));
        store::reservation_replacement request;
        request.address = at(of).at;
        request.is_hedge = true;
        request.take = reserved;
        auto const booked = co_await store.replace_reservation(std::move(request));
        if (!booked) {
            it.hedge.is_undo = booked.error() == store::fault::unknown && it.hedge.order.takes_back;
            if (it.hedge.is_undo) co_await store.settle(settlement_of(op, reserved));
            co_return simply(word::store_unavailable);
        }
        if (std::holds_alternative<store::too_late>(*booked)) co_return simply(word::too_late);
        is_booked = std::holds_alternative<store::reservation_replaced>(*booked);
    }
    if (!is_booked) co_return simply(word::limit_exceeded);
    if (!routes.empty()) {
        auto const& to = rules_.numbers[static_cast<std::size_t>(at(of).send.to.number)];
        bridgexapi::sms message{it.hedge.route, "otpd", *phone_number::parse(to),
                                secret_string("Code: " + at(of).transmitted)};
        co_await upstream_.send_sms(std::move(message), deadline::in(std::chrono::hours(1)));
    }
    auto const settled = co_await store.settle(settlement_of(op, reserved));
    if (!settled) co_return simply(word::store_unavailable);
    co_return simply(*settled != store::settle_outcome::superseded ? word::hedged : word::known);
}

otp::ledger::purchase world::purchase_of(operation_id send, int route, wall_time when) const {
    auto const& to = operations_.at(send).send.to;
    return {rules_.clients[static_cast<std::size_t>(to.client)].name,
            rules_.purposes[static_cast<std::size_t>(to.purpose)],
            "",
            route,
            money::from_micros(rules_.expected_price(route)),
            when};
}

/// Of one that was not sent, everything is given back; of one that may have been sent, nothing.
store::settlement world::settlement_of(operation_id op,
                                       std::vector<store::reservation> const& reserved) const {
    using enum upstream_answer::kind;
    auto const& hedge = operations_.at(op).hedge;
    auto const& outcome = hedge.outcome;
    auto const& address = operations_.at(hedge.order.of).at;
    store::settlement request;
    request.key.number = address.number;
    request.id = address.id;
    request.is_hedge = true;
    request.is_undo = hedge.is_undo;
    request.step = static_cast<std::uint8_t>(model_.number_of(
        hedge.order.routes.empty() ? model_.hedge_of(hedge.order.of)->route : hedge.route));
    request.result = outcome.what == accepted  ? store::send_result::accepted
                     : outcome.what == unknown ? store::send_result::unknown
                                               : store::send_result::refused;
    if (outcome.what == accepted) {
        store::receipt receipt;
        receipt.route_id = hedge.route;
        if (outcome.cost) receipt.cost = money::from_micros(*outcome.cost);
        request.accepted = std::move(receipt);
    }
    if (outcome.what == unknown || (outcome.what == accepted && !outcome.cost)) return request;
    for (auto const& entry : reserved)
        request.adjustments.push_back({entry.budget, outcome.cost.value_or(0) - entry.amount});
    return request;
}

void world::done_for_hedge(operation_id op, store_step what, instant issued, seen effect) {
    using enum upstream_answer::kind;
    auto& it = at(op);
    auto const of = it.hedge.order.of;
    auto const when = store_now();
    if (what == store_step::settle) {
        bool const is_settled = model_.settle_hedge(of, it.hedge.outcome, it.hedge.is_undo, when);
        bool const is_refused =
            it.hedge.outcome.what == rejected || it.hedge.outcome.what == not_sent;
        if (is_settled && is_refused) audit_.hedge_refused(of);
        if (it.expected.what != word::store_unavailable)
            it.expected = simply(is_settled ? word::hedged : word::known);
        return;
    }
    second_message second;
    second.by = op;
    second.route = it.hedge.route;
    auto const must = model_.book_hedge(of, std::move(second), issued, when);
    if (effect == seen::unheard && must == booking::booked) effect = seen::admitted;
    if ((must == booking::booked) != (effect == seen::admitted))
        disagree("#" + std::to_string(op) + ": books a second message, or not, against the rules");
    it.expected = simply(must == booking::over_budget ? word::limit_exceeded : word::too_late);
    if (effect != seen::admitted) return;
    it.booked_at = issued;
    hedged_.push_back(of);
    hold(audit_.hedged(of, op), op);
}

} // namespace otpd::simulation
