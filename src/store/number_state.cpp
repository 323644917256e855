#include "number_state.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace otpd::store {

namespace {

/// Rounded up: who waits as long as told is not refused again.
duration until(store_time then, store_time now) {
    return std::max(duration(1), std::chrono::ceil<duration>(then - now));
}

/// When a counter that is busy until `busy_until` admits the charge.
store_time admits_at(charge const& c, store_time busy_until) {
    return busy_until - (c.window - cost(c));
}

bool same_mac(code_mac const& a, code_mac const& b) {
    return a.key_id == b.key_id &&
           CRYPTO_memcmp(a.value.data(), b.value.data(), a.value.size()) == 0;
}

} // namespace

store_time number_state::next_expiry() const noexcept {
    store_time next = guesses.count > 0 ? guesses.expires : store_time::max();
    for (auto const& code : codes)
        next = std::min(next, code.expires);
    for (auto const& counter : counters)
        next = std::min(next, counter.busy_until);
    return next;
}

code_record* number_state::find_code(std::string_view purpose) noexcept {
    auto const found = std::ranges::find(codes, purpose, &code_record::purpose);
    return found == codes.end() ? nullptr : &*found;
}

counter const* number_state::find_counter(std::string_view name) const noexcept {
    auto const found = std::ranges::find(counters, name, &counter::name);
    return found == counters.end() ? nullptr : &*found;
}

counter* number_state::find_counter(std::string_view name) noexcept {
    auto const found = std::ranges::find(counters, name, &counter::name);
    return found == counters.end() ? nullptr : &*found;
}

void number_state::drop_expired(store_time now) {
    boost::container::erase_if(codes, [now](code_record const& c) { return c.expires <= now; });
    boost::container::erase_if(counters, [now](counter const& c) { return c.busy_until <= now; });
    if (guesses.count > 0 && guesses.expires <= now) guesses = {};
}

void number_state::drop(code_record* code) {
    codes.erase(codes.begin() + (code - codes.data()));
}

void number_state::take(charge const& c, store_time now) {
    auto* used = find_counter(c.counter);
    if (used == nullptr) used = &counters.emplace_back(counter{c.counter, now});
    used->busy_until = std::max(used->busy_until, now) + cost(c);
}

void number_state::give_back(charge const& c) {
    if (auto* used = find_counter(c.counter)) used->busy_until -= cost(c);
}

std::vector<violation> number_state::violations(admission const& request, store_time now) const {
    std::vector<violation> found;
    for (auto const& c : request.charges) {
        auto const* used = find_counter(c.counter);
        auto const busy_until = used != nullptr ? std::max(used->busy_until, now) : now;
        if (auto const at = admits_at(c, busy_until); at > now)
            found.push_back(violation{c.counter, until(at, now)});
    }
    if (guesses.count >= request.guesses.quota)
        found.push_back(violation{guesses_counter, until(guesses.expires, now)});
    return found;
}

std::size_t number_state::room_for(admission const& request) const noexcept {
    bool const replaces =
        std::ranges::find(codes, request.key.purpose, &code_record::purpose) != codes.end();
    std::size_t room = replaces ? 0 : 1;
    for (auto const& c : request.charges)
        if (find_counter(c.counter) == nullptr) ++room;
    return room;
}

void number_state::apply(admission& request, store_time now) {
    auto* code = find_code(request.key.purpose);
    if (code == nullptr) code = &codes.emplace_back();
    *code = code_record{
        std::move(request.key.purpose), request.id, request.code, now + request.ttl, 0, nullptr};
    for (auto const& c : request.charges)
        take(c, now);
}

settle_outcome number_state::settle(settlement& request, store_time now) {
    auto* code = find_code(request.key.purpose);
    if (code == nullptr || code->id != request.id) return settle_outcome::superseded;

    switch (request.result) {
    case send_result::accepted:
        if (request.accepted) code->sent = std::make_unique<receipt>(*std::move(request.accepted));
        break;
    case send_result::unknown:
        break;
    case send_result::refused:
        drop(code);
        for (auto const& c : request.give_back)
            give_back(c);
        drop_expired(now); // what was given back in full
        if (request.back_off) take(*request.back_off, now);
        break;
    }
    return settle_outcome::settled;
}

check_outcome number_state::check_code(check const& request, store_time now) {
    auto* code = find_code(request.key.purpose);
    if (code == nullptr || (request.id && *request.id != code->id)) return absent{};
    if (code->attempts >= request.attempts_max) return exhausted{until(code->expires, now)};
    if (guesses.count >= request.guesses.quota) return locked{until(guesses.expires, now)};

    bool const right = std::ranges::any_of(
        request.candidates, [code](code_mac const& mac) { return same_mac(mac, code->code); });
    if (right) {
        verified answer{code->id, {}};
        if (code->sent) answer.sent = std::move(*code->sent);
        drop(code);
        guesses = {};
        return answer;
    }
    ++code->attempts;
    ++guesses.count;
    guesses.expires = now + request.guesses.window;
    return wrong{
        std::min(request.attempts_max - code->attempts, request.guesses.quota - guesses.count)};
}

} // namespace otpd::store
