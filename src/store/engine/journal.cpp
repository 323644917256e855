#include "otpd/store/journal.hpp"

#include "engine/journal.hpp"
#include "engine/steps.hpp"

#include <algorithm>
#include <variant>

namespace otpd::store::engine {

namespace {

using state::journal_lease;

/// A lease that ends later than any may was written by a clock that was ahead.
bool is_abandoned(journal_lease const& lease, store_time now) noexcept {
    return lease.end <= now || lease.end > now + journal_lease_max + state::clock_tolerance;
}

/// Makes room for one more. Returns false if all are held.
bool drop_oldest(std::vector<journal_lease>& leases, store_time now) {
    if (leases.size() < journals_max) return true;
    auto const oldest = std::ranges::min_element(leases, {}, &journal_lease::end);
    if (!is_abandoned(*oldest, now)) return false;
    leases.erase(oldest);
    return true;
}

} // namespace

void write_entry(states& states, journal_write const& request, store_time now) {
    auto const key = state::entry_state_key(request.at);
    auto const& kept = states.record(key);
    if (request.text.empty()) {
        if (kept.is_kept && kept.fingerprint == request.id) states.change_record(key) = {};
        return;
    }
    if (request.text.size() > journal_text_max) return;
    if (!kept.is_kept && states.room_left() == room::none) return;
    auto& record = states.change_record(key);
    record.is_kept = true;
    record.is_settled = true;
    record.fingerprint = request.id;
    record.lease_end = now;
    record.retained_until = now + request.retention;
    record.text = request.text;
}

std::monostate write_journal(states& states, std::vector<journal_write> const& writes,
                             store_time now) {
    for (auto const& write : writes)
        write_entry(states, write, now);
    return {};
}

std::vector<journal_entry> read_journal(states& states, journal_page const& page, store_time now) {
    std::vector<journal_entry> found;
    for (auto slot = page.first; slot - page.first < page.count; ++slot) {
        auto const& kept = states.record(state::entry_state_key({page.journal, slot}));
        if (!kept.is_kept) continue;
        found.push_back({slot, kept.fingerprint, kept.text,
                         std::chrono::ceil<duration>(kept.retained_until - now)});
    }
    return found;
}

journals_held claim_journals(states& states, journal_claim const& request, store_time now) {
    auto const& seen = states.journals().leases;
    auto const* const mine = state::find_in(seen, &journal_lease::id, request.holder);
    bool const is_held = mine != nullptr && mine->holder == request.holder;
    if (!is_held && (!request.begins || mine != nullptr)) return {};
    auto& leases = states.change_journals().leases;
    std::erase_if(leases, [&](journal_lease const& lease) {
        return lease.holder == request.holder && (request.ends || lease.id != request.holder) &&
               std::ranges::find(request.emptied, lease.id) != request.emptied.end();
    });
    auto const is_passed = [&](journal_lease const& journal_lease) {
        return journal_lease.id != request.holder &&
               std::ranges::find(request.passed, journal_lease.id) != request.passed.end();
    };
    for (auto& lease : leases) {
        if (lease.holder != request.holder) continue;
        bool const is_kept = !request.ends && !is_passed(lease);
        lease.end = is_kept ? now + request.lease : now;
        if (is_passed(lease)) lease.holder = {};
    }
    if (request.ends) return {};
    if (!is_held) {
        if (!drop_oldest(leases, now)) return {};
        leases.push_back({request.holder, request.holder, now + request.lease, 0});
    }
    for (auto& lease : leases)
        if (lease.id == request.holder)
            lease.slots = std::min(std::max(lease.slots, request.slots), journal_slots_max);
    auto const abandoned = std::ranges::find_if(leases, [&](journal_lease const& lease) {
        return lease.holder != request.holder && !is_passed(lease) &&
               (request.is_alone || is_abandoned(lease, now));
    });
    if (abandoned != leases.end()) {
        abandoned->holder = request.holder;
        abandoned->end = now + request.lease;
    }
    journals_held held;
    for (auto const& lease : leases)
        if (lease.holder == request.holder) held.push_back({lease.id, lease.slots});
    return held;
}

} // namespace otpd::store::engine
