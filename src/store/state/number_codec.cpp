// The stored form of a number state.

#include "state/dictionary.hpp"
#include "state/number_state.hpp"

#include <algorithm>

namespace otpd::store::state {

namespace {

// The first byte of a verification: the code's progress in the low bits, and the message's delivery
// above it.
constexpr unsigned delivery_shift = 3;
constexpr unsigned lowest_three = 7;
// The second number.
constexpr unsigned is_settled = 1;
constexpr unsigned with_receipt = 2;
constexpr unsigned with_lease = 4;
constexpr unsigned is_guessed = 8;
constexpr unsigned with_requester = 16; // the requester is not the client
constexpr unsigned with_device = 32;
constexpr unsigned of_known_device = 64;
constexpr unsigned is_sample = 128;
constexpr unsigned with_reference = 256;
constexpr unsigned with_step = 512; // of a route plan
constexpr unsigned all_flags = 1023;
// In the byte of the step, and in that of the hedge's delivery.
constexpr unsigned with_hedge = 128;
constexpr unsigned hedge_with_receipt = 8;

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

/// An end that is usually 0, and then takes one byte.
void transfer_end(writer& to, store_time end, store_time since) {
    to.byte(end == store_time() ? 0 : 1);
    if (end != store_time()) to.time(end, since);
}
void transfer_end(reader& reader, store_time& end, store_time since) {
    if (reader.number(1) == 1) end = reader.time(since);
}

void transfer_kind(writer& to, guess_kind kind) {
    to.byte(static_cast<std::uint8_t>(kind));
}
void transfer_kind(reader& reader, guess_kind& kind) {
    auto const found = reader.byte();
    if (found > static_cast<std::uint8_t>(guess_kind::of_devices)) reader.fail();
    kind = static_cast<guess_kind>(found);
}

void transfer_class(writer& to, requester_class whose) {
    to.byte(static_cast<std::uint8_t>(whose));
}
void transfer_class(reader& reader, requester_class& whose) {
    whose = static_cast<requester_class>(reader.number(1));
}

/// Which optional parts it has.
unsigned transfer_head(writer& to, verification_state const& v) {
    auto const parts =
        (v.is_settled ? is_settled : 0U) | (v.sent ? with_receipt : 0U) |
        (v.lease_end != store_time() ? with_lease : 0U) | (v.is_guessed ? is_guessed : 0U) |
        (v.by != requester() ? with_requester : 0U) | (v.device ? with_device : 0U) |
        (v.whose == requester_class::known_device ? of_known_device : 0U) |
        (v.is_sample ? is_sample : 0U) | (v.reference.empty() ? 0U : with_reference) |
        (v.taken.number != 0 ? with_step : 0U);
    to.byte(static_cast<std::uint8_t>(static_cast<unsigned>(v.code_state) |
                                      static_cast<unsigned>(v.message) << delivery_shift));
    to.number(parts);
    return parts;
}
unsigned transfer_head(reader& reader, verification_state& v) {
    unsigned const head = reader.byte();
    auto const parts = static_cast<unsigned>(reader.number(all_flags));
    if ((head & lowest_three) > static_cast<unsigned>(progress::expired) ||
        head >> delivery_shift > static_cast<unsigned>(delivery::failed))
        reader.fail();
    v.code_state = static_cast<progress>(head & lowest_three);
    v.message = static_cast<delivery>(head >> delivery_shift);
    v.is_settled = (parts & is_settled) != 0;
    v.is_guessed = (parts & is_guessed) != 0;
    v.is_sample = (parts & is_sample) != 0;
    if ((parts & with_device) != 0) v.device.emplace();
    if ((parts & of_known_device) != 0) v.whose = requester_class::known_device;
    return parts;
}

void transfer_reference(writer& to, std::string const& reference) {
    write_packed(to, reference);
}
void transfer_reference(reader& reader, std::string& reference) {
    read_packed(reader, reference);
    bool const is_visible =
        std::ranges::all_of(reference, [](char c) { return '!' <= c && c <= '~'; });
    if (reference.empty() || reference.size() > reference_max || !is_visible) reader.fail();
}

void transfer_receipt(writer& to, packed_receipt const& sent) {
    to.plain(sent.bytes());
}
void transfer_receipt(reader& reader, packed_receipt& sent) {
    sent = packed_receipt::read(reader);
}
void transfer_step(writer& to, verification_state const& v) {
    to.number(v.taken.plan);
    to.byte(static_cast<std::uint8_t>(v.taken.number | (v.hedge ? with_hedge : 0U)));
    if (!v.hedge) return;
    to.byte(static_cast<std::uint8_t>(static_cast<unsigned>(v.hedge->message) |
                                      (v.hedge->sent ? hedge_with_receipt : 0U)));
    if (v.hedge->sent) transfer_receipt(to, v.hedge->sent);
    to.byte(v.hedge->step);
    to.time(v.hedge->booked, v.admitted);
}
void transfer_step(reader& reader, verification_state& v) {
    v.taken.plan = reader.number_as<std::uint16_t>();
    unsigned const step = reader.byte();
    v.taken.number = static_cast<std::uint8_t>(step & ~with_hedge);
    if (v.taken.number == 0 || v.taken.number > plan_steps_max) reader.fail();
    if ((step & with_hedge) == 0) return;
    unsigned const head = reader.byte();
    if ((head & ~hedge_with_receipt) > static_cast<unsigned>(delivery::failed)) reader.fail();
    v.hedge.emplace().message = static_cast<delivery>(head & ~hedge_with_receipt);
    if ((head & hedge_with_receipt) != 0) transfer_receipt(reader, v.hedge->sent);
    v.hedge->step = reader.byte();
    v.hedge->booked = reader.time(v.admitted);
    if (v.hedge->step > plan_steps_max) reader.fail();
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
    if (v.is_live()) bytes.byte(v.code);
    if ((parts & with_requester) != 0) bytes.bytes(v.by);
    if (v.device) bytes.bytes(*v.device);
    bytes.time(v.admitted, before);
    bytes.time(v.retained_until, v.admitted);
    if ((parts & with_lease) != 0) bytes.time(v.lease_end, v.admitted);
    if ((parts & with_reference) != 0) transfer_reference(bytes, v.reference);
    if ((parts & with_step) != 0) transfer_step(bytes, v);
    if ((parts & with_receipt) != 0) transfer_receipt(bytes, v.sent);
    transfer_events(bytes, v.events);
}

template <class Bytes, class Code>
void transfer_code(Bytes& bytes, Code& c, store_time since) {
    bytes.byte(c.number);
    bytes.number(c.seed.key_id);
    bytes.bytes(c.seed.nonce);
    bytes.byte(c.seed.length);
    bytes.time(c.begun, since);
    bytes.time(c.end, c.begun);
    transfer_size(bytes, c.attempts);
    for (auto& attempt : c.attempts) {
        bytes.bytes(attempt.by);
        bytes.number(attempt.count);
    }
}

template <class Bytes, class Cooldown>
void transfer_cooldown(Bytes& bytes, Cooldown& c, store_time since) {
    transfer_text(bytes, c.scope);
    transfer_class(bytes, c.whose);
    bytes.number(c.sends);
    bytes.time(c.since, since);
    bytes.time(c.pause_until, c.since);
    bytes.time(c.streak_until, c.since);
}

template <class Bytes, class Guesses>
void transfer_guesses(Bytes& bytes, Guesses& g, store_time since) {
    transfer_kind(bytes, g.kind);
    bytes.bytes(g.by);
    bytes.number(g.count);
    bytes.time(g.since, since);
    bytes.time(g.counted_until, g.since);
}

template <class Bytes, class State>
void transfer(Bytes& bytes, State& state) {
    transfer_size(bytes, state.verifications);
    auto before = first_time;
    for (auto& verification : state.verifications) {
        transfer_verification(bytes, verification, before);
        before = verification.admitted;
    }
    auto const since = last_admission(state);
    transfer_size(bytes, state.codes);
    for (auto& code : state.codes)
        transfer_code(bytes, code, since);
    transfer_size(bytes, state.limits);
    for (auto& limit : state.limits) {
        transfer_text(bytes, limit.name);
        bytes.time(limit.tat, since);
    }
    transfer_size(bytes, state.cooldowns);
    for (auto& cooldown : state.cooldowns)
        transfer_cooldown(bytes, cooldown, since);
    transfer_size(bytes, state.guesses);
    for (auto& guess : state.guesses)
        transfer_guesses(bytes, guess, since);
    transfer_end(bytes, state.guess_from.stranger, since);
    transfer_end(bytes, state.guess_from.known_device, since);
    bytes.number(state.failures_in_a_row);
    if (state.failures_in_a_row > 0) bytes.time(state.last_failure, since);
    transfer_size(bytes, state.devices);
    for (auto& device : state.devices) {
        bytes.bytes(device.hash);
        bytes.time(device.last_success, since);
    }
    transfer_size(bytes, state.escalations);
    for (auto& escalation : state.escalations)
        bytes.time(escalation, since);
    transfer_end(bytes, state.verified_at, since);
    if (state.verified_at == store_time()) return;
    bytes.byte(state.untyped.stranger);
    bytes.byte(state.untyped.known_device);
}

/// Whether the engine can rely on the state: each live verification has a code, and each code has a
/// unique number and a verification.
bool is_sound(number_state const& state) noexcept {
    auto const is_named = [&](live_code const& code) {
        return code.number != 0 && &code == find_in(state.codes, &live_code::number, code.number) &&
               find_in(state.verifications, &verification_state::code, code.number) != nullptr;
    };
    auto const has_its_code = [&](verification_state const& verification_state) {
        return !verification_state.is_live() ||
               find_in(state.codes, &live_code::number, verification_state.code) != nullptr;
    };
    return std::ranges::all_of(state.codes, is_named) &&
           std::ranges::all_of(state.verifications, has_its_code);
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
    if (reader.is_complete() && is_sound(state)) return true;
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
