#include "memory_shard.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cassert>

namespace otpd::store {

namespace {

/// Rounded up: who waits as long as told is not refused again.
duration until(steady_time then, steady_time now) {
    return std::max(duration(1), std::chrono::ceil<duration>(then - now));
}

/// When a counter that is busy until `busy_until` admits the charge.
steady_time admits_at(charge const& c, steady_time busy_until) {
    return busy_until - (c.window - cost(c));
}

bool same_mac(code_mac const& a, code_mac const& b) {
    return a.key_id == b.key_id &&
           CRYPTO_memcmp(a.value.data(), b.value.data(), a.value.size()) == 0;
}

} // namespace

bool memory_budget::reserve(std::size_t count) noexcept {
    auto const before = items_.fetch_add(count, std::memory_order_relaxed);
    if (before + count <= items_max_) return true;
    release(count);
    return false;
}

steady_time memory_shard::number_state::next_expiry() const noexcept {
    steady_time next = guesses.count > 0 ? guesses.expires : steady_time::max();
    for (auto const& code : codes)
        next = std::min(next, code.expires);
    for (auto const& counter : counters)
        next = std::min(next, counter.busy_until);
    return next;
}

memory_shard::code_record*
memory_shard::number_state::find_code(std::string_view purpose) noexcept {
    auto const found = std::ranges::find(codes, purpose, &code_record::purpose);
    return found == codes.end() ? nullptr : &*found;
}

memory_shard::counter* memory_shard::number_state::find_counter(std::string_view name) noexcept {
    auto const found = std::ranges::find(counters, name, &counter::name);
    return found == counters.end() ? nullptr : &*found;
}

/// The state of a number without anything that has expired, so that whoever holds it need not ask
/// again; null when nothing is left or nothing was there.
memory_shard::number_state* memory_shard::find(number_key const& number, steady_time now) {
    auto const found = numbers_.find(number);
    if (found == numbers_.end()) return nullptr;
    drop_expired(found->second, now);
    if (!found->second.empty()) return &found->second;
    numbers_.erase(found);
    return nullptr;
}

std::size_t memory_shard::drop_expired(number_state& state, steady_time now) {
    std::size_t dropped = 0;
    auto const dead_codes = std::ranges::partition(
        state.codes, [now](code_record const& code) { return code.expires > now; });
    for (std::size_t i = 0; i < dead_codes.size(); ++i)
        budget_->code_removed();
    dropped += dead_codes.size();
    state.codes.erase(dead_codes.begin(), dead_codes.end());

    dropped += boost::container::erase_if(state.counters,
                                          [now](counter const& c) { return c.busy_until <= now; });

    if (state.guesses.count > 0 && state.guesses.expires <= now) {
        state.guesses = {};
        ++dropped;
    }
    budget_->release(dropped);
    return dropped;
}

void memory_shard::drop_code(number_state& state, code_record* code) {
    state.codes.erase(state.codes.begin() + (code - state.codes.data()));
    budget_->code_removed();
    budget_->release(1);
}

void memory_shard::schedule(number_key const& number, number_state& state) {
    auto const next = state.next_expiry();
    if (next >= state.scheduled) return; // found again at the scheduled time, and moved on then
    state.scheduled = next;
    order_.push(due{next, number});
}

void memory_shard::take(number_state& state, charge const& c, steady_time now) {
    auto* used = state.find_counter(c.counter);
    if (used == nullptr) used = &state.counters.emplace_back(counter{c.counter, now});
    used->busy_until = std::max(used->busy_until, now) + cost(c);
}

void memory_shard::give_back(number_state& state, charge const& c) {
    if (auto* used = state.find_counter(c.counter)) used->busy_until -= cost(c);
}

std::vector<violation> memory_shard::violations(number_state* state, admission const& request,
                                                steady_time now) {
    std::vector<violation> found;
    for (auto const& c : request.charges) {
        auto const* used = state != nullptr ? state->find_counter(c.counter) : nullptr;
        auto const busy_until = used != nullptr ? std::max(used->busy_until, now) : now;
        if (auto const at = admits_at(c, busy_until); at > now)
            found.push_back(violation{c.counter, until(at, now)});
    }
    if (state != nullptr && state->guesses.count >= request.guesses.quota)
        found.push_back(violation{guesses_counter, until(state->guesses.expires, now)});
    return found;
}

admit_outcome memory_shard::admit(admission& request, steady_time now) {
    auto* state = find(request.key.number, now);
    if (auto broken = violations(state, request, now); !broken.empty())
        return refused{std::move(broken)};

    auto* code = state != nullptr ? state->find_code(request.key.purpose) : nullptr;
    std::size_t room = code == nullptr ? 1 : 0;
    for (auto const& c : request.charges)
        if (state == nullptr || state->find_counter(c.counter) == nullptr) ++room;
    if (!budget_->reserve(room)) return full{};

    if (state == nullptr) state = &numbers_[request.key.number];
    if (code == nullptr) {
        code = &state->codes.emplace_back();
        budget_->code_added();
    }
    *code = code_record{
        std::move(request.key.purpose), request.id, request.code, now + request.ttl, 0, nullptr};
    for (auto const& c : request.charges)
        take(*state, c, now);
    schedule(request.key.number, *state);
    return admitted{};
}

settle_outcome memory_shard::settle(settlement& request, steady_time now) {
    auto* state = find(request.key.number, now);
    auto* code = state != nullptr ? state->find_code(request.key.purpose) : nullptr;
    if (code == nullptr || code->id != request.id) return settle_outcome::superseded;

    switch (request.result) {
    case send_result::accepted:
        if (request.accepted) code->sent = std::make_unique<receipt>(*std::move(request.accepted));
        break;
    case send_result::unknown:
        break;
    case send_result::refused:
        drop_code(*state, code);
        for (auto const& c : request.give_back)
            give_back(*state, c);
        drop_expired(*state, now); // what was given back in full
        if (request.back_off) {
            if (state->find_counter(request.back_off->counter) == nullptr) budget_->take();
            take(*state, *request.back_off, now);
        }
        schedule(request.key.number, *state);
        break;
    }
    return settle_outcome::settled;
}

check_outcome memory_shard::check_code(check const& request, steady_time now) {
    auto* state = find(request.key.number, now);
    auto* code = state != nullptr ? state->find_code(request.key.purpose) : nullptr;
    if (code == nullptr || (request.id && *request.id != code->id)) return absent{};
    if (code->attempts >= request.attempts_max) return exhausted{until(code->expires, now)};
    auto& guesses = state->guesses;
    if (guesses.count >= request.guesses.quota) return locked{until(guesses.expires, now)};

    bool const right = std::ranges::any_of(
        request.candidates, [code](code_mac const& mac) { return same_mac(mac, code->code); });
    if (right) {
        verified answer{code->id, {}};
        if (code->sent) answer.sent = std::move(*code->sent);
        drop_code(*state, code);
        if (guesses.count > 0) budget_->release(1);
        guesses = {};
        return answer;
    }
    if (guesses.count == 0) budget_->take();
    ++code->attempts;
    ++guesses.count;
    guesses.expires = now + request.guesses.window;
    schedule(request.key.number, *state);
    return wrong{
        std::min(request.attempts_max - code->attempts, request.guesses.quota - guesses.count)};
}

steady_time memory_shard::next_expiry() const noexcept {
    return order_.empty() ? steady_time::max() : order_.top().at;
}

std::size_t memory_shard::sweep(steady_time now, std::size_t numbers_max) {
    std::size_t removed = 0;
    for (; numbers_max > 0 && !order_.empty() && order_.top().at <= now; --numbers_max) {
        due const item = order_.top();
        order_.pop();
        auto const found = numbers_.find(item.number);
        if (found == numbers_.end() || found->second.scheduled != item.at) continue;
        auto& state = found->second;
        removed += drop_expired(state, now);
        state.scheduled = steady_time::max();
        if (state.empty())
            numbers_.erase(found);
        else
            schedule(item.number, state);
    }
    return removed;
}

} // namespace otpd::store
