#include "subject_state.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <functional>

namespace otpd::store {

namespace {

bool same_mac(code_mac const& a, code_mac const& b) {
    return a.key_id == b.key_id &&
           CRYPTO_memcmp(a.value.data(), b.value.data(), a.value.size()) == 0;
}

template <class Part>
void drop_if_expired(std::optional<Part>& part, store_time expires, store_time now) {
    if (expires <= now) part.reset();
}

/// Whole milliseconds that have passed.
duration since(store_time then, store_time now) noexcept {
    return std::max(duration(0), std::chrono::floor<duration>(now - then));
}

template <class Container>
auto* find_by_id(Container& verifications, verification_id const& id) noexcept {
    auto const found = std::ranges::find(verifications, id, &verification_record::id);
    return found == verifications.end() ? nullptr : &*found;
}

} // namespace

// --- one verification -------------------------------------------------------------------------------

void verification_record::end(progress how) noexcept {
    state = how;
    OPENSSL_cleanse(code.value.data(), code.value.size());
    code.key_id = 0;
    if (how != progress::expired) lease_end = {};
}

bool verification_record::settled() const noexcept {
    return events.has(event_kind::accepted) || events.has(event_kind::unknown);
}

void verification_record::list(std::vector<note> const& notes, store_time now) {
    for (auto const& each : notes) {
        if (each.what != event_kind::admitted)
            list(each.what, std::max(admitted, now - each.ago), each.details);
        else
            events.retell_admission(each.details);
    }
}

void verification_record::list_all(std::vector<note> const& notes, store_time now) {
    for (auto const& each : notes)
        events.add(each.what, std::max(admitted, now - each.ago) - admitted, each.details);
}

verification verification_record::shown(store_time now) const {
    verification as;
    as.id = id;
    as.slot = slot;
    as.state = state;
    as.message = message;
    as.age = since(admitted, now);
    if (live()) as.expires_in = until(expires, now);
    as.attempts = attempts;
    as.open_attempts = open_attempts;
    if (sent) as.sent = sent.get();
    for (auto& each : events.all())
        as.events.push_back(
            event{each.what, since(admitted + each.after, now), std::move(each.details)});
    // Notes of a settlement come later than what they tell of.
    std::ranges::stable_sort(as.events, std::greater<>(), &event::ago);
    return as;
}

// --- all of a subject -------------------------------------------------------------------------------

std::size_t subject_state::items() const noexcept {
    return verifications.size() + counters.size() + (cooldown ? 1U : 0U) + (guesses ? 1U : 0U) +
           (watched ? 1U : 0U) + (once ? 1U : 0U) + budgets.all().size();
}

std::size_t subject_state::codes() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(verifications, &verification_record::live));
}

store_time subject_state::next_expiry() const noexcept {
    auto next = store_time::max();
    for (auto const& each : verifications)
        next =
            std::min(next, each.live() ? std::min(each.expires, each.forgotten) : each.forgotten);
    for (auto const& each : counters)
        next = std::min(next, each.busy_until);
    if (cooldown) next = std::min(next, cooldown->streak_until);
    if (guesses) next = std::min(next, guesses->expires);
    if (watched) next = std::min(next, watched->expires);
    if (once) next = std::min(next, once->expires);
    return std::min(next, budgets.next_expiry());
}

void subject_state::drop_expired(store_time now) {
    std::erase_if(verifications, [now](auto const& each) { return each.forgotten <= now; });
    for (auto& each : verifications)
        if (each.live() && each.expires <= now) each.end(progress::expired);
    std::erase_if(counters, [now](auto const& each) { return each.busy_until <= now; });
    if (cooldown) drop_if_expired(cooldown, cooldown->streak_until, now);
    if (guesses) drop_if_expired(guesses, guesses->expires, now);
    if (watched) drop_if_expired(watched, watched->expires, now);
    if (once) drop_if_expired(once, once->expires, now);
    budgets.drop_expired(now);
}

void subject_state::clear() noexcept {
    verifications.clear();
    counters.clear();
    cooldown.reset();
    guesses.reset();
    watched.reset();
    once.reset();
    budgets = budget_sums();
}

// --- counters ---------------------------------------------------------------------------------------

bool subject_state::counts(std::string_view name) const noexcept {
    return std::ranges::find(counters, name, &counter::name) != counters.end();
}

std::optional<duration> subject_state::wait(charge const& c, store_time now) const noexcept {
    auto const used = std::ranges::find(counters, c.counter, &counter::name);
    auto const busy_until = used != counters.end() ? std::max(used->busy_until, now) : now;
    store_time const at = busy_until - (c.window - cost(c));
    if (at <= now) return std::nullopt;
    return until(at, now);
}

