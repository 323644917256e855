#include "backtest/replay.hpp"

#include <algorithm>
#include <array>

namespace otpd::app {

namespace asio = boost::asio;

namespace {

bool uses_scores(otp::policy const& rules) {
    return std::ranges::any_of(rules.plans, [](otp::route_plan const& plan) {
        return std::ranges::any_of(
            plan.steps, [](otp::route_step const& step) { return step.best.has_value(); });
    });
}

/// Whether the lines have all that decided on the request.
bool can_be_made_again(timeline_line const& line) {
    static constexpr std::array<std::string_view, 4> by_settings{
        "purpose_not_allowed", "route_not_allowed", "route_plan_unknown", "no_route_available"};
    return line.event != "refused" ||
           std::ranges::find(by_settings, line.error) != by_settings.end();
}

/// Whether a route was left without asking the upstream, because of a rule (step_report::why).
bool is_skipped(std::string_view reason) {
    static constexpr std::array<std::string_view, 5> rules{"country", "price", "budget",
                                                           "route_not_allowed", "tried_before"};
    return std::ranges::find(rules, reason) != rules.end();
}

} // namespace

backtest_replay::backtest_replay(settings const& settings, wall_time begin,
                                 backtest_figures& figures)
    : figures_(figures), world_(settings, begin, figures.notes),
      uses_scores_(uses_scores(world_.rules)), guesses_(world_, sends_, figures) {}

backtest_replay::~backtest_replay() {
    for (auto const& flight : sends_.forget_before(wall_time::max()))
        flight->ended.cancel();
    world_.context.poll();
}

void backtest_replay::on_line(timeline_line const& line) {
    world_.clock.advance_to(line.at);
    for (auto const& flight : sends_.forget_before(world_.clock.wall()))
        world_.resume(flight, {});
    if (line.is_test) return;
    if (line.price) world_.prices.learn(line.route_id, line.country, *line.price);
    auto const& event = line.event;
    if (event == "wrong" || event == "verified" || (event == "refused" && line.is_guess))
        guesses_.on_line(line);
    else if (event == "admitted" || event == "blocked" || event == "refused")
        send(line);
    else if (event == "step_left" || event == "accepted" || event == "unknown" ||
             event == "not_sent")
        learn(line);
    else if (event == "delivered" || event == "failed")
        on_report(line);
    else if (event == "canceled")
        cancel(line);
    if (uses_scores_) world_.scores.count(line);
}

void backtest_replay::send(timeline_line const& line) {
    auto& was = figures_.happened;
    auto& now = figures_.replayed;
    bool const was_admitted = line.event == "admitted";
    ++was.sends;
    if (!was_admitted) was.refuse_send(refusal_of(line));
    if (!line.has_pseudonyms()) {
        ++figures_.lines_without_pseudonyms;
        return;
    }
    ++now.sends;
    if (!can_be_made_again(line)) {
        now.refuse_send(refusal_of(line));
        return;
    }
    world_.introduce(line);
    auto const& id = line.verification_id;
    std::shared_ptr<line_flight> flight;
    if (was_admitted) {
        flight = std::make_shared<line_flight>(world_.context);
        sends_.add(id, line.client + '\n' + line.purpose + '\n' + line.number, flight,
                   world_.clock.wall());
    }
    world_.prices.use(line.country);
    world_.upstream.use(flight);
    world_.spawn(make_send({world_.caller_of(line), number_of(line), *purpose::parse(line.purpose)},
                           id, line.country));
    auto const why = world_.refusals.take();
    if (!why) return;
    now.refuse_send(*why);
    if (!was_admitted) return;
    sends_.find(id)->refused_by = *why;
    sends_.end(id);
}

asio::awaitable<void> backtest_replay::make_send(otp::send_request request, std::string id,
                                                 std::string country) {
    auto const result = co_await world_.domain.sender.send(std::move(request),
                                                           deadline::in(std::chrono::hours(24)));
    if (!result) co_return;
    auto const price =
        world_.prices.price_of(result->route_id).value_or(world_.rules.assumed_price);
    figures_.replayed.add_message(result->message.cost.value_or(price));
    ++figures_.route(result->route_id, country).replayed;
    sends_.add_code(id, result->id, std::string(result->debug_code->reveal()));
}

/// What the lines say of a send that was admitted then.
void backtest_replay::learn(timeline_line const& line) {
    auto const& id = line.verification_id;
    bool const may_have_gone = line.event == "accepted" || line.event == "unknown";
    if (may_have_gone)
        figures_.happened.add_message(line.cost.value_or(line.price.value_or(money())));
    if (line.event == "accepted") ++figures_.route(line.route_id, line.country).accepted;
    auto const* const send = sends_.find(id);
    if (send == nullptr || !send->flight) return;
    auto const flight = send->flight;
    if (may_have_gone) {
        // A message that may have arrived has a code that may be typed.
        bridgexapi::accepted made;
        made.cost = line.cost ? line.cost : line.price;
        flight->outcomes.insert_or_assign(line.route_id, std::move(made));
    } else if (line.attempted || line.event == "not_sent") {
        flight->outcomes.try_emplace(line.route_id,
                                     bridgexapi::rejected{bridgexapi::reason::vendor_failed});
    } else if (!is_skipped(line.reason)) {
        flight->outcomes.try_emplace(line.route_id,
                                     bridgexapi::not_sent{bridgexapi::reason::connect_failed});
    }
    if (line.event != "step_left") sends_.end(id);
    world_.resume(flight, line.country);
}

void backtest_replay::on_report(timeline_line const& line) {
    bool const has_arrived = line.event == "delivered";
    if (has_arrived) ++figures_.route(line.route_id, line.country).delivered;
    auto const* const send = sends_.find(line.verification_id);
    if (send == nullptr || send->sealed_id.empty()) return;
    auto const address = world_.keys.open(send->sealed_id);
    if (!address) return;
    store::delivery_update update;
    update.address = *address;
    update.message = has_arrived ? store::delivery::delivered : store::delivery::failed;
    world_.spawn(world_.store->update(std::move(update)));
}

void backtest_replay::cancel(timeline_line const& line) {
    auto* const send = sends_.find(line.verification_id);
    if (send == nullptr || send->sealed_id.empty()) return;
    auto id = std::exchange(send->sealed_id, {});
    world_.spawn(world_.domain.verifications.cancel(world_.caller_of(line), std::move(id)));
}

} // namespace otpd::app
