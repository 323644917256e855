#include "packed_state.hpp"

#include <algorithm>

namespace otpd::store {

namespace {

/// Which parts there are, in the first byte. Most subjects have one or two.
enum part : std::uint8_t {
    some_verifications = 1,
    some_counters = 2,
    a_cooldown = 4,
    a_guess_tally = 8,
    a_watch = 16,
    a_once_record = 32,
    some_budgets = 64
};

std::uint8_t parts_of(subject_state const& state) noexcept {
    unsigned parts = 0;
    if (!state.verifications.empty()) parts |= some_verifications;
    if (!state.counters.empty()) parts |= some_counters;
    if (state.cooldown) parts |= a_cooldown;
    if (state.guesses) parts |= a_guess_tally;
    if (state.watched) parts |= a_watch;
    if (state.once) parts |= a_once_record;
    if (!state.budgets.all().empty()) parts |= some_budgets;
    return static_cast<std::uint8_t>(parts);
}

/// In the first byte of a verification, beside its progress and above it the message's delivery.
constexpr unsigned delivery_shift = 3;
constexpr unsigned lowest_three = 7;
constexpr unsigned with_receipt = 64;
constexpr unsigned with_lease = 128;
/// In the second: which numbers follow, and above them the id of the code's key if it is small.
constexpr unsigned with_sequence = 1;
constexpr unsigned with_attempts = 2;
constexpr unsigned with_open_attempts = 4;
constexpr unsigned key_shift = 3;
constexpr unsigned large_key = 31; ///< follows

void pack_name(packer& to, std::string_view name, name_book& names) {
    auto const number = names.number(name);
    to.byte(number);
    if (number == name_book::none) to.text(name);
}
void unpack_name(unpacker& from, std::string& name, name_book const& names) {
    auto const number = from.byte();
    if (number == name_book::none)
        name = from.text();
    else
        name = names.name(number);
}

// --- both ways of a part beside each other ----------------------------------------------------------

void pack_code(packer& to, code_mac const& code) {
    if (code.key_id >= large_key) to.number(code.key_id);
    to.bytes(code.value, mac_bytes_kept);
}
void unpack_code(unpacker& from, unsigned key_id, code_mac& code) {
    code.key_id = key_id == large_key ? from.number_as<std::uint32_t>() : key_id;
    from.bytes(code.value, mac_bytes_kept);
}

void pack(packer& to, verification_record const& v, name_book& names) {
    bool const leased = v.lease_end != store_time();
    to.byte(static_cast<std::uint8_t>(static_cast<unsigned>(v.state) |
                                      static_cast<unsigned>(v.message) << delivery_shift |
                                      (v.sent ? with_receipt : 0U) | (leased ? with_lease : 0U)));
    to.byte(static_cast<std::uint8_t>((v.sequence > 0 ? with_sequence : 0U) |
                                      (v.attempts > 0 ? with_attempts : 0U) |
                                      (v.open_attempts > 0 ? with_open_attempts : 0U) |
                                      std::min(v.code.key_id, large_key) << key_shift));
    to.bytes(v.id);
    pack_name(to, v.slot, names);
    if (v.sequence > 0) to.number(v.sequence);
    if (v.attempts > 0) to.number(v.attempts);
    if (v.open_attempts > 0) to.number(v.open_attempts);
    to.time(v.admitted);
    to.time(v.expires);
    to.count_from(v.admitted);
    to.time(v.forgotten);
    to.count_from(v.admitted);
    if (leased) to.time(v.lease_end);
    to.count_from(v.admitted);
    if (v.live()) pack_code(to, v.code);
    if (v.sent) to.plain(v.sent.bytes());
    to.number(v.events.kept().size() + v.events.added().size());
    to.plain(v.events.kept());
    to.plain(v.events.added());
}
void unpack(unpacker& from, verification_record& v, name_book const& names) {
    auto const head = from.byte();
    auto const numbers = from.byte();
    v.state = static_cast<progress>(head & lowest_three);
    v.message = static_cast<delivery>(head >> delivery_shift & lowest_three);
    from.bytes(v.id);
    unpack_name(from, v.slot, names);
    if ((numbers & with_sequence) != 0) v.sequence = from.number_as<std::uint32_t>();
    if ((numbers & with_attempts) != 0) v.attempts = from.number_as<std::uint32_t>();
    if ((numbers & with_open_attempts) != 0) v.open_attempts = from.number_as<std::uint32_t>();
    v.admitted = from.time();
    v.expires = from.time();
    from.count_from(v.admitted);
    v.forgotten = from.time();
    from.count_from(v.admitted);
    if ((head & with_lease) != 0) v.lease_end = from.time();
    from.count_from(v.admitted);
    if (v.live()) unpack_code(from, numbers >> key_shift, v.code);
    if ((head & with_receipt) != 0) {
        v.sent = kept_receipt::at(from.position());
        from.skip(v.sent.bytes().size());
    }
    v.events = event_log(from.text());
}

void pack(packer& to, counter const& c, name_book& names) {
    pack_name(to, c.name, names);
    to.time(c.busy_until);
}
void unpack(unpacker& from, counter& c, name_book const& names) {
    unpack_name(from, c.name, names);
    c.busy_until = from.time();
}

void pack(packer& to, cooldown_state const& c) {
    to.number(c.sends);
    to.time(c.pause_until);
    to.time(c.streak_until);
}
void unpack(unpacker& from, cooldown_state& c) {
    c.sends = from.number_as<std::uint32_t>();
    c.pause_until = from.time();
    c.streak_until = from.time();
}

void pack(packer& to, guess_tally const& g) {
    to.number(g.open);
    to.number(g.held);
    to.time(g.open_from);
    to.time(g.held_from);
    to.time(g.expires);
}
void unpack(unpacker& from, guess_tally& g) {
    g.open = from.number_as<std::uint32_t>();
    g.held = from.number_as<std::uint32_t>();
    g.open_from = from.time();
    g.held_from = from.time();
    g.expires = from.time();
}

void pack(packer& to, watch_state const& w) {
    to.integer(w.hour);
    to.number(w.sent_now);
    to.number(w.sent_before);
    to.number(w.verified_now);
    to.number(w.verified_before);
    to.integer(w.day);
    for (auto const count : w.verified)
        to.number(count);
    to.time(w.blocked_until);
    to.time(w.expires);
}
void unpack(unpacker& from, watch_state& w) {
    w.hour = from.integer();
    w.sent_now = from.number();
    w.sent_before = from.number();
    w.verified_now = from.number();
    w.verified_before = from.number();
    w.day = from.integer();
    for (auto& count : w.verified)
        count = from.number();
    w.blocked_until = from.time();
    w.expires = from.time();
}

void pack(packer& to, once_record const& o) {
    to.bytes(o.fingerprint);
    to.byte(o.settled ? 1 : 0);
    to.time(o.lease_end);
    to.time(o.expires);
    to.text(o.reply);
}
void unpack(unpacker& from, once_record& o) {
    from.bytes(o.fingerprint);
    o.settled = from.byte() != 0;
    o.lease_end = from.time();
    o.expires = from.time();
    o.reply = from.text();
}

/// Few subjects have one, and its name has the period in it: none for the book.
void pack(packer& to, budget_sum const& b, name_book&) {
    to.text(b.name);
    to.integer(b.taken);
    to.time(b.expires);
}
void unpack(unpacker& from, budget_sum& b, name_book const&) {
    b.name = from.text();
    b.taken = from.integer();
    b.expires = from.time();
}

template <class Part>
void pack_all(packer& to, std::vector<Part> const& list, name_book& names) {
    to.number(list.size());
    for (auto const& each : list)
        pack(to, each, names);
}
template <class Part>
void unpack_all(unpacker& from, std::vector<Part>& list, name_book const& names) {
    list.resize(from.number());
    for (auto& each : list)
        unpack(from, each, names);
}

/// What most other times of a number follow by whole seconds.
template <class Packer>
void count_from_admission(Packer& of, subject_state const& state) noexcept {
    if (!state.verifications.empty()) of.count_from(state.verifications.back().admitted);
}

template <class Part>
void unpack_one(unpacker& from, std::optional<Part>& part) {
    unpack(from, part.emplace());
}

} // namespace

void keep_half(code_mac& code) noexcept {
    std::ranges::fill(code.value.begin() + mac_bytes_kept, code.value.end(), std::byte());
}

void pack(packer& to, subject_state const& state, name_book& names) {
    to.byte(parts_of(state));
    if (!state.verifications.empty()) pack_all(to, state.verifications, names);
    if (state.cooldown) pack(to, *state.cooldown);
    count_from_admission(to, state);
    if (!state.counters.empty()) pack_all(to, state.counters, names);
    count_from_admission(to, state);
    if (state.guesses) pack(to, *state.guesses);
    if (state.watched) pack(to, *state.watched);
    if (state.once) pack(to, *state.once);
    if (!state.budgets.all().empty()) pack_all(to, state.budgets.all(), names);
}

std::size_t unpack(char const* bytes, subject_state& state, name_book const& names) {
    unpacker from(bytes);
    auto const parts = from.byte();
    if ((parts & some_verifications) != 0) unpack_all(from, state.verifications, names);
    if ((parts & a_cooldown) != 0) unpack_one(from, state.cooldown);
    count_from_admission(from, state);
    if ((parts & some_counters) != 0) unpack_all(from, state.counters, names);
    count_from_admission(from, state);
    if ((parts & a_guess_tally) != 0) unpack_one(from, state.guesses);
    if ((parts & a_watch) != 0) unpack_one(from, state.watched);
    if ((parts & a_once_record) != 0) unpack_one(from, state.once);
    if ((parts & some_budgets) != 0) {
        std::vector<budget_sum> sums;
        unpack_all(from, sums, names);
        for (auto& each : sums)
            state.budgets.put(std::move(each));
    }
    return static_cast<std::size_t>(from.position() - bytes);
}

} // namespace otpd::store
