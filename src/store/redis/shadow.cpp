#include "shadow.hpp"

#include <algorithm>
#include <cstring>

namespace otpd::store::redis {

namespace {

/// 0 when it has passed; rounded up, so that nothing ends early.
duration left(steady_time until, steady_time now) {
    return std::max(duration(0), std::chrono::ceil<duration>(until - now));
}

} // namespace

/// The key is a keyed hash already.
std::size_t shadow::hash::operator()(number_key const& key) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, key.data(), sizeof value);
    return value;
}

shadow::entry& shadow::touch(number_key const& number) {
    if (auto const found = numbers_.find(number); found != numbers_.end()) {
        order_.splice(order_.begin(), order_, found->second);
        return order_.front();
    }
    if (numbers_.size() >= numbers_max_) {
        numbers_.erase(order_.back().number);
        order_.pop_back();
    }
    order_.emplace_front().number = number;
    numbers_.emplace(number, order_.begin());
    return order_.front();
}

void shadow::remember(entry& of, std::string const& slot, seen_codes codes, steady_time until,
                      steady_time now) {
    std::erase_if(of.slots,
                  [&](slot_entry const& each) { return each.slot == slot || each.until <= now; });
    of.slots.push_back(slot_entry{slot, codes, until});
}

void shadow::admitted(record_key const& key, seen_codes codes, steady_time now, duration life) {
    remember(touch(key.number), key.slot, codes, now + life, now);
}

void shadow::wrong(record_key const& key, seen_codes codes, seen_guesses guesses,
                   std::uint64_t epoch, steady_time now, duration life) {
    auto& of = touch(key.number);
    remember(of, key.slot, codes, now + life, now);
    of.open = guesses.open;
    of.held = guesses.held;
    of.guesses_until = now + guesses.known_for;
    of.open_from = now + guesses.open_wait;
    of.held_from = now + guesses.held_wait;
    of.guesses_epoch = epoch;
}

void shadow::verified(record_key const& key, server_time newest, steady_time now, duration life) {
    auto& of = touch(key.number);
    seen_codes none;
    none.alive_from = newest + 1;
    remember(of, key.slot, none, now + life, now);
    of.open = of.held = 0;
}

void shadow::ended(number_key const& number, verification_id const& id, steady_time now,
                   duration life) {
    auto& of = touch(number);
    std::erase_if(of.dead, [now](dead_entry const& each) { return each.until <= now; });
    if (of.dead.size() >= dead_max) of.dead.erase(of.dead.begin());
    of.dead.push_back(dead_entry{id, now + life});
}

void shadow::told(number_key const& number, std::uint64_t epoch) {
    if (auto const found = numbers_.find(number); found != numbers_.end())
        found->second->guesses_epoch = epoch;
}

shadow::entry const* shadow::find(number_key const& number) const {
    auto const found = numbers_.find(number);
    return found == numbers_.end() ? nullptr : &*found->second;
}

seen_codes shadow::codes(record_key const& key, steady_time now) const {
    auto const* of = find(key.number);
    if (of == nullptr) return {};
    auto const found = std::ranges::find(of->slots, key.slot, &slot_entry::slot);
    if (found == of->slots.end() || found->until <= now) return {};
    return found->codes;
}

std::vector<verification_id> shadow::dead(number_key const& number, steady_time now) const {
    std::vector<verification_id> ids;
    if (auto const* of = find(number))
        for (auto const& each : of->dead)
            if (each.until > now) ids.push_back(each.id);
    return ids;
}

seen_guesses shadow::guesses(number_key const& number, std::uint64_t epoch, steady_time now) const {
    auto const* of = find(number);
    if (of == nullptr || of->open + of->held == 0 || of->guesses_epoch == epoch ||
        of->guesses_until <= now)
        return {};
    seen_guesses known;
    known.open = of->open;
    known.held = of->held;
    known.known_for = left(of->guesses_until, now);
    known.open_wait = left(of->open_from, now);
    known.held_wait = left(of->held_from, now);
    return known;
}

} // namespace otpd::store::redis
