#include "audit.hpp"

#include <algorithm>

namespace otpd::simulation {

namespace {

std::array<int, 3> key_of(slot const& of) {
    return {of.client, of.number, of.purpose};
}

std::string about(std::string_view promise, operation_id op) {
    return std::string(promise) + ", #" + std::to_string(op);
}

int certainty_of(std::string const& delivery) {
    if (delivery == "queued") return 0;
    if (delivery == "unknown") return 1;
    return delivery == "accepted" ? 2 : 3;
}

} // namespace

// --- sends --------------------------------------------------------------------------------------

audit::complaint audit::admitted(operation_id op, send_order const& order, instant now) {
    auto broken = too_soon(order, now);
    auto& sent = messages_[op];
    sent.order = order;
    sent.admitted = to_millisecond(now); // with the stored precision
    last_admitted_[key_of(order.to)] = op;
    if (!rules_.keeps_several_codes(order.to.purpose)) compared_.erase(key_of(order.to));
    return broken;
}

/// Two messages of a scope are at least the cooldown apart, unless the first one was refused or
/// lost, or its code was typed.
audit::complaint audit::too_soon(send_order const& order, instant now) const {
    auto const before = last_admitted_.find(key_of(order.to));
    if (before == last_admitted_.end()) return {};
    auto const& first = messages_.at(before->second);
    if (!first.perhaps_sent || first.is_lost ||
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

void audit::answered(operation_id op, upstream_answer::kind what) {
    auto& sent = messages_.at(op);
    --sent.transmissions_open;
    using enum upstream_answer::kind;
    sent.perhaps_sent = what == accepted || what == unknown;
}

/// A pause that began in the future is void; a count of guesses remains and does not end later.
void audit::clock_turned(instant before, instant now) {
    last_admitted_.clear();
    for (auto& [whose, each] : rows_) {
        if (before - each.last + tolerance_ >= instant(policy_.guesses.window)) each.compared = 0;
        each.last = std::min(each.last, now);
    }
}

// --- guesses ------------------------------------------------------------------------------------

audit::complaint audit::evaluated(check_order const& order, bool right, instant now) {
    auto& of_code = compared_[key_of(order.of)];
    auto& used = order.with_id ? of_code.with_id : of_code.without;
    bool const one_code = !rules_.keeps_several_codes(order.of.purpose);
    if (++used > policy_.attempts_max && one_code)
        return "more guesses at a code than its attempts";
    auto& at_number = rows_[{order.of.client, order.of.number}];
    if (at_number.compared > 0 &&
        now - at_number.last + tolerance_ >= instant(policy_.guesses.window))
        at_number.compared = 0;
    at_number.last = now;
    if (++at_number.compared > policy_.guesses.quota) return "more guesses at a number than it has";
    if (!right) return {};
    at_number.compared = 0;
    last_admitted_.erase(key_of(order.of));
    return {};
}

audit::complaint audit::heard(check_order const& order, answer const& said, instant began) {
    if (said.what != word::verified) return {};
    auto const op = said.about;
    auto const found = messages_.find(op);
    if (found == messages_.end()) return "verified what was never admitted";
    auto const& sent = found->second;
    if (!verified_.insert(op).second) return about("verified twice", op);
    if (sent.order.to != order.of) return about("verified for another slot", op);
    if (sent.code != order.code) return about("verified by another code", op);
    if (began >= sent.admitted + policy_.ttl + tolerance_)
        return about("verified after it had expired", op);
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