store_time subject_state::take(charge const& c, store_time now) {
    auto used = std::ranges::find(counters, c.counter, &counter::name);
    if (used == counters.end()) used = counters.insert(used, counter{c.counter, now});
    used->busy_until = std::max(used->busy_until, now) + cost(c);
    return used->busy_until;
}

void subject_state::give_back(charge const& c, store_time now) {
    auto const used = std::ranges::find(counters, c.counter, &counter::name);
    if (used == counters.end()) return;
    used->busy_until -= cost(c);
    if (used->busy_until <= now) counters.erase(used);
}

// --- the cooldown -----------------------------------------------------------------------------------

duration subject_state::cool_down(cooldown_rule const& rule, store_time now) {
    if (!cooldown) cooldown.emplace();
    auto const pause = pause_after(rule, ++cooldown->sends);
    cooldown->pause_until = now + pause;
    cooldown->streak_until = std::max(cooldown->pause_until, now + rule.memory);
    return pause;
}

void subject_state::warm_up(store_time begun_until, duration back_off, store_time now) {
    if (!cooldown) return;
    if (cooldown->sends > 0) --cooldown->sends;
    if (cooldown->pause_until != begun_until) return;
    cooldown->pause_until = now + back_off;
    cooldown->streak_until = cooldown->sends > 0
                                 ? std::max(cooldown->streak_until, cooldown->pause_until)
                                 : cooldown->pause_until;
    drop_if_expired(cooldown, cooldown->streak_until, now);
}

void subject_state::forget_streak(store_time now) {
    if (!cooldown) return;
    cooldown->sends = 0;
    cooldown->streak_until = cooldown->pause_until;
    drop_if_expired(cooldown, cooldown->streak_until, now);
}

// --- verifications ----------------------------------------------------------------------------------

verification_record* subject_state::find(verification_id const& id) noexcept {
    return find_by_id(verifications, id);
}

verification_record const* subject_state::find(verification_id const& id) const noexcept {
    return find_by_id(verifications, id);
}

std::vector<verification_record*> subject_state::live(std::string_view slot) {
    std::vector<verification_record*> found;
    for (auto& each : verifications)
        if (each.live() && each.slot == slot) found.push_back(&each);
    return found;
}

std::optional<duration> subject_state::in_flight(std::string_view slot,
                                                 store_time now) const noexcept {
    for (auto const& each : verifications)
        if (each.slot == slot && each.lease_end > now) return until(each.lease_end, now);
    return std::nullopt;
}

void subject_state::add(admission& request, store_time now) {
    // Ids are random: none comes twice. Under one that did, nothing else may be found.
    std::erase_if(verifications, [&](auto const& each) { return each.id == request.id; });
    verification_record fresh;
    auto const before = live(request.key.slot);
    std::size_t const kept = request.add ? std::min(before.size(), codes_max - 1) : 0;
    for (std::size_t n = 0; n < before.size(); ++n) {
        auto& each = *before[n];
        if (request.add) {
            fresh.attempts = std::max(fresh.attempts, each.attempts);
            fresh.open_attempts = std::max(fresh.open_attempts, each.open_attempts);
        }
        if (n + kept < before.size()) each.end(progress::replaced, event_kind::replaced, now);
    }
    fresh.id = request.id;
    fresh.slot = std::move(request.key.slot);
    fresh.sequence = verifications.empty() ? 0 : verifications.back().sequence + 1;
    fresh.admitted = now;
    fresh.expires = now + request.ttl;
    fresh.forgotten = now + request.keep;
    fresh.lease_end = now + request.lease;
    fresh.code = request.code;
    fresh.events.add(event_kind::admitted, {}, request.details);
    verifications.push_back(std::move(fresh));
}

settle_outcome subject_state::settle(settlement& request, store_time now) {
    auto* const found = find(request.id);
    if (found == nullptr) return settle_outcome::superseded;
    if (request.result == send_result::refused) {
        if (!found->live()) return settle_outcome::superseded;
        auto const begun_until = found->admitted + request.cooldown;
        verifications.erase(verifications.begin() + (found - verifications.data()));
        if (request.cooldown > duration(0)) warm_up(begun_until, request.back_off, now);
        return settle_outcome::settled;
    }
    bool const accepted = request.result == send_result::accepted;
    auto const message = accepted ? delivery::accepted : delivery::unknown;
    // An update may have come before.
    bool const known_better = certainty(found->message) > certainty(message);
    if (request.accepted && accepted && !(known_better && found->sent))
        found->sent = kept_receipt(*request.accepted);
    if (!known_better) found->message = message;
    found->list(request.notes, now);
    found->events.add(accepted ? event_kind::accepted : event_kind::unknown, now - found->admitted,
                      request.details);
    if (found->state == progress::pending) found->state = progress::active;
    found->lease_end = {};
    return settle_outcome::settled;
}

