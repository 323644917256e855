// Turns, time, crashes: what drives a history.

#include "world.hpp"

#include "surroundings.hpp"
#include "wait_for.hpp"

#include <algorithm>

namespace otpd::simulation {

namespace asio = boost::asio;

namespace {

/// Makes the seeds of the three random sources independent.
constexpr std::uint64_t for_bytes = 0x5eed0000b17e5U;
/// Operations between two comparisons of the sums of money.
constexpr std::uint32_t look_at_sums = 64;
/// The maximum number of concurrent operations.
constexpr std::size_t under_way_max = 6;

/// Instances follow a server's clock to a tenth of a second.
instant tolerance_of(backend const& of) {
    bool const is_estimated = of.is_known() == backend::exactness::promises;
    return is_estimated ? instant(100'000) : instant(0);
}

} // namespace

world::world(assignment const& what, stores& on)
    : what_(what), chance_(what.seed), rules_(draw_rules(chance_)),
      backend_(on.make(context_, store_clock_)), bytes_(what.seed ^ for_bytes),
      upstream_(rules_, turns_, clock_, *this, chance_), model_(rules_),
      audit_(rules_, tolerance_of(*backend_), backend_->is_known() == backend::exactness::all),
      is_model_right_(backend_->is_known() != backend::exactness::promises) {
    upstream_.sends_twice = what.broken == mutation::sends_twice;
    for (std::size_t n = 0; n < instances; ++n)
        start_instance(n);
}

world::~world() {
    turns_.drop([](operation_id) { return true; });
    drain();
}

void world::start_instance(std::size_t which) {
    auto& of = instances_[which];
    auto& around = surroundings::shared();
    of.broken = std::make_unique<broken_store>(backend_->of(which), what_.broken);
    auto inner = [this, &of, which]() -> store::store& {
        if (what_.broken == mutation::nothing) return backend_->of(which);
        of.broken->use(backend_->of(which));
        return *of.broken;
    };
    // The model knows what no caller learned, as long as it is exact.
    auto lose = [this, which](bool done) {
        return !what_.loses_writes && backend_->lose_answer(which, done);
    };
    of.store = std::make_unique<simulated_store>(std::move(inner), std::move(lose), turns_, clock_,
                                                 *this, calls_inside_);
    otp::operations_dependencies deps{*of.store,      upstream_,      upstream_,    around.keys,
                                      around.plan,    clock_,         bytes_,       log_,
                                      around.metrics, around.prices,  around.stats, around.follower,
                                      event_waiters_, around.observer};
    deps.clients = {rules_.clients[0].name, rules_.clients[1].name};
    of.service.emplace(otp::make_operations(rules_.policy, deps));
}

// --- turns --------------------------------------------------------------------------------------

/// Runs until everything waits again. Waits for a store with its own thread.
void world::drain() {
    for (;;) {
        if (calls_inside_ > 0)
            context_.run_one();
        else if (context_.poll() == 0)
            return;
    }
}

fate world::draw_fate(stage where) {
    auto const roll = chance_.below(100);
    switch (where) {
    case stage::to_store:
        return roll < 70   ? fate::passes
               : roll < 96 ? fate::waits
               : roll < 97 ? fate::lost
               : roll < 98 ? fate::unheard
               : roll < 99 ? fate::unanswered
                           : fate::never_arrived;
    case stage::to_upstream:
        return roll < 60   ? fate::passes
               : roll < 90 ? fate::waits
               : roll < 95 ? fate::lost
                           : fate::unheard;
    case stage::from_store:
    case stage::from_upstream:
        break;
    }
    return roll < 97 ? fate::passes : fate::lost;
}

void world::resume(std::size_t waiting, fate what) {
    auto call = turns_.take(waiting);
    turn(call.op, [&] { std::move(call.resume)(what); });
}

void world::resume_any() {
    auto const which = chance_.index(turns_.waiting().size());
    auto const& call = turns_.waiting()[which];
    if (at(call.op).slow && !chance_.chance(100)) return;
    resume(which, draw_fate(call.where));
}

/// Ends overdue calls on the way, the earliest first: nothing waits longer than its caller does.
void world::advance_to(instant target) {
    for (;;) {
        auto const& calls = turns_.waiting();
        auto const first = std::ranges::min_element(calls, {}, &gates::call::overdue);
        if (first == calls.end() || first->overdue > target) break;
        clock_.set(std::max(now(), first->overdue));
        backend_->time_went_on();
        bool const may_arrive =
            first->where == stage::to_store || first->where == stage::to_upstream;
        auto const what = may_arrive && chance_.chance(500) ? fate::unheard : fate::lost;
        resume(static_cast<std::size_t>(first - calls.begin()), what);
    }
    clock_.set(target);
    backend_->time_went_on();
}

// --- the history --------------------------------------------------------------------------------

outcome world::run() {
    while (begun_ < what_.operations && divergence_.empty()) {
        auto const waiting = turns_.waiting().size();
        if (waiting >= under_way_max || (waiting > 0 && chance_.chance(600))) {
            resume_any();
            continue;
        }
        ++begun_;
        begin_something();
        if (begun_ % look_at_sums == 0 && divergence_.empty()) compare_sums();
    }
    if (divergence_.empty()) finish();
    return {std::move(divergence_), std::move(history_)};
}

void world::finish() {
    while (!turns_.waiting().empty() && divergence_.empty())
        resume(turns_.waiting().size() - 1, fate::passes);
    auto const left = std::ranges::find(operations_, false, &operation::ended);
    if (left != operations_.end() && divergence_.empty())
        fail("an operation was never answered, #" + std::to_string(left - operations_.begin()));
    if (divergence_.empty()) compare_sums();
    if (divergence_.empty() && is_model_right_) compare_money_with_the_upstream();
    if (divergence_.empty()) count_messages();
}

void world::fail(std::string why) {
    if (divergence_.empty()) divergence_ = std::move(why);
}

void world::disagree(std::string why) {
    if (is_model_right_) fail(std::move(why));
}

void world::hold(std::string const& complaint, operation_id op) {
    if (!complaint.empty()) fail("#" + std::to_string(op) + ": " + complaint);
}

void world::note(happening what, operation_id op, std::int64_t a, std::int64_t b, std::int64_t c) {
    history_.add(entry{now(), op, what, a, b, c});
}

// --- money --------------------------------------------------------------------------------------

/// Of the current periods.
std::vector<world::sum> world::sums() {
    auto const at = clock_.wall();
    std::vector<store::budget_key> keys;
    std::vector<sum> found;
    for (int client = 0; client < static_cast<int>(rules_.clients.size()); ++client)
        for (int purpose = 0; purpose < static_cast<int>(rules_.purposes.size()); ++purpose)
            for (int const route : rules_.routes) {
                otp::ledger::purchase const purchase{
                    rules_.clients[static_cast<std::size_t>(client)].name,
                    rules_.purposes[static_cast<std::size_t>(purpose)],
                    "",
                    route,
                    money(),
                    at};
                for (auto const& reservation :
                     instances_[0].service->spending.reservations(purchase))
                    keys.push_back(reservation.budget);
                for (auto const& reservation :
                     model_.reservations_of({client, 0, purpose}, route, now()))
                    found.push_back({reservation.of, {}, 0});
            }
    auto taken = wait_for(context_, backend_->of(0).spent(keys));
    for (int n = 0; n < 10 && !taken; ++n) // an answer may be lost
        taken = wait_for(context_, backend_->of(0).spent(keys));
    if (!taken) {
        fail("the store failed by itself");
        return {};
    }
    for (std::size_t n = 0; n < found.size(); ++n) {
        found[n].name = keys[n].name + " " + keys[n].period;
        found[n].taken = taken->at(n);
    }
    return found;
}

/// Compares the store with the model.
void world::compare_sums() {
    if (!is_model_right_) return;
    for (auto const& sum : sums())
        if (auto const must = model_.taken(sum.of, store_now()); sum.taken != must)
            return fail("of " + sum.name + " are taken " + std::to_string(sum.taken) +
                        ", must be " + std::to_string(must));
}

/// The spending of a send is its real cost, once that is known; a message that was not sent costs
/// nothing.
void world::compare_money_with_the_upstream() {
    for (auto const op : sends_) {
        if (!model_.price_known_of(op)) continue;
        auto const charged = upstream_.of(op).charged;
        auto const reserved = model_.reserved(op).front().amount;
        if (reserved != charged)
            return fail("#" + std::to_string(op) + " cost " + std::to_string(charged) +
                        " and is reserved as " + std::to_string(reserved));
    }
    for (auto const op : sends_) {
        auto const& second = model_.hedge_of(op);
        if (!second || !second->price_known) continue;
        auto const charged = upstream_.of(second->by).charged;
        auto const reserved = second->reserved.front().amount;
        if (reserved != charged)
            return fail("the second message of #" + std::to_string(op) + " cost " +
                        std::to_string(charged) + " and is reserved as " +
                        std::to_string(reserved));
    }
}

/// Whatever anybody knew of them.
void world::count_messages() {
    for (auto const& [op, hedges] : hedges_) {
        int sent = upstream_.of(op).sent;
        for (auto const hedge : hedges)
            sent += upstream_.of(hedge).sent;
        if (sent > 2)
            return fail("#" + std::to_string(op) + ": " + std::to_string(sent) +
                        " messages for one request");
    }
}

outcome simulate(assignment const& what, stores& on) {
    world one(what, on);
    return one.run();
}

} // namespace otpd::simulation
