// The model of everything except sends: guesses, and a verification as its client sees it.

#include "model.hpp"

#include <algorithm>

namespace otpd::simulation {

namespace {

constexpr std::string_view guard_of_addresses = "pumping_address";
constexpr std::string_view guard_of_prefixes = "pumping_prefix";
constexpr std::string_view guard_of_countries = "pumping_country";

/// The first two numbers share a prefix.
constexpr int prefix_of(scope const& of) {
    return std::max(1, of.number);
}
/// The first three numbers share a country.
constexpr int country_of(scope const& of) {
    return std::max(2, of.number);
}

} // namespace

model::model(rules const& of)
    : rules_(of), policy_(of.policy),
      numbers_(of.clients.size() * of.numbers.size(), number(of.policy.guesses)) {}

// --- who is counted -----------------------------------------------------------------------------

requester model::who_asks(scope const& of, int end_user, int device, instant now) const {
    if (at(of).devices.has(device, now)) return requester::of_device(device);
    return {end_user, false};
}

/// The limits of that step. A known device has its own quota of the number's sends, and no other
/// limit.
model::limit_list model::limits_of(otp::limit_step step, scope const& of, int end_user,
                                   bool is_known) const {
    limit_list list;
    auto const number = static_cast<int>(place_of(of));
    for (std::size_t n = 0; n < policy_.limits.size(); ++n) {
        auto const& limit = policy_.limits[n];
        if (limit.step != step) continue;
        bool const is_of_both =
            step == otp::limit_step::send && limit.key == otp::limit_key::number;
        if (is_known && !is_of_both) continue;
        switch (limit.key) {
        case otp::limit_key::number:
            list.emplace_back(n, is_known ? -1 - number : number);
            break;
        case otp::limit_key::number_of_all_clients:
            list.emplace_back(n, of.number);
            break;
        case otp::limit_key::prefix:
            list.emplace_back(n, prefix_of(of));
            break;
        case otp::limit_key::end_user_address:
            if (end_user >= 0) list.emplace_back(n, end_user);
            break;
        case otp::limit_key::client:
            list.emplace_back(n, of.client);
            break;
        default:
            list.emplace_back(n, 0);
        }
    }
    return list;
}

std::vector<model::guarded_place> model::guarded(scope const& of, int end_user) const {
    auto const& rules = policy_.pumping;
    std::vector<guarded_place> list;
    if (!rules.enabled) return list;
    if (end_user >= 0) list.push_back({guard_of_addresses, end_user, rules.address_out_max});
    list.push_back({guard_of_prefixes, prefix_of(of), rules.prefix_out_max});
    if (policy_.destinations.checked)
        list.push_back({guard_of_countries, country_of(of), rules.country_out_max});
    return list;
}

void model::change_place_of(std::size_t limit, int whose, instant now) {
    auto const key = policy_.limits[limit].key;
    auto const changed = [&](std::string_view guard) {
        if (auto const found = places_.find({guard, whose}); found != places_.end())
            found->second.change(now);
    };
    if (key == otp::limit_key::end_user_address) changed(guard_of_addresses);
    if (key == otp::limit_key::prefix) changed(guard_of_prefixes);
}

meter::rule model::rule_of(std::size_t limit) const {
    auto const& of = policy_.limits[limit];
    return {static_cast<std::int64_t>(of.quota), of.window};
}

meter const& model::meter_at(std::size_t limit, int whose) const {
    return const_cast<model*>(this)->meter_of(limit, whose); // NOLINT: an unused one is as none
}

meter& model::meter_of(std::size_t limit, int whose) {
    if (!is_of_number(limit)) return meters_[{limit, whose}];
    bool const is_known = whose < 0;
    auto const place = static_cast<std::size_t>(is_known ? -1 - whose : whose);
    return numbers_[place].meters[{limit, is_known}];
}

// --- a clock that was ahead ---------------------------------------------------------------------

void model::number::refresh(instant now) {
    bool mended = false;
    for (auto& [purpose, pause] : pauses)
        mended = pause.mend(now) || mended;
    mended = guesses.mend(now) || mended;
    mended = failures.mend(now) || mended;
    mended = devices.mend(now) || mended;
    mended = trusted.mend(now) || mended;
    for (auto& verification : verifications) {
        auto& code = *verification.code;
        if (verification.state != progress::live || code.begun <= now + clock_tolerance) continue;
        auto const by = code.begun - to_millisecond(now);
        code.begun -= by;
        code.expires -= by;
        mended = true;
    }
    for (auto& verification : verifications) {
        if (verification.admitted <= now + clock_tolerance) continue;
        auto const by = verification.admitted - to_millisecond(now);
        verification.admitted -= by;
        verification.forgotten -= by;
        if (verification.in_flight_until != instant(0)) verification.in_flight_until -= by;
        verification.hedged -= by;
        mended = true;
    }
    for (auto& verification : verifications)
        if (verification.hedge && verification.hedged > now + clock_tolerance) {
            verification.hedged = to_millisecond(now);
            mended = true;
        }
    for (auto& escalation : escalations)
        if (escalation > now + clock_tolerance) {
            escalation = to_millisecond(now);
            mended = true;
        }
    if (!mended) return;
    for (auto& verification : verifications)
        if (verification.state == progress::live)
            verification.forgotten = std::max(verification.forgotten, verification.code->expires);
    change(now);
}

void model::number::change(instant now) {
    std::erase_if(verifications, [now](verification const& verification) {
        return verification.forgotten <= now;
    });
    for (auto& verification : verifications)
        if (verification.state == progress::live && verification.code->expires <= now)
            verification.state = progress::expired;
    for (auto& [purpose, pause] : pauses)
        pause.forget_what_is_long_ago(now);
    guesses.forget_what_is_long_ago(now);
    failures.forget_what_is_long_ago(now);
    devices.forget_what_is_long_ago(now);
    std::erase_if(escalations, [now](instant escalation) { return escalation + a_day <= now; });
    trusted.forget_what_is_long_ago(now);
    std::erase_if(meters,
                  [now](auto const& meter) { return meter.second.busy(now) == instant(0); });
}

instant model::number::out_of_guesses(bool is_known, instant now) const {
    auto const locked = is_known ? instant(0) : failures.wait(now);
    return locked > instant(0) ? locked : guesses.used_up(is_known, now);
}

model::number* model::refreshed(operation_id op, instant now) {
    auto const of = sends_.find(op);
    if (of == sends_.end()) return nullptr;
    auto& found = at(of->second.order.to);
    found.refresh(now);
    return &found;
}

void model::mend_limits(limit_list const& limits, instant now) {
    for (auto const& [limit, whose] : limits) {
        if (!meter_of(limit, whose).mend(rule_of(limit), now)) continue;
        if (is_of_number(limit))
            numbers_[static_cast<std::size_t>(whose < 0 ? -1 - whose : whose)].change(now);
        change_place_of(limit, whose, now);
    }
}

// --- what is kept -------------------------------------------------------------------------------

model::verification* model::find_verification(operation_id op, instant now) {
    auto const of = sends_.find(op);
    if (of == sends_.end()) return nullptr;
    for (auto& verification : at(of->second.order.to).verifications)
        if (verification.op == op && now < verification.forgotten) return &verification;
    return nullptr;
}

model::verification const* model::find_verification(operation_id op, instant now) const {
    return const_cast<model*>(this)->find_verification(
        op,
        now); // NOLINT: the same, and nothing is changed
}

std::vector<model::verification*> model::live_verifications(scope const& of, bool is_known,
                                                            instant now) {
    std::vector<verification*> list;
    for (auto& verification : at(of).verifications)
        if (verification.of == of && verification.who.is_known == is_known &&
            verification.is_live(now))
            list.push_back(&verification);
    return list;
}

model::codes model::live_codes(scope const& of, bool is_known, instant now) {
    codes list;
    for (auto const* live_verification : live_verifications(of, is_known, now))
        if (std::ranges::count(list, live_verification->code) == 0)
            list.push_back(live_verification->code);
    return list;
}

std::vector<operation_id> model::live(scope const& of, instant now) const {
    std::vector<operation_id> list;
    for (auto const& verification : at(of).verifications)
        if (verification.of == of && verification.is_live(now) && !code_of(verification.op).empty())
            list.push_back(verification.op);
    return list;
}

std::optional<int> model::delivery_of(operation_id op, instant now) const {
    auto const* const found = find_verification(op, now);
    if (found == nullptr || !found->settled) return std::nullopt;
    return found->delivery;
}

// --- a guess ------------------------------------------------------------------------------------

/// A guess without an id must first pass the limits, which count each wrong guess. One that finds
/// no code counts for an address only, and the limits of guesses here have none.
answer model::check(check_order const& order, instant now) {
    at(order.of).refresh(now);
    guesser_ = who_asks(order.of, order.end_user, order.device, now);
    limit_list limits;
    if (!order.with_id)
        limits = limits_of(otp::limit_step::guess, order.of, order.end_user, guesser_.is_known);
    mend_limits(limits, now);
    if (auto refused = unpaid(limits, now); refused.what != word::nothing) return refused;
    auto const candidates = candidates_for(order, now);
    auto said = simply(word::no_active_otp);
    if (!candidates.empty()) said = guess(order, candidates, now);
    for (auto const& [limit, whose] : limits) {
        auto& used = meter_of(limit, whose);
        if (said.what == word::verified && !is_of_number(limit)) used.pass(now);
        if (said.what == word::invalid_code) used.take(rule_of(limit), now);
    }
    if (said.what == word::verified)
        for (auto const& entry : guarded(order.of, order.end_user))
            place_at(entry).count_typed(now);
    return said;
}

answer model::unpaid(limit_list const& limits, instant now) const {
    answer said;
    instant longest{};
    for (auto const& [limit, whose] : limits) {
        auto const wait = meter_at(limit, whose).wait(rule_of(limit), now);
        if (wait <= instant(0)) continue;
        longest = std::max(longest, wait);
        said.because.push_back({policy_.limits[limit].name, wait_in_seconds(wait)});
    }
    if (said.because.empty()) return said;
    said.what = word::limit_exceeded;
    said.retry_after = wait_in_seconds(longest);
    return said;
}

/// A known device guesses at the codes of known devices; as a stranger if it has the id of a
/// stranger's send, or if there are no others.
std::vector<model::verification*> model::candidates_for(check_order const& order, instant now) {
    auto found = live_verifications(order.of, guesser_.is_known, now);
    auto const is_asked = [&](verification const* verification) {
        return !order.with_id || verification->op == order.id;
    };
    if (std::ranges::any_of(found, is_asked)) return found;
    found.clear();
    if (!guesser_.is_known) return found;
    auto as_stranger = live_verifications(order.of, false, now);
    if (std::ranges::none_of(as_stranger, is_asked)) return found;
    guesser_ = {order.end_user, false};
    return as_stranger;
}

/// A number with too many failures of strangers in a row is locked for them. Otherwise the codes'
/// attempts are checked first, then the number's guesses; only then is a code compared.
/// The first guess with a stranger's id is compared whatever others did, while the number has such
/// guesses.
answer model::guess(check_order const& order, std::vector<verification*> const& candidates,
                    instant now) {
    auto* asked = candidates.back();
    if (order.with_id) asked = *std::ranges::find(candidates, order.id, &verification::op);
    auto& guesses = at(order.of).guesses;
    if (auto const wait = at(order.of).failures.wait(now); !guesser_.is_known && wait > instant(0))
        return simply(word::guesses_exceeded, wait_in_seconds(wait));
    auto const all = live_codes(order.of, guesser_.is_known, now);
    auto compared = all;
    std::erase_if(compared, [&](std::shared_ptr<code> const& shared_ptr) {
        return shared_ptr->used[guesser_.by] >= policy_.attempts_max;
    });
    answer refused;
    if (auto const wait = guesses.wait(guesser_.is_known, now); wait > instant(0))
        refused = simply(word::guesses_exceeded, wait_in_seconds(wait));
    if (compared.empty()) {
        auto const last = std::ranges::max(all, {}, &code::expires)->expires;
        refused = simply(word::attempts_exceeded, wait_in_seconds(last - now));
    }
    auto what = tally::kind_of(guesser_.is_known);
    if (refused.what != word::nothing) {
        bool const has_own = order.with_id && !guesser_.is_known && !asked->guessed;
        if (!has_own || !guesses.has_for_ids(now)) return refused;
        what = tally::kind::of_id;
        compared = all;
    }
    if (std::ranges::find(compared, order.code, &code::text) != compared.end())
        return right(order, candidates, now);
    asked->guessed = asked->guessed || order.with_id;
    return wrong(order, compared, what, now);
}

/// The code is used up, and everything else that is live of the class in the scope ends. The next
/// send may follow immediately. A guess with an id verifies that verification, whichever message
/// held the code; if its send named the same device, that is known from now on. A guess without one
/// verifies the newest of the requester, or none.
answer model::right(check_order const& order, std::vector<verification*> const& candidates,
                    instant now) {
    auto said = simply(word::verified);
    verification* owner = nullptr;
    for (auto* candidate : candidates)
        if (order.with_id ? candidate->op == order.id : candidate->who == guesser_)
            owner = candidate;
    if (owner != nullptr) said.about = owner->op;
    auto& of = at(order.of);
    bool const is_its_device = order.with_id && order.device >= 0 && owner->device == order.device;
    if (is_its_device || of.devices.has(order.device, now)) of.devices.keep(order.device, now);
    for (auto* candidate : candidates) {
        candidate->state = candidate == owner ? progress::verified : progress::canceled;
        candidate->in_flight_until = instant(0);
        candidate->typed = true;
    }
    of.trusted.succeed(now);
    of.guesses.take_back(guesser_.by, now);
    of.failures.forget_all();
    of.pauses.erase({order.of.purpose, guesser_.is_known});
    of.change(now);
    return said;
}

/// The guess counts for every code that it could have matched, and for the number.
answer model::wrong(check_order const& order, codes const& compared, tally::kind what,
                    instant now) {
    std::uint32_t left = 0;
    if (what != tally::kind::of_id)
        for (auto const& entry : compared)
            left = std::max(left, policy_.attempts_max - ++entry->used[guesser_.by]);
    auto& guesses = at(order.of).guesses;
    guesses.count(guesser_.by, what, now);
    left = std::min(left, guesses.left(guesser_.is_known, now));
    auto& failures = at(order.of).failures;
    if (!guesser_.is_known) {
        failures.count(now);
        left = std::min(left, failures.left(now));
    }
    auto said = simply(word::invalid_code);
    said.attempts_left = left;
    at(order.of).change(now);
    return said;
}

// --- as a resource ------------------------------------------------------------------------------

answer model::find(id_order const& order, instant now) {
    refreshed(order.id, now);
    return shown_to(order, now);
}

answer model::shown_to(id_order const& order, instant now) const {
    auto const* const found = find_verification(order.id, now);
    if (found == nullptr || found->of.client != order.client)
        return simply(word::verification_not_found);
    static constexpr std::array<char const*, 5> deliveries{"queued", "accepted", "unknown",
                                                           "delivered", "failed"};
    auto said = simply(word::shown);
    auto& view = said.view;
    view.delivery = deliveries.at(static_cast<std::size_t>(found->delivered()));
    if (found->state == progress::verified) view.state = "verified";
    if (found->state == progress::canceled) view.state = "canceled";
    if (found->state == progress::expired) view.state = "expired";
    if (found->state != progress::live) return said;
    view.state = "expired";
    if (!found->is_live(now)) return said;
    auto const& code = *found->code;
    auto const by = found->who.by;
    auto const used = code.used.contains(by) ? code.used.at(by) : 0;
    bool const used_up = found->settled && used >= policy_.attempts_max;
    view.state = used_up ? "exhausted" : found->settled ? "active" : "pending";
    view.expires_in = whole_seconds_up(code.expires - now);
    view.attempts_left = policy_.attempts_max - std::min(used, policy_.attempts_max);
    return said;
}

answer model::cancel(id_order const& order, instant now) {
    auto* const of = refreshed(order.id, now);
    auto* const found = find_verification(order.id, now);
    if (found == nullptr || found->of.client != order.client)
        return simply(word::verification_not_found);
    if (!found->is_live(now)) return simply(word::verification_ended);
    found->state = progress::canceled;
    found->in_flight_until = instant(0);
    of->change(now);
    return shown_to(order, now);
}

/// Attempts at a live code stay used.
answer model::release(release_order const& order, instant now) {
    auto& of = at(scope{order.client, order.number, 0});
    of.refresh(now);
    auto said = simply(word::released);
    if (order.of_locks)
        said.forgotten = {of.guesses.counted(now), of.failures.counted(now), 0};
    else
        said.forgotten = {0, 0, of.devices.count(now)};
    if (said == simply(word::released)) return said; // nothing is written
    if (order.of_locks) {
        of.guesses.forget_all();
        of.failures.forget_all();
    } else {
        of.devices.forget_all();
    }
    of.change(now);
    return said;
}

} // namespace otpd::simulation
