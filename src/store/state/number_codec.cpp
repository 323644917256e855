// The stored form of a number state.

#include "state/dictionary.hpp"
#include "state/number_state.hpp"

namespace otpd::store::state {

namespace {

// The first byte of a verification: the code's progress in the low bits, and the message's delivery
// above it.
constexpr unsigned delivery_shift = 3;
constexpr unsigned lowest_three = 7;
// The second byte.
constexpr unsigned is_settled = 1;
constexpr unsigned with_receipt = 2;
constexpr unsigned with_lease = 4;

/// More than a state ever gets (engine/verifications.hpp). A state with more is damaged.
constexpr std::uint64_t list_max = 255;

/// The time that most other times of a number follow by whole seconds.
store_time last_admission(number_state const& state) noexcept {
    return state.verifications.empty() ? first_time : state.verifications.back().admitted;
}

// --- to a writer, or from a reader --------------------------------------------------------------

void transfer_text(writer& to, std::string const& text) {
    write_packed(to, text);
}
void transfer_text(reader& reader, std::string& text) {
    read_packed(reader, text);
}

template <class T>
void transfer_size(writer& to, std::vector<T> const& list) {
    to.number(list.size());
}
template <class T>
void transfer_size(reader& reader, std::vector<T>& list) {
    list.resize(static_cast<std::size_t>(reader.number(list_max)));
}

template <class Part>
void transfer_presence(writer& to, std::optional<Part> const& part) {
    to.byte(part ? 1 : 0);
}
template <class Part>
void transfer_presence(reader& reader, std::optional<Part>& part) {
    if (reader.number(1) == 1) part.emplace();
}

/// Which optional parts it has.
unsigned transfer_head(writer& to, verification_state const& v) {
    auto const parts = (v.is_settled ? is_settled : 0U) | (v.sent ? with_receipt : 0U) |
                       (v.lease_end != store_time() ? with_lease : 0U);
    to.byte(static_cast<std::uint8_t>(static_cast<unsigned>(v.code_state) |
                                      static_cast<unsigned>(v.message) << delivery_shift));
    to.byte(static_cast<std::uint8_t>(parts));
    return parts;
}
unsigned transfer_head(reader& reader, verification_state& v) {
    unsigned const head = reader.byte();
    unsigned const parts = reader.byte();
    if ((head & lowest_three) > static_cast<unsigned>(progress::expired) ||
        head >> delivery_shift > static_cast<unsigned>(delivery::failed) ||
        parts > (is_settled | with_receipt | with_lease))
        reader.fail();
    v.code_state = static_cast<progress>(head & lowest_three);
    v.message = static_cast<delivery>(head >> delivery_shift);
    v.is_settled = (parts & is_settled) != 0;
    return parts;
}

void transfer_receipt(writer& to, packed_receipt const& sent) {
    to.plain(sent.bytes());
}
void transfer_receipt(reader& reader, packed_receipt& sent) {
    sent = packed_receipt::read(reader);
}

void transfer_events(writer& to, event_list const& events) {
    to.number(events.kept().size() + events.added().size());
    to.plain(events.kept());
    to.plain(events.added());
}
void transfer_events(reader& reader, event_list& events) {
    if (auto found = event_list::read(reader.text()))
        events = *std::move(found);
    else
        reader.fail();
}

// In the order of the bytes.

template <class Bytes, class Verification>
void transfer_verification(Bytes& bytes, Verification& v, store_time before) {
    auto const parts = transfer_head(bytes, v);
    bytes.bytes(v.id);
    transfer_text(bytes, v.scope);
    bytes.number(v.attempts);
    bytes.number(v.open_attempts);
    bytes.time(v.admitted, before);
    bytes.time(v.code_end, v.admitted);
    bytes.time(v.retained_until, v.admitted);
    if ((parts & with_lease) != 0) bytes.time(v.lease_end, v.admitted);
    if (v.is_live()) {
        bytes.number(v.code.key_id);
        bytes.bytes(v.code.nonce);
        bytes.byte(v.code.length);
    }
    if ((parts & with_receipt) != 0) transfer_receipt(bytes, v.sent);
    transfer_events(bytes, v.events);
}

template <class Bytes, class Cooldown>
void transfer_cooldown(Bytes& bytes, Cooldown& c, store_time since) {
    transfer_text(bytes, c.scope);
    bytes.number(c.sends);
    bytes.time(c.since, since);
    bytes.time(c.pause_until, c.since);
    bytes.time(c.streak_until, c.since);
}

template <class Bytes, class Guesses>
void transfer_guesses(Bytes& bytes, Guesses& g, store_time since) {
    bytes.number(g.open);
    bytes.number(g.held);
    bytes.time(g.last, since);
    bytes.time(g.open_from, g.last);
    bytes.time(g.held_from, g.last);
    bytes.time(g.counted_until, g.last);
}

template <class Bytes, class State>
void transfer(Bytes& bytes, State& state) {
    transfer_size(bytes, state.verifications);
    auto before = first_time;
    for (auto& each : state.verifications) {
        transfer_verification(bytes, each, before);
        before = each.admitted;
    }
    auto const since = last_admission(state);
    transfer_size(bytes, state.limits);
    for (auto& each : state.limits) {
        transfer_text(bytes, each.name);
        bytes.time(each.tat, since);
    }
    transfer_size(bytes, state.cooldowns);
    for (auto& each : state.cooldowns)
        transfer_cooldown(bytes, each, since);
    transfer_presence(bytes, state.guesses);
    if (state.guesses) transfer_guesses(bytes, *state.guesses, since);
}

} // namespace

void encode(std::string& to, number_state const& state, version written) {
    writer out(to);
    write_header(out, written, format::number_1);
    transfer(out, state);
}

bool decode(std::string_view blob, number_state& state) {
    state.clear();
    reader reader(blob);
    static_cast<void>(read_header(reader, format::number_1));
    transfer(reader, state);
    if (reader.is_complete()) return true;
    state.clear();
    return false;
}

live_codes live_codes_in(std::string_view blob, store_time now) {
    number_state state;
    if (!decode(blob, state)) return {};
    static_cast<void>(state.advance(now));
    return count_live_codes(state);
}

} // namespace otpd::store::state
