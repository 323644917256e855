#include "shadow.hpp"

#include <algorithm>
#include <cstring>

namespace otpd::store::redis {

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

void shadow::remember(entry& of, std::string const& purpose, seen_code code, steady_time until,
                      steady_time now) {
    std::erase_if(of.codes, [&](code_entry const& each) {
        return each.purpose == purpose || each.until <= now;
    });
    of.codes.push_back(code_entry{purpose, std::move(code), until});
}

void shadow::admitted(record_key const& key, seen_code code, steady_time now, duration ttl) {
    remember(touch(key.number), key.purpose, std::move(code), now + ttl, now);
}

void shadow::wrong(record_key const& key, seen_code code, seen_guesses guesses, std::uint64_t epoch,
                   steady_time now, duration ttl) {
    auto& of = touch(key.number);
    remember(of, key.purpose, std::move(code), now + ttl, now);
    of.guesses = guesses.count;
    of.guesses_until = now + guesses.known_for;
    of.guesses_epoch = epoch;
}

void shadow::verified(record_key const& key, seen_code code, steady_time now, duration ttl) {
    auto& of = touch(key.number);
    ++code.made; // dead itself
    remember(of, key.purpose, std::move(code), now + ttl, now);
    of.guesses = 0;
}

shadow::entry const* shadow::find(number_key const& number) const {
    auto const found = numbers_.find(number);
    return found == numbers_.end() ? nullptr : &*found->second;
}

seen_code shadow::code(record_key const& key, steady_time now) const {
    auto const* of = find(key.number);
    if (of == nullptr) return {};
    auto const found = std::ranges::find(of->codes, key.purpose, &code_entry::purpose);
    if (found == of->codes.end() || found->until <= now) return {};
    return found->code;
}

seen_guesses shadow::guesses(number_key const& number, std::uint64_t epoch, steady_time now) const {
    auto const* of = find(number);
    if (of == nullptr || of->guesses == 0 || of->guesses_epoch == epoch || of->guesses_until <= now)
        return {};
    return {of->guesses, std::chrono::ceil<duration>(of->guesses_until - now)};
}

} // namespace otpd::store::redis
