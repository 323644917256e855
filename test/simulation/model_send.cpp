// The model of a send: admitted, sent over one route or the next, settled.

#include "model.hpp"

#include <algorithm>
#include <limits>

namespace otpd::simulation {

namespace {

using std::chrono::hours;

constexpr instant settle_time{5'000'000};
/// How long a sum is kept beyond its period; also for the ledger's hourly sums.
constexpr instant budget_margin{hours(1)};
constexpr instant ledger_retention{hours(33 * 24)};
constexpr instant challenge_lifetime = std::chrono::minutes(10);
/// How long the store keeps that a challenge was used.
constexpr instant used_challenge_retention = 2 * challenge_lifetime;
constexpr int accepted_delivery = static_cast<int>(store::delivery::accepted);
constexpr int unknown_delivery = static_cast<int>(store::delivery::unknown);
constexpr int delivered = static_cast<int>(store::delivery::delivered);
constexpr int failed = static_cast<int>(store::delivery::failed);
constexpr int escalations_a_day = 2;
constexpr instant time_to_deliver{60'000'000};
constexpr int beginnings_max = 3;

instant length_of(otp::budget_period period) {
    return period == otp::budget_period::hour ? instant(hours(1)) : instant(hours(24));
}

instant left_of_period(otp::budget_period period, instant at) {
    return length_of(period) - at % length_of(period);
}

} // namespace

void model::began(operation_id op, send_order order, instant now) {
    auto& s = sends_[op];
    s.order = std::move(order);
    s.began = now;
}

int model::route_of(operation_id op) const {
    auto const& s = sends_.at(op);
    // Further than the last one only if a server has lost writes, which the model has not.
    return s.order.routes.at(std::min(s.next_route, s.order.routes.size()) - 1);
}

// --- admission ----------------------------------------------------------------------------------

/// Checks the idempotency key first, then everything that may refuse the send, then whether another
/// send of the scope is in flight. Nothing is counted unless everything passes.
void model::admit(operation_id op, instant issued, instant now) {
    auto& s = sends_.at(op);
    ++s.next_route;
    s.at = phase::over;
    s.violations.clear();
    s.reserved = reservations_of(s.order.to, route_of(op), issued);
    if (auto const said = said_before(s.order, now)) {
        s.said = *said;
        return;
    }
    auto& to = at(s.order.to);
    to.refresh(now);
    s.who = who_asks(s.order.to, s.order.end_user, s.order.device, now);
    mend_limits(limits_of(otp::limit_step::send, s.order.to, s.order.end_user, s.who.is_known),
                now);
    s.violations = violations_of(s, now);
    if (!s.violations.empty()) {
        s.own_code =
            to.out_of_guesses(s.who.is_known, now) > instant(0) ? instant(0) : own_code_of(s, now);
        bool const another = std::ranges::all_of(s.violations, [this](violation const& violation) {
            return violation.budget >= 0 &&
                   policy_.budgets[static_cast<std::size_t>(violation.budget)].key ==
                       otp::budget_key::route;
        });
        // If only this route's own budget is used up, the plan's next route is tried.
        if (another && s.next_route < s.order.routes.size()) s.at = phase::asking;
    } else if (is_in_flight(s, now)) {
        s.said = simply(word::send_in_progress, soon);
    } else if (auto const step = tried_before(s, now); step != s.begins_after) {
        begin_after(s, step);
    } else {
        to.change(now);
        take_everything(s, op, now);
    }
}

void model::admit_elsewhere(operation_id op, instant now) {
    auto& s = sends_.at(op);
    auto const step = tried_before(s, now);
    if (s.violations.empty() || step == s.begins_after) return;
    s.violations.clear();
    begin_after(s, step);
}

std::optional<answer> model::said_before(send_order const& order, instant now) {
    if (order.idempotency_key < 0) return std::nullopt;
    auto const found = keys_.find({order.to.client, order.idempotency_key});
    if (found == keys_.end() || found->second.forgotten <= now) return std::nullopt;
    auto& kept = found->second;
    if (kept.content != order.content) return simply(word::idempotency_key_reused);
    if (kept.settled) {
        // A send with an unknown outcome is replayed as unknown.
        auto said = simply(kept.has_reply ? word::replayed : word::delivery_unknown);
        if (kept.has_reply) said.about = kept.by;
        return said;
    }
    instant const latest = now + policy_.send_timeout + settle_time;
    if (kept.in_flight_until > latest + clock_tolerance) kept.in_flight_until = latest;
    if (now < kept.in_flight_until) return simply(word::send_in_progress, soon);
    return simply(word::delivery_unknown);
}

std::vector<model::violation> model::violations_of(send const& s, instant now) {
    std::vector<violation> list;
    auto const& to = at(s.order.to);
    instant pause_left{};
    for (auto const& [whose, pause] : to.pauses)
        if (whose.second == s.who.is_known)
            pause_left = std::max(pause_left, whose.first == s.order.to.purpose
                                                  ? pause.wait(now)
                                                  : pause.wait_elsewhere(policy_.cooldown, now));
    if (policy_.cooldown.base.count() > 0 && pause_left > instant(0))
        list.push_back({store::cooldown_counter, pause_left});
    for (auto const& [limit, whose] :
         limits_of(otp::limit_step::send, s.order.to, s.order.end_user, s.who.is_known))
        if (auto const wait = meter_at(limit, whose).wait(rule_of(limit), now); wait > instant(0))
            list.push_back({policy_.limits[limit].name, wait, -1, is_named(limit)});
    for (auto const& entry : over_budget(s.reserved, {}, now))
        list.push_back(entry);
    for (auto const& over_guard : over_guards(s, now))
        list.push_back(over_guard);
    if (auto const wait = to.out_of_guesses(s.who.is_known, now); wait > instant(0))
        list.push_back({store::guesses_counter, wait});
    return list;
}

std::vector<model::violation> model::over_guards(send const& s, instant now) {
    std::vector<violation> list;
    bool const repeats = repeated_by(s, now) != nullptr;
    if (at(s.order.to).trusted.passes(s.who.is_known, repeats, now) || is_solved(s, now))
        return list;
    for (auto const& entry : guarded(s.order.to, s.order.end_user)) {
        auto const found = places_.find({entry.name, entry.whose});
        if (found == places_.end()) continue;
        if (auto const wait = found->second.wait(entry.out_max, now); wait > instant(0))
            list.push_back({entry.name, wait, -1, true, true});
    }
    return list;
}

/// Its token was made for this client, number and address, is not too old and was not used.
bool model::is_solved(send const& s, instant now) const {
    auto const found = challenges_.find(s.order.challenge);
    if (found == challenges_.end()) return false;
    auto const& [made_for, solved] = *found;
    auto const& refused = sends_.at(made_for).order;
    return refused.to.client == s.order.to.client && refused.to.number == s.order.to.number &&
           refused.end_user == s.order.end_user && s.began < solved.end && now >= solved.used_until;
}

void model::challenged(operation_id op, instant now) {
    challenges_[op].end = std::chrono::ceil<std::chrono::seconds>(now + challenge_lifetime);
}

bool model::is_in_flight(send const& s, instant now) const {
    return std::ranges::any_of(at(s.order.to).verifications, [&](verification const& verification) {
        return verification.of == s.order.to && verification.who.is_known == s.who.is_known &&
               now < verification.in_flight_until && now < verification.forgotten;
    });
}

/// After which step a planned send begins: that of the scope's last message, if that has failed, or
/// was neither delivered nor typed in time. Two sends of a number may do so in a day.
int model::tried_before(send const& s, instant now) const {
    if (!s.order.is_planned()) return 0;
    auto const& to = at(s.order.to);
    if (std::ranges::count_if(to.escalations, [now](instant escalation) {
            return now < escalation + a_day;
        }) >= escalations_a_day)
        return 0;
    auto const last =
        std::find_if(to.verifications.rbegin(), to.verifications.rend(), [&](auto const& entry) {
            return entry.of == s.order.to && entry.who.is_known == s.who.is_known &&
                   now < entry.forgotten;
        });
    if (last == to.verifications.rend() || last->step == 0) return 0;
    auto const is_lost = [now](int message, instant since) {
        return message == failed || now >= since + time_to_deliver;
    };
    if (last->delivered() == delivered || last->typed || !is_lost(last->delivery, last->admitted))
        return 0;
    bool const are_both = last->hedge_step != 0 && is_lost(*last->hedge, last->hedged);
    auto const step = are_both ? last->hedge_step : last->step;
    return step == static_cast<int>(s.order.routes.size()) ? 0 : step;
}

/// The steps that were tried before come last.
void model::begin_after(send& s, int step) const {
    auto& routes = s.order.routes;
    routes.clear();
    for (auto const& step : policy_.plans.front().steps)
        routes.push_back(step.route_id);
    std::ranges::rotate(routes, routes.begin() + step);
    s.begins_after = step;
    s.next_route = 0;
    s.at = phase::asking;
    if (++s.beginnings <= beginnings_max) return;
    s.at = phase::over;
    s.said = simply(word::send_in_progress, soon);
}

/// The current one, in the order of the plan.
int model::step_of(send const& s) {
    if (!s.order.is_planned()) return 0;
    auto const steps = static_cast<int>(s.order.routes.size());
    return (s.begins_after + static_cast<int>(s.next_route) - 1) % steps + 1;
}

/// Of the newest code that the requester has asked for himself and has attempts left at.
instant model::own_code_of(send const& s, instant now) {
    instant left{};
    for (auto const& live_code : live_codes(s.order.to, s.who.is_known, now)) {
        bool const is_own = std::ranges::any_of(
            live_verifications(s.order.to, s.who.is_known, now),
            [&](verification const* of) { return of->code == live_code && of->who == s.who; });
        if (is_own && live_code->used[s.who.by] < policy_.attempts_max)
            left = live_code->expires - now;
    }
    return left;
}

void model::take_everything(send& s, operation_id op, instant now) {
    auto& to = at(s.order.to);
    s.at = phase::sending;
    s.admitted = true;
    for (auto const& [limit, whose] :
         limits_of(otp::limit_step::send, s.order.to, s.order.end_user, s.who.is_known)) {
        auto& used = meter_of(limit, whose);
        used.take(rule_of(limit), now);
        s.rate_limit_checks.push_back({limit, whose, used.busy(now)});
    }
    for (auto const& entry : s.reserved)
        money_.take(entry, now);
    for (auto const& entry : guarded(s.order.to, s.order.end_user))
        place_at(entry).count_sent(now);
    if (is_solved(s, now)) {
        auto& solved = challenges_.at(s.order.challenge);
        solved.used_until = now + used_challenge_retention;
        solved.used = op;
    }
    if (repeated_by(s, now) == nullptr) to.trusted.count_code(s.who.is_known);
    instant const lease = policy_.send_timeout + settle_time;
    if (s.order.idempotency_key >= 0) {
        kept_key kept;
        kept.content = s.order.content;
        kept.in_flight_until = now + lease;
        kept.forgotten = now + policy_.idempotency_retention;
        keys_[{s.order.to.client, s.order.idempotency_key}] = kept;
    }
    if (policy_.cooldown.base.count() > 0)
        s.pause = to.pauses[{s.order.to.purpose, s.who.is_known}].begin(policy_.cooldown, now);
    verification fresh;
    fresh.op = op;
    fresh.of = s.order.to;
    fresh.admitted = to_millisecond(now);
    fresh.forgotten = fresh.admitted + policy_.retention;
    fresh.in_flight_until = fresh.admitted + lease;
    fresh.who = s.who;
    fresh.step = step_of(s);
    if (s.begins_after > 0) to.escalations.push_back(fresh.admitted);
    fresh.device = s.order.device;
    fresh.code = s.code = code_for(s, now);
    s.code_end = std::chrono::ceil<store::duration>(fresh.code->expires - now);
    auto const open = live_verifications(s.order.to, s.who.is_known, now);
    if (open.size() >= store::open_max) give_way(*open.front());
    to.verifications.push_back(std::move(fresh));
    for (auto& verification : to.verifications)
        if (verification.code == s.code && verification.state == progress::live)
            verification.forgotten = std::max(verification.forgotten, s.code->expires);
}

void model::give_way(verification& older) {
    older.state = progress::canceled;
    older.in_flight_until = instant(0);
}

/// A send repeats the newest code of scope and class for a while, unless the requester has no
/// attempts left at it and there is room for another one.
std::shared_ptr<model::code> model::repeated_by(send const& s, instant now) {
    auto const live = live_codes(s.order.to, s.who.is_known, now);
    if (live.empty()) return nullptr;
    auto& newest = *live.back();
    bool const is_used_up = newest.used[s.who.by] >= policy_.attempts_max;
    bool const may_begin_another = is_used_up && live.size() < store::codes_max;
    bool const is_young = to_millisecond(now) <= newest.begun + policy_.repeat.repeated_for;
    return is_young && !may_begin_another ? live.back() : nullptr;
}

/// A third code replaces the oldest.
std::shared_ptr<model::code> model::code_for(send const& s, instant now) {
    auto const at = to_millisecond(now);
    if (auto newest = repeated_by(s, now)) {
        newest->expires =
            std::max(newest->expires,
                     std::min<instant>(at + policy_.ttl, newest->begun + policy_.repeat.longest));
        return newest;
    }
    auto const live = live_codes(s.order.to, s.who.is_known, now);
    if (live.size() == store::codes_max)
        for (auto* live_verification : live_verifications(s.order.to, s.who.is_known, now))
            if (live_verification->code == live.front()) give_way(*live_verification);
    auto fresh = std::make_shared<code>();
    fresh->begun = at;
    fresh->expires = at + policy_.ttl;
    return fresh;
}

bool model::learn_code(operation_id op, std::string const& code) {
    auto const& its = sends_.at(op).code;
    if (!its) return true; // sent without an admission; the audit reports that
    if (its->text.empty()) its->text = code;
    return its->text == code;
}

// --- money --------------------------------------------------------------------------------------

/// For the current route, at the expected price.
std::vector<reservation> model::reservations_of(scope const& to, int route, instant at) const {
    auto const price = rules_.expected_price(route);
    std::vector<reservation> list;
    account ledger;
    ledger.period = at / instant(hours(1));
    list.push_back({ledger, price, std::numeric_limits<std::int64_t>::max(), ledger_retention});
    for (std::size_t n = 0; n < policy_.budgets.size(); ++n) {
        auto const& budget = policy_.budgets[n];
        account of;
        of.budget = static_cast<int>(n);
        if (budget.key == otp::budget_key::client) of.whose = to.client;
        if (budget.key == otp::budget_key::purpose) of.whose = to.purpose;
        if (budget.key == otp::budget_key::route) of.whose = route;
        of.period = at / length_of(budget.period);
        auto const left = std::chrono::ceil<store::duration>(left_of_period(budget.period, at));
        list.push_back({of, price, budget.cap.micros(), left + budget_margin});
    }
    return list;
}

std::vector<model::violation> model::over_budget(std::vector<reservation> const& what,
                                                 std::vector<reservation> const& given_back,
                                                 instant now) const {
    std::vector<violation> list;
    for (auto const& entry : what) {
        if (entry.of.budget < 0) continue;
        auto taken = money_.taken(entry.of, now);
        for (auto const& back : given_back)
            if (back.of == entry.of) taken = std::max<std::int64_t>(0, taken - back.amount);
        if (taken + entry.amount > entry.cap)
            list.push_back({policy_.budgets[static_cast<std::size_t>(entry.of.budget)].name,
                            instant(0), entry.of.budget});
    }
    return list;
}

// --- the upstream -------------------------------------------------------------------------------

/// Only a send that was certainly not made is tried on the next route.
void model::upstream(operation_id op, upstream_answer what, instant now) {
    using enum upstream_answer::kind;
    auto& s = sends_.at(op);
    s.outcome = what;
    switch (what.what) {
    case accepted:
        conclude_sent(s, now);
        break;
    case unknown:
        s.said = simply(word::delivery_unknown);
        break;
    case rejected:
        s.said = simply(word::upstream_rejected, back_off());
        break;
    case not_sent:
        s.said = simply(word::upstream_unavailable,
                        std::max(back_off(), std::max(soon, what.retry_after)));
        break;
    }
    bool const sent = what.what == accepted || what.what == unknown;
    bool const another = !sent && s.next_route < s.order.routes.size();
    s.at = another ? phase::asking : phase::settling;
}

void model::conclude_sent(send& s, instant now) const {
    auto const spent = now - s.began;
    auto const left = [spent](instant of) {
        return std::max<std::int64_t>(0, whole_seconds_up(of - spent));
    };
    s.said = simply(word::sent);
    s.said.expires_in = left(s.code_end);
    s.said.cooldown = left(std::chrono::seconds(whole_seconds_up(s.pause)));
    for (auto const& rate_limit_check : s.rate_limit_checks) {
        if (!is_named(rate_limit_check.limit)) continue;
        auto const& limit = policy_.limits[rate_limit_check.limit];
        auto const free = instant(limit.window) - rate_limit_check.busy;
        auto const remaining = free.count() / rule_of(rate_limit_check.limit).one().count();
        s.said.limits.push_back(
            left_of{std::min(limit.quota, static_cast<std::uint64_t>(remaining)),
                    wait_in_seconds(rate_limit_check.busy), limit.name});
    }
    std::ranges::sort(s.said.limits);
}

/// The same step refunds the expected cost of the previous route.
void model::replace_reservation(operation_id op, instant issued, instant now) {
    auto& s = sends_.at(op);
    auto* const its_number = refreshed(op, now);
    ++s.next_route;
    if (find_verification(op, now) == nullptr) { // forgotten: it comes too late
        s.at = phase::settling;
        return;
    }
    auto const next = reservations_of(s.order.to, route_of(op), issued);
    if (!over_budget(next, s.reserved, now).empty()) {
        if (s.next_route == s.order.routes.size()) s.at = phase::settling;
        return;
    }
    for (auto const& entry : s.reserved)
        money_.change(entry.of, -entry.amount, now);
    for (auto const& entry : next)
        money_.take(entry, now);
    s.reserved = next;
    s.at = phase::sending;
    its_number->change(now);
}

// --- settlement ---------------------------------------------------------------------------------

void model::settle(operation_id op, instant now) {
    using enum upstream_answer::kind;
    auto& s = sends_.at(op);
    s.at = phase::over;
    auto* const its_number = refreshed(op, now);
    settle_key(s, op, now);
    auto* const found = find_verification(op, now);
    if (found == nullptr) return;
    if (s.outcome.what == rejected || s.outcome.what == not_sent) {
        // A verification that has ended stays unchanged, and so does its spending.
        if (!found->is_live(now)) return;
        settle_refused(s, *found, now);
        its_number->change(now);
        return;
    }
    s.price_known = s.outcome.cost.has_value();
    if (s.outcome.cost)
        for (auto& entry : s.reserved) {
            money_.change(entry.of, *s.outcome.cost - entry.amount, now);
            entry.amount = *s.outcome.cost;
        }
    found->delivery = s.outcome.what == accepted ? accepted_delivery : unknown_delivery;
    found->settled = true;
    found->step = step_of(s);
    found->in_flight_until = instant(0);
    its_number->change(now);
}

void model::settle_key(send const& s, operation_id op, instant now) {
    if (s.order.idempotency_key < 0) return;
    auto const found = keys_.find({s.order.to.client, s.order.idempotency_key});
    if (found == keys_.end() || found->second.forgotten <= now || found->second.settled) return;
    auto const what = s.outcome.what;
    if (what == upstream_answer::kind::accepted || what == upstream_answer::kind::unknown) {
        found->second.settled = true;
        found->second.by = op;
        found->second.has_reply = what == upstream_answer::kind::accepted;
    } else {
        keys_.erase(found);
    }
}

/// As if the send had never been made, except for a short back-off.
void model::settle_refused(send& s, verification const& of, instant now) {
    auto& to = at(s.order.to);
    auto const end_of_pause = of.admitted + s.pause;
    auto const escalated = std::ranges::find(to.escalations, of.admitted);
    if (escalated != to.escalations.end()) to.escalations.erase(escalated);
    bool const has_code_alone =
        std::ranges::count_if(to.verifications, [&](verification const& verification) {
            return verification.code == of.code && verification.is_live(now);
        }) == 1;
    if (has_code_alone) to.trusted.take_back(s.who.is_known, of.admitted);
    for (auto const& entry : guarded(s.order.to, s.order.end_user))
        place_at(entry).take_back(of.admitted, now);
    if (auto const found = challenges_.find(s.order.challenge);
        found != challenges_.end() && found->second.used == of.op)
        found->second.used_until = instant(0);
    std::erase_if(to.verifications, // and with it `of`
                  [op = of.op](verification const& verification) { return verification.op == op; });
    s.price_known = true;
    if (s.pause > instant(0))
        to.pauses[{s.order.to.purpose, s.who.is_known}].take_back(
            end_of_pause, std::chrono::seconds(back_off()), now);
    for (auto& entry : s.reserved) {
        money_.change(entry.of, -entry.amount, now);
        entry.amount = 0;
    }
    for (auto const& rate_limit_check : s.rate_limit_checks) {
        auto& used = meter_of(rate_limit_check.limit, rate_limit_check.whose);
        used.mend(rule_of(rate_limit_check.limit), now);
        used.refund(rule_of(rate_limit_check.limit), now);
    }
}

std::int64_t model::back_off() const {
    return std::min(policy_.rejected_backoff,
                    std::chrono::floor<std::chrono::seconds>(policy_.cooldown.base))
        .count();
}

// --- its answer ---------------------------------------------------------------------------------

answer model::answer_of(operation_id op, instant now) const {
    auto const& s = sends_.at(op);
    if (!s.violations.empty() && !s.admitted) return refusal_of(s, now);
    return s.said;
}

/// A budget is free again at the end of its period; every other reason has its own time.
answer model::refusal_of(send const& s, instant now) const {
    answer said = simply(word::cooldown_active);
    instant longest{};
    for (auto const& violation : s.violations) {
        auto wait = violation.wait;
        if (violation.budget >= 0)
            wait = left_of_period(
                policy_.budgets[static_cast<std::size_t>(violation.budget)].period, now);
        if (!violation.is_named) wait = hours(1);
        longest = std::max(longest, wait);
        if (violation.is_named)
            said.because.push_back({std::string(violation.name), wait_in_seconds(wait)});
        if (violation.name != store::cooldown_counter) said.what = word::limit_exceeded;
    }
    if (rules_.clients[static_cast<std::size_t>(s.order.to.client)].challenge &&
        std::ranges::all_of(s.violations, &violation::is_of_guard)) {
        said.what = word::challenge_required;
        return said;
    }
    said.retry_after = wait_in_seconds(longest);
    if (s.own_code > instant(0)) said.expires_in = wait_in_seconds(s.own_code);
    return said;
}

} // namespace otpd::simulation
