#include "audit.hpp"

#include <algorithm>
#include <utility>

namespace otpd::simulation {

namespace {

std::string about(std::string_view promise, operation_id op) {
    return std::string(promise) + ", #" + std::to_string(op);
}

constexpr instant hour = std::chrono::hours(1);

int certainty_of(std::string const& delivery) {
    if (delivery == "queued") return 0;
    if (delivery == "unknown") return 1;
    return delivery == "accepted" ? 2 : 3;
}

} // namespace

// --- sends --------------------------------------------------------------------------------------

requester audit::who_asks(scope const& of, int end_user, int device, instant now) {
    auto& known = devices_[{of.client, of.number}];
    known.mend(now);
    if (known.has(device, now)) return requester::of_device(device);
    return {end_user, false};
}

audit::complaint audit::admitted(operation_id op, send_order const& order,
                                 store::code_seed const& code, instant now) {
    auto const who = who_asks(order.to, order.end_user, order.device, now);
    if (who.is_known) of_known_.insert(code.nonce);
    auto const key = session_of(order.to, who.is_known);
    auto broken = too_soon(key, now);
    auto& sent = messages_[op];
    sent.order = order;
    sent.who = who;
    sent.admitted = to_millisecond(now); // with the stored precision
    last_admitted_[key] = op;
    newest_[key] = op;
    last_send_[key] = std::max(last_send_[key], sent.admitted);
    auto& used = compared_[key];
    sent.compared_before = used.compared;
    sent.successes_before = used.successes;
    ++used.codes;
    return broken.empty() ? pumped(op, now) : broken;
}

std::vector<audit::guarded_place> audit::guarded(scope const& of, int end_user) const {
    auto const& rules = policy_.pumping;
    std::vector<guarded_place> list;
    if (!rules.enabled) return list;
    if (end_user >= 0) list.push_back({{0, end_user}, rules.address_out_max});
    list.push_back({{1, std::max(1, of.number)}, rules.prefix_out_max});
    if (policy_.destinations.checked)
        list.push_back({{2, std::max(2, of.number)}, rules.country_out_max});
    return list;
}

/// Whatever passes the guard, others stop at the codes that may be out of the place: in an hour of
/// the clock, with four for each code that was typed in it and in the one before. Each challenge
/// lets one pass.
audit::complaint audit::pumped(operation_id op, instant now) {
    auto const& order = messages_.at(op).order;
    bool const is_near_the_hour =
        std::min(now % hour, hour - now % hour) <= tolerance_ && tolerance_ > instant(0);
    bool const passes =
        verified_numbers_.contains({order.to.client, order.to.number}) ||
        (order.challenge != none && challenges_used_.insert(solved_by(order)).second);
    if (passes || is_near_the_hour) return {};
    for (auto const& [which, out_max] : guarded(order.to, order.end_user)) {
        auto& present = hours_[{which[0], which[1], now / hour}];
        auto const typed = present.typed + hours_[{which[0], which[1], now / hour - 1}].typed;
        present.sent.insert(op);
        if (std::ssize(present.sent) > out_max + 4 * typed)
            return "more codes are out than the guard against pumped SMS admits";
    }
    return {};
}

/// Near the end of an hour it is in doubt which one a store counts it in.
void audit::typed(check_order const& order, instant now) {
    verified_numbers_.insert({order.of.client, order.of.number});
    for (auto const& [which, out_max] : guarded(order.of, order.end_user)) {
        ++hours_[{which[0], which[1], (now - tolerance_) / hour}].typed;
        if ((now + tolerance_) / hour != (now - tolerance_) / hour)
            ++hours_[{which[0], which[1], (now + tolerance_) / hour}].typed;
    }
}

void audit::released(release_order const& order) {
    if (order.of_locks) {
        wrong_.erase({order.client, order.number, 0});
        wrong_.erase({order.client, order.number, 1});
        failures_.erase({order.client, order.number});
        return;
    }
    // named_ stays: a guess that was made before may be answered later.
    devices_.erase({order.client, order.number});
}

/// Two messages of a session are at least the cooldown apart, unless the first one was refused or
/// lost, or its code was typed.
audit::complaint audit::too_soon(session const& in, instant now) const {
    auto const before = last_admitted_.find(in);
    if (before == last_admitted_.end()) return {};
    auto const& first = messages_.at(before->second);
    if (!first.perhaps_sent || first.is_lost() ||
        now - first.admitted + tolerance_ >= policy_.cooldown.base)
        return {};
    return about("admitted within the cooldown of a message that may have been sent",
                 before->second);
}

audit::complaint audit::transmitting(operation_id op, send_order const& order,
                                     std::string const& code) {
    auto const found = messages_.find(op);
    if (found == messages_.end()) return about("transmitted without an admission", op);
    auto& sent = found->second;
    if (sent.perhaps_sent) return about("transmitted again after it may have been sent", op);
    if (sent.transmissions_open++ > 0) return about("transmitted twice at a time", op);
    if (!sent.code.empty() && sent.code != code) return about("one send with two codes", op);
    if (sent.code.empty()) begin_or_repeat(sent, code);
    sent.code = code;
    if (order.idempotency_key < 0) return {};
    auto& same = keys_[{order.to.client, order.idempotency_key}];
    for (auto const other : same) {
        auto const& first = messages_.at(other);
        if (other != op && first.perhaps_sent &&
            sent.admitted - first.admitted < instant(policy_.idempotency_retention))
            return about("transmitted twice for one idempotency key", other);
    }
    if (std::ranges::find(same, op) == same.end()) same.push_back(op);
    return {};
}

void audit::begin_or_repeat(message const& sent, std::string const& code) {
    auto const key = session_of(sent.order.to, sent.who.is_known);
    auto& used = compared_[key];
    auto const& [at, is_new] = codes_.emplace(session_code{key, code}, sent.admitted);
    if (sent.successes_before != used.successes) return; // its code has ended already
    if (!is_new) {
        if (used.codes > 0) --used.codes;
        return;
    }
    for (auto const& [by, before] : sent.compared_before)
        used.compared[by] -= std::min(used.compared[by], before);
    if (used.is_seen && used.codes > 1) --used.codes;
    used.codes = std::max(1U, used.codes);
    used.is_seen = true;
}

void audit::answered(operation_id op, upstream_answer::kind what) {
    auto& sent = messages_.at(op);
    --sent.transmissions_open;
    using enum upstream_answer::kind;
    sent.perhaps_sent = what == accepted || what == unknown;
    sent.is_accepted = what == accepted;
    if (sent.perhaps_sent) return;
    challenges_used_.erase(solved_by(sent.order));
    for (auto& [of, hour] : hours_)
        hour.sent.erase(op);
}

void audit::reported(operation_id of, bool is_hedge, store::delivery what) {
    auto& sent = messages_.at(of);
    bool const has_failed = what == store::delivery::failed;
    if (is_hedge) {
        if (sent.second) sent.second->has_failed = has_failed; // nothing: the booking was lost
        return;
    }
    sent.is_accepted = sent.is_accepted || what == store::delivery::accepted;
    sent.has_failed = has_failed;
    sent.has_arrived = what == store::delivery::delivered;
}

/// Once, for a message that was accepted and has no report, and not if the user has another one or
/// needs none. Whether a store knew of a cancellation is certain once its caller had the answer.
audit::complaint audit::hedged(operation_id of, operation_id by) {
    auto const found = messages_.find(of);
    if (found == messages_.end()) return about("a second message without a first", of);
    auto& sent = found->second;
    if (sent.second) return about("two second messages are booked", of);
    sent.second.emplace().by = by;
    auto const key = session_of(sent.order.to, sent.who.is_known);
    auto const newest = newest_.at(key);
    if (!sent.is_accepted) return about("a second message where the first was not accepted", of);
    if (sent.has_arrived || sent.has_failed) return about("a second message after a report", of);
    if (sent.successes_before != compared_[key].successes)
        return about("a second message of a code that was typed", of);
    if (canceled_.contains(of)) return about("a second message after it was canceled", of);
    if (newest != of && messages_.at(newest).perhaps_sent)
        return about("a second message after a newer one", newest);
    return {};
}

audit::complaint audit::transmitting_hedge(operation_id of, operation_id by,
                                           std::string const& code) {
    auto const found = messages_.find(of);
    bool const is_booked =
        found != messages_.end() && found->second.second && found->second.second->by == by;
    if (!is_booked) return about("a second message that is not booked", of);
    if (std::exchange(found->second.second->is_transmitted, true))
        return about("three messages for one request", of);
    if (code != found->second.code) return about("a second message with another code", of);
    return {};
}

/// A pause that began in the future is void; a count of guesses remains and does not end later.
void audit::clock_turned(instant before, instant now) {
    last_admitted_.clear();
    for (auto& [key, same] : keys_) // a key that was free again stays free
        std::erase_if(same, [&](operation_id op) {
            return before - messages_.at(op).admitted >= instant(policy_.idempotency_retention);
        });
    std::map<place_and_hour, hour_of_place> hours; // codes that were typed later are typed now
    for (auto const& [of, entry] : hours_)
        hours[{of[0], of[1], std::min<std::int64_t>(of[2], now / hour)}].typed += entry.typed;
    hours_ = std::move(hours);
    for (auto& [whose, failure] : failures_)
        failure.last = std::min(failure.last, now);
    for (auto& [whose, list] : wrong_) {
        forget(list, before);
        for (auto& entry : list)
            entry.at = std::min(entry.at, now);
    }
}

void audit::forget(std::vector<wrong_guess>& list, instant now) const {
    std::erase_if(list, [&](wrong_guess const& wrong_guess) {
        return now - wrong_guess.at + tolerance_ >= instant(policy_.guesses.window);
    });
}

// --- guesses ------------------------------------------------------------------------------------

audit::complaint audit::compared(check_order const& order, seeds const& with) const {
    if (may_be_known(order.of, order.device)) return {};
    for (auto const& entry : with)
        if (is_of_known(entry)) return "a stranger's guess was compared with a known device's code";
    return {};
}

/// A known device guesses at strangers' codes as a stranger. Each id of a stranger's send has one
/// guess beyond the attempts of its requester at a code.
audit::complaint audit::evaluated(check_order const& order, seeds const& with, bool right,
                                  instant now) {
    auto who = who_asks(order.of, order.end_user, order.device, now);
    if (!with.empty() && !is_of_known(with.back())) who = {order.end_user, false};
    auto const its = order.with_id ? messages_.find(order.id) : messages_.end();
    bool const is_own =
        its != messages_.end() && !who.is_known && !std::exchange(its->second.is_guessed, true);
    auto const key = session_of(order.of, who.is_known);
    auto& of_code = compared_[key];
    if (!is_own && ++of_code.compared[who.by] > policy_.attempts_max * of_code.codes)
        return "more guesses at a code than its attempts";
    if (right) {
        std::erase_if(wrong_[{order.of.client, order.of.number, who.is_known ? 1 : 0}],
                      [&](wrong_guess const& wrong_guess) { return wrong_guess.by == who.by; });
        failures_.erase({order.of.client, order.of.number});
        typed(order, now);
        last_admitted_.erase(key);
        auto const successes = of_code.successes + 1;
        of_code = {};
        of_code.successes = successes;
        auto& known = devices_[{order.of.client, order.of.number}];
        bool const is_its_device =
            its != messages_.end() && order.device >= 0 && its->second.order.device == order.device;
        if (is_its_device) named_.insert({order.of.client, order.of.number, order.device});
        if (is_its_device || known.has(order.device, now)) known.keep(order.device, now);
        return {};
    }
    auto const codes = compares_all_ ? with.size() : std::min(with.size(), store::codes_max);
    return wrong(order, who, codes, now);
}

/// A guess that is compared with two codes is worth two.
audit::complaint audit::wrong(check_order const& order, requester const& who, std::size_t codes,
                              instant now) {
    auto const& rule = policy_.guesses;
    auto& list = wrong_[{order.of.client, order.of.number, who.is_known ? 1 : 0}];
    forget(list, now);
    list.push_back({who.by, now, codes});
    std::size_t const most = who.is_known ? rule.of_devices : rule.quota + rule.of_ids;
    if (list.size() > most) return "more guesses at a number than it has";
    std::size_t compared = 0;
    for (auto const& entry : list)
        compared += entry.codes;
    if (compared > most * store::codes_max)
        return "more codes of a number were compared with guesses than it may have";
    if (who.is_known || rule.consecutive_max == 0) return {};
    auto& failures = failures_[{order.of.client, order.of.number}];
    if (failures.last + store::failure_memory <= now + tolerance_) failures.count = 0;
    failures.last = now;
    if (++failures.count > rule.consecutive_max)
        return "more failures in a row than a number may have";
    return {};
}

/// The code may come from any message of the session, and is right once. One that was sent for a
/// known device is not right for strangers.
audit::complaint audit::heard_right(check_order const& order, instant began) {
    session_code code{session_of(order.of, false), order.code};
    if (!codes_.contains(code)) code.first = session_of(order.of, true);
    auto const first = codes_.find(code);
    if (first == codes_.end()) return "verified by a code that was never sent";
    if (code.first == session_of(order.of, true) && !may_be_known(order.of, order.device))
        return "a stranger's guess was right at a known device's code";
    if (!right_.insert(code).second) return "a code was right twice";
    auto const latest = std::min<instant>(last_send_[code.first] + policy_.ttl,
                                          first->second + policy_.repeat.longest);
    if (began >= std::max<instant>(latest, first->second + policy_.ttl) + tolerance_)
        return "verified after it had expired";
    return {};
}

/// A known device may guess as a stranger.
bool audit::is_requester_of(check_order const& order, message const& sent) const {
    if (sent.who.is_known) return sent.who == requester::of_device(order.device);
    return sent.order.end_user == order.end_user;
}

audit::complaint audit::heard(check_order const& order, answer const& said, instant began) {
    if (said.what != word::verified) return {};
    if (auto broken = heard_right(order, began); !broken.empty()) return broken;
    auto const op = said.about;
    if (op == none) return order.with_id ? "verified by an id, and nobody's" : complaint();
    auto const found = messages_.find(op);
    if (found == messages_.end()) return "verified what was never admitted";
    auto const& sent = found->second;
    if (!verified_.insert(op).second) return about("verified twice", op);
    if (sent.order.to != order.of) return about("verified for another scope", op);
    if (order.with_id ? op != order.id : !is_requester_of(order, sent))
        return about("somebody else's is verified", op);
    auto const canceled = canceled_.find(op);
    if (canceled != canceled_.end() && canceled->second <= began)
        return about("verified after its caller had canceled it", op);
    return {};
}

audit::complaint audit::seen(operation_id of, std::string const& delivery) {
    auto& before = certainty_[of];
    auto const now = certainty_of(delivery);
    if (now < before) return about("less is known of the message than before", of);
    before = now;
    return {};
}

} // namespace otpd::simulation
