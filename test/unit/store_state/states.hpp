#pragma once

/// States for the tests of their stored forms: typical ones, and random ones from a seed.

#include "state/number_state.hpp"
#include "state/record.hpp"
#include "state/shared_state.hpp"
#include "state/state_key.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace otpd::test {

using namespace std::chrono_literals;

/// A time of 2026, with milliseconds.
inline constexpr store::store_time some_time = store::state::first_time + 123 * 24h + 4567ms;

inline store::verification_id id_of(std::uint64_t n) {
    store::verification_id id{};
    for (std::size_t i = 0; i < id.size(); ++i)
        id[i] = static_cast<std::byte>((n * 0x9e37'79b9'7f4a'7c15) >> (8 * (i % 8)));
    return id;
}

/// The state after a delivered send with default settings: two limits, a cooldown, a receipt, a
/// timeline.
inline store::state::number_state typical_number() {
    store::state::number_state state;
    auto& v = state.verifications.emplace_back();
    v.id = id_of(1);
    v.scope = "shop:login";
    v.code_state = store::progress::active;
    v.message = store::delivery::delivered;
    v.is_settled = true;
    v.code = 1;
    v.admitted = some_time;
    v.retained_until = some_time + 24h;
    state.codes.push_back({1, {1, id_of(2), 6}, some_time, some_time + 600s, {}});
    v.sent = store::state::packed_receipt(
        store::receipt{3, "22953", "BX-22953-c5f4f53431ed22c2", money::from_micros(87'000)});
    v.events.add(
        store::event_type::admitted, 0ms,
        "country=NL,route_plan=default,limits=number_10m%204%2F5%2C%20number_24h%209%2F10%2C%20"
        "client_1m%20123%2F600");
    v.events.add(store::event_type::step, 212ms, "route_id=3i,outcome=chosen,price=87000u");
    v.events.add(store::event_type::accepted, 215ms, "route_id=3i,price=87000u,cost=87000u");
    v.events.add(store::event_type::delivery, 2s, "status=ENROUTE");
    v.events.add(store::event_type::delivery, 4s, "status=DELIVRD,seconds=4");
    state.limits = {{"number_10m", some_time + 120'000'123us}, {"number_24h", some_time + 8640s}};
    state.cooldowns = {{"shop:login", {}, 1, some_time, some_time + 45s, some_time + 1h}};
    return state;
}

class random_states {
public:
    explicit random_states(std::uint64_t seed) : random_(seed) {}

    std::uint64_t below(std::uint64_t end) {
        return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random_);
    }
    bool flip() { return below(2) == 0; }
    store::store_time time() {
        auto const span = static_cast<std::int64_t>(below(std::uint64_t{1} << (1 + below(50))));
        auto const rounded = flip() ? span / 1'000'000 * 1'000'000 : span;
        return some_time + store::counter_time(flip() ? rounded : -rounded);
    }
    std::string text(std::size_t size_max) {
        std::string text;
        auto const size = below(size_max + 1);
        while (text.size() < size)
            text += flip() ? std::string(1, static_cast<char>(below(256))) : word();
        return text;
    }
    std::uint32_t count() {
        return flip() ? 0 : static_cast<std::uint32_t>(below(std::uint64_t{1} << (1 + below(32))));
    }

    store::state::number_state number() {
        store::state::number_state state;
        std::vector<std::string> const scopes{text(8), text(40), "shop:login"};
        for (auto n = below(6); n > 0; --n)
            state.verifications.push_back(verification(scopes[below(scopes.size())]));
        for (std::uint8_t n = 1; n <= 2; ++n)
            if (std::ranges::count(state.verifications, n,
                                   &store::state::verification_state::code) > 0)
                state.codes.push_back(
                    {n, {count(), id_of(below(100)), 8}, time(), time(), attempts()});
        for (auto n = below(4); n > 0; --n)
            state.limits.push_back({text(20), time()});
        for (auto n = below(3); n > 0; --n)
            state.cooldowns.push_back({text(10), some_class(), count(), time(), time(), time()});
        for (auto n = below(4); n > 0; --n)
            state.guesses.push_back({requester(), static_cast<store::state::guess_kind>(below(3)),
                                     count(), time(), time()});
        if (flip()) state.guess_from.stranger = time();
        if (flip()) state.guess_from.known_device = time();
        for (auto n = below(3); n > 0; --n)
            state.devices.push_back({requester(), time()});
        for (auto n = below(3); n > 0; --n)
            state.escalations.push_back(time());
        if (flip()) {
            state.verified_at = time();
            state.untyped = {static_cast<std::uint8_t>(below(256)),
                             static_cast<std::uint8_t>(below(256))};
        }
        state.failures_in_a_row = count();
        if (state.failures_in_a_row > 0) state.last_failure = time();
        return state;
    }
    /// The generator owns the names.
    store::state::shared_state shared() {
        store::state::shared_state state;
        for (auto n = below(5); n > 0; --n) {
            names_.push_back("limit" + std::to_string(names_.size()) + text(10));
            auto& made = state.add_field(names_.back());
            made.stored = made.current = value();
        }
        if (flip()) {
            state.add_guard(some_time, 120s);
            for (auto& field : state.fields)
                field.stored = field.current = value();
        }
        if (flip()) state.sum_end = time();
        return state;
    }
    store::state::record record() {
        store::state::record record;
        record.is_kept = true;
        record.is_settled = flip();
        record.fingerprint = id_of(below(1000));
        record.lease_end = time();
        record.retained_until = time();
        if (record.is_settled) record.text = text(300);
        return record;
    }

private:
    std::string word() {
        constexpr std::array words{"number_10m", "route_id=", "%2F", "status=", ":login", "o"};
        return words.at(below(words.size()));
    }
    std::int64_t value() {
        return static_cast<std::int64_t>(below(std::uint64_t{1} << (1 + below(53))));
    }
    store::state::verification_state verification(std::string scope) {
        store::state::verification_state v;
        v.id = id_of(below(1'000'000));
        v.scope = std::move(scope);
        v.code_state = static_cast<store::progress>(below(6));
        v.message = static_cast<store::delivery>(below(5));
        v.is_settled = flip();
        v.admitted = time();
        v.retained_until = time();
        if (flip()) v.lease_end = time();
        if (v.is_live()) v.code = flip() ? 1 : 2;
        v.by = requester();
        v.whose = some_class();
        if (flip()) v.device = requester();
        if (flip()) v.reference = std::string(1 + below(store::reference_max), 'r');
        if (flip())
            v.taken = {static_cast<std::uint16_t>(below(65'536)),
                       static_cast<std::uint8_t>(1 + below(store::plan_steps_max))};
        v.is_guessed = flip();
        v.is_sample = flip();
        if (flip()) v.sent = store::state::packed_receipt(receipt());
        if (v.taken.number != 0 && flip()) {
            v.hedge.emplace().message = static_cast<store::delivery>(below(5));
            if (flip()) v.hedge->sent = store::state::packed_receipt(receipt());
            v.hedge->step = static_cast<std::uint8_t>(below(store::plan_steps_max + 1));
            v.hedge->booked = v.admitted + store::duration(static_cast<int>(below(100'000)));
        }
        for (auto n = below(8); n > 0; --n)
            v.events.add(static_cast<store::event_type>(below(9)),
                         store::duration(static_cast<std::int64_t>(below(1'000'000))), text(60));
        return v;
    }
    store::state::requester_class some_class() {
        return flip() ? store::state::requester_class::stranger
                      : store::state::requester_class::known_device;
    }
    store::requester requester() {
        store::requester by{};
        by[0] = static_cast<std::byte>(below(3));
        return by;
    }
    std::vector<store::state::attempt_count> attempts() {
        std::vector<store::state::attempt_count> list;
        for (auto n = below(3); n > 0; --n)
            list.push_back({requester(), count()});
        return list;
    }
    store::receipt receipt() {
        store::receipt sent;
        sent.route_id = static_cast<int>(below(100)) - (flip() ? 0 : 50);
        sent.order_id = flip() ? std::to_string(below(1'000'000)) : text(12);
        sent.bx_message_id = flip() ? "BX-" + sent.order_id + "-c5f4f53431ed22c2" : text(30);
        if (flip()) sent.cost = money::from_micros(static_cast<std::int64_t>(below(1'000'000)));
        return sent;
    }

    std::mt19937_64 random_;
    std::deque<std::string> names_;
};

// Compares contents, whoever holds the bytes.

inline bool same(std::optional<store::state::hedge_state> const& a,
                 std::optional<store::state::hedge_state> const& b) {
    if (!a || !b) return a.has_value() == b.has_value();
    return a->message == b->message && static_cast<bool>(a->sent) == static_cast<bool>(b->sent) &&
           (!a->sent || a->sent.get() == b->sent.get()) && a->step == b->step &&
           a->booked == b->booked;
}
inline bool same(store::state::verification_state const& a,
                 store::state::verification_state const& b) {
    return a.id == b.id && a.scope == b.scope && a.code_state == b.code_state &&
           a.message == b.message && a.is_settled == b.is_settled && a.admitted == b.admitted &&
           a.retained_until == b.retained_until && a.lease_end == b.lease_end && a.code == b.code &&
           a.by == b.by && a.whose == b.whose && a.device == b.device &&
           a.reference == b.reference && a.taken == b.taken && same(a.hedge, b.hedge) &&
           a.is_guessed == b.is_guessed && a.is_sample == b.is_sample &&
           static_cast<bool>(a.sent) == static_cast<bool>(b.sent) &&
           (!a.sent || a.sent.get() == b.sent.get()) && a.events.size() == b.events.size() &&
           a.events.all() == b.events.all();
}
inline bool same(store::state::number_state const& a, store::state::number_state const& b) {
    return std::ranges::equal(a.verifications, b.verifications,
                              [](auto const& x, auto const& y) { return same(x, y); }) &&
           a.codes == b.codes && a.limits == b.limits && a.cooldowns == b.cooldowns &&
           a.guesses == b.guesses && a.guess_from == b.guess_from && a.devices == b.devices &&
           a.escalations == b.escalations && a.verified_at == b.verified_at &&
           a.untyped == b.untyped && a.failures_in_a_row == b.failures_in_a_row &&
           a.last_failure == b.last_failure;
}
inline bool same(store::state::shared_state const& a, store::state::shared_state const& b) {
    auto const equal = [](store::state::field const& x, store::state::field const& y) {
        return x.name == y.name && x.stored == y.stored && x.current == y.current;
    };
    return std::ranges::equal(a.fields, b.fields, equal) && a.guard == b.guard &&
           a.sum_end == b.sum_end;
}
inline bool same(store::state::record const& a, store::state::record const& b) {
    return a == b;
}

/// Reads every prefix of the bytes, and the bytes with each bit flipped. Nothing may crash, and
/// whatever is read must be written with the same contents.
template <class State>
void check_damaged(std::string const& blob) {
    using store::state::decode;
    auto read = [](std::string_view bytes) {
        std::string const exact(bytes);
        State state;
        if (!decode(exact, state)) return false;
        std::string again;
        encode(again, state, 1);
        State second;
        return decode(again, second) && same(state, second);
    };
    for (std::size_t size = 0; size < blob.size(); ++size)
        static_cast<void>(read(blob.substr(0, size)));
    for (std::size_t bit = 0; bit < 8 * blob.size(); ++bit) {
        auto damaged = blob;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        State state;
        if (decode(damaged, state)) BOOST_TEST(read(damaged), "bit " << bit);
    }
}

} // namespace otpd::test
