#include "state/number_codec.hpp"

#include "state/words.hpp"

#include <algorithm>
#include <array>

namespace otpd::store::state {

namespace {

/// Which parts there are.
constexpr unsigned some_verifications = 1;
constexpr unsigned some_limits = 2;
constexpr unsigned a_cooldown = 4;
constexpr unsigned some_guesses = 8;
constexpr unsigned all_parts = some_verifications | some_limits | a_cooldown | some_guesses;

// The first byte of a verification: the code's progress, and above it the message's delivery.
constexpr unsigned delivery_shift = 3;
constexpr unsigned lowest_three = 7;
constexpr unsigned with_receipt = 64;
constexpr unsigned with_lease = 128;
// The second.
constexpr unsigned is_settled = 1;
constexpr unsigned with_attempts = 2;
constexpr unsigned with_open_attempts = 4;
constexpr unsigned second_parts = is_settled | with_attempts | with_open_attempts;

/// More than a state is ever given (engine/verifications.hpp): what has more is damaged.
constexpr std::uint64_t list_max = 255;

using scope_list = std::vector<std::string_view>;

/// In the order in which verifications name them first.
scope_list scopes_of(number_state const& state) {
    scope_list scopes;
    for (auto const& each : state.verifications)
        if (std::ranges::find(scopes, each.scope) == scopes.end()) scopes.push_back(each.scope);
    return scopes;
}

/// What most other times of a number follow by whole seconds.
store_time last_admission(number_state const& state) noexcept {
    return state.verifications.empty() ? first_time : state.verifications.back().admitted;
}

// --- both ways of a part beside each other ----------------------------------------------------------

void write(writer& to, verification_state const& v, scope_list const& scopes, store_time before) {
    bool const leased = v.lease_end != store_time();
    to.byte(static_cast<std::uint8_t>(static_cast<unsigned>(v.code_state) |
                                      static_cast<unsigned>(v.message) << delivery_shift |
                                      (v.sent ? with_receipt : 0U) | (leased ? with_lease : 0U)));
    to.byte(static_cast<std::uint8_t>((v.is_settled ? is_settled : 0U) |
                                      (v.attempts > 0 ? with_attempts : 0U) |
                                      (v.open_attempts > 0 ? with_open_attempts : 0U)));
    to.bytes(v.id);
    to.number(static_cast<std::uint64_t>(std::ranges::find(scopes, v.scope) - scopes.begin()));
    if (v.attempts > 0) to.number(v.attempts);
    if (v.open_attempts > 0) to.number(v.open_attempts);
    to.time(v.admitted, before);
    to.time(v.code_end, v.admitted);
    to.time(v.retained_until, v.admitted);
    if (leased) to.time(v.lease_end, v.admitted);
    if (v.is_live()) {
        to.number(v.code.key_id);
        to.bytes(v.code.nonce);
        to.byte(v.code.length);
    }
    if (v.sent) to.plain(v.sent.bytes());
    to.number(v.events.kept().size() + v.events.added().size());
    to.plain(v.events.kept());
    to.plain(v.events.added());
}

void read(reader& from, verification_state& v, std::vector<std::string> const& scopes,
          store_time before) {
    auto const head = from.byte();
    auto const second = from.byte();
    auto const code_state = head & lowest_three;
    auto const message = head >> delivery_shift & lowest_three;
    if (code_state > static_cast<unsigned>(progress::expired) ||
        message > static_cast<unsigned>(delivery::failed) || (second & ~second_parts) != 0)
        from.fail();
    v.code_state = static_cast<progress>(code_state);
    v.message = static_cast<delivery>(message);
    v.is_settled = (second & is_settled) != 0;
    from.bytes(v.id);
    auto const scope = from.number();
    if (scope >= scopes.size()) from.fail();
    if (from.ok()) v.scope = scopes[static_cast<std::size_t>(scope)];
    if ((second & with_attempts) != 0) v.attempts = from.number_as<std::uint32_t>();
    if ((second & with_open_attempts) != 0) v.open_attempts = from.number_as<std::uint32_t>();
    v.admitted = from.time(before);
    v.code_end = from.time(v.admitted);
    v.retained_until = from.time(v.admitted);
    if ((head & with_lease) != 0) v.lease_end = from.time(v.admitted);
    if (v.is_live()) {
        v.code.key_id = from.number_as<std::uint32_t>();
        from.bytes(v.code.nonce);
        v.code.length = from.byte();
    }
    if ((head & with_receipt) != 0) v.sent = packed_receipt::read(from);
    auto events = event_list::read(from.text());
    if (events)
        v.events = *std::move(events);
    else
        from.fail();
}

void write(writer& to, cooldown_state const& c, store_time since) {
    to.number(c.sends);
    to.time(c.since, since);
    to.time(c.pause_until, c.since);
    to.time(c.streak_until, c.since);
}
void read(reader& from, cooldown_state& c, store_time since) {
    c.sends = from.number_as<std::uint32_t>();
    c.since = from.time(since);
    c.pause_until = from.time(c.since);
    c.streak_until = from.time(c.since);
}

void write(writer& to, guess_state const& g, store_time since) {
    to.number(g.open);
    to.number(g.held);
    to.time(g.last, since);
    to.time(g.open_from, g.last);
    to.time(g.held_from, g.last);
    to.time(g.counted_until, g.last);
}
void read(reader& from, guess_state& g, store_time since) {
    g.open = from.number_as<std::uint32_t>();
    g.held = from.number_as<std::uint32_t>();
    g.last = from.time(since);
    g.open_from = from.time(g.last);
    g.held_from = from.time(g.last);
    g.counted_until = from.time(g.last);
}

void write_verifications(writer& to, number_state const& state) {
    auto const scopes = scopes_of(state);
    to.number(scopes.size());
    for (auto const& each : scopes)
        write_packed(to, each);
    to.number(state.verifications.size());
    auto before = first_time;
    for (auto const& each : state.verifications) {
        write(to, each, scopes, before);
        before = each.admitted;
    }
}
void read_verifications(reader& from, number_state& state) {
    std::vector<std::string> scopes(from.number(list_max));
    for (auto& each : scopes)
        read_packed(from, each);
    state.verifications.resize(from.number(list_max));
    auto before = first_time;
    for (auto& each : state.verifications) {
        if (!from.ok()) return;
        read(from, each, scopes, before);
        before = each.admitted;
    }
}

void read_parts(reader& from, number_state& into) {
    static_cast<void>(read_header(from, format::number_1));
    auto const parts = from.byte();
    if ((parts & ~all_parts) != 0) from.fail();
    if ((parts & some_verifications) != 0) read_verifications(from, into);
    auto const since = last_admission(into);
    if (from.ok() && (parts & a_cooldown) != 0) read(from, into.cooldown.emplace(), since);
    if (from.ok() && (parts & some_limits) != 0) {
        into.limits.resize(from.number(list_max));
        for (auto& each : into.limits) {
            read_packed(from, each.name);
            each.tat = from.time(since);
        }
    }
    if (from.ok() && (parts & some_guesses) != 0) read(from, into.guesses.emplace(), since);
}

} // namespace

void encode(std::string& to, number_state const& state, version written) {
    writer out(to);
    write_header(out, written, format::number_1);
    out.byte(static_cast<std::uint8_t>((state.verifications.empty() ? 0U : some_verifications) |
                                       (state.limits.empty() ? 0U : some_limits) |
                                       (state.cooldown ? a_cooldown : 0U) |
                                       (state.guesses ? some_guesses : 0U)));
    if (!state.verifications.empty()) write_verifications(out, state);
    auto const since = last_admission(state);
    if (state.cooldown) write(out, *state.cooldown, since);
    if (!state.limits.empty()) {
        out.number(state.limits.size());
        for (auto const& each : state.limits) {
            write_packed(out, each.name);
            out.time(each.tat, since);
        }
    }
    if (state.guesses) write(out, *state.guesses, since);
}

bool decode(std::string_view blob, number_state& into) {
    into.clear();
    reader from(blob);
    read_parts(from, into);
    if (from.is_complete()) return true;
    into.clear();
    return false;
}

live_codes live_codes_in(std::string_view blob, store_time now) {
    number_state state;
    if (!decode(blob, state)) return {};
    static_cast<void>(state.advance(now));
    return count_live_codes(state);
}

} // namespace otpd::store::state