update_outcome subject_state::update(delivery_update& request, store_time now) {
    auto* const found = find(request.at.id);
    if (found == nullptr) return update_outcome::absent;
    auto const before = certainty(found->message);
    auto const with_it = certainty(request.message);
    bool const event_alone = with_it == before && with_it < certainty(delivery::delivered) &&
                             found->lists_more() &&
                             request.details != found->events.last_details(event_kind::delivery);
    if (with_it <= before && !event_alone) return update_outcome::known;
    if (with_it > before) {
        found->message = request.message;
        if (request.sent) found->sent = kept_receipt(*request.sent);
    }
    found->list(event_kind::delivery, now, request.details);
    return update_outcome::updated;
}

cancel_outcome subject_state::cancel(cancellation const& request, store_time now) {
    auto* const found = find(request.at.id);
    if (found == nullptr || !found->slot.starts_with(request.slot_prefix))
        return cancel_outcome::absent;
    if (!found->live()) return cancel_outcome::ended;
    found->end(progress::canceled, event_kind::canceled, now);
    return cancel_outcome::canceled;
}

// --- guesses ----------------------------------------------------------------------------------------

std::optional<duration> subject_state::out_of_guesses(guess_budget const& budget,
                                                      store_time now) const noexcept {
    if (!guesses || guesses->open + guesses->held < budget.quota) return std::nullopt;
    return until(guesses->expires, now);
}

std::optional<duration> subject_state::lock(check const& request, store_time now) const noexcept {
    if (!guesses) return std::nullopt;
    auto const& budget = request.guesses;
    auto const usable = request.id ? budget.quota : budget.quota - budget.reserve;
    if (guesses->open + guesses->held >= usable) return until(guesses->expires, now);
    auto const from = request.id ? guesses->held_from : guesses->open_from;
    if (now < from) return until(from, now);
    return std::nullopt;
}

wrong subject_state::count_wrong(check const& request,
                                 std::vector<verification_record*> const& live, store_time now) {
    auto const& budget = request.guesses;
    if (!guesses) guesses.emplace();
    auto& tally = *guesses;
    std::uint32_t attempts = 0;
    auto* listed = live.back();
    if (request.id) {
        listed = find(*request.id);
        for (auto* each : live)
            ++each->attempts;
        attempts = listed->attempts;
        ++tally.held;
        tally.held_from = now + wait_after(budget, tally.held);
    } else {
        for (auto* each : live)
            ++each->open_attempts;
        attempts = listed->open_attempts;
        ++tally.open;
    }
    auto const used = tally.open + tally.held;
    auto const open_from = now + wait_after(budget, used);
    tally.open_from = request.id ? std::max(tally.open_from, open_from) : open_from;
    tally.expires = now + budget.window;
    listed->list(event_kind::wrong, now);

    auto const usable = request.id ? budget.quota : budget.quota - budget.reserve;
    return wrong{std::min(request.attempts_max - std::min(attempts, request.attempts_max),
                          usable - std::min(used, usable)),
                 listed->id};
}

check_outcome subject_state::check_code(check const& request, store_time now) {
    auto const candidates = live(request.key.slot);
    if (candidates.empty()) return absent{};
    auto* const asked = request.id ? find(*request.id) : candidates.back();
    if (std::ranges::find(candidates, asked) == candidates.end()) return absent{};

    if ((request.id ? asked->attempts : asked->open_attempts) >= request.attempts_max)
        return exhausted{until(asked->expires, now)};
    if (auto const wait = lock(request, now)) return locked{*wait};

    // Every pair is compared, so that the time taken tells nothing of which one it was.
    verification_record* right = nullptr;
    for (auto* each : candidates)
        for (auto const& mac : request.candidates)
            if (same_mac(mac, each->code)) right = each;
    if (right == nullptr) return count_wrong(request, candidates, now);

    verified answer{right->id, {}, since(right->admitted, now)};
    if (right->sent) answer.sent = right->sent.get();
    for (auto* each : candidates)
        if (each == right)
            each->end(progress::verified, event_kind::verified, now);
        else
            each->end(progress::replaced, event_kind::replaced, now);
    guesses.reset();
    forget_streak(now);
    return answer;
}

} // namespace otpd::store
