#include "packed_state.hpp"

#include "packed_bytes.hpp"
#include "short_text.hpp"

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

void pack_name(packer& to, std::string_view name) {
    to.text(shortened(name));
}
std::string unpack_name(unpacker& from) {
    return lengthened(from.text());
}

// --- both ways of a part beside each other ----------------------------------------------------------

void pack(packer& to, receipt const& sent) {
    to.integer(sent.route_id);
    pack_name(to, sent.order_id);
    pack_name(to, sent.bx_message_id);
    // One more than folded: 0 is none.
    to.number(sent.cost ? folded(sent.cost->micros()) + 1 : 0);
}
std::unique_ptr<receipt> unpack_receipt(unpacker& from) {
    auto sent = std::make_unique<receipt>();
    sent->route_id = static_cast<int>(from.integer());
    sent->order_id = unpack_name(from);
    sent->bx_message_id = unpack_name(from);
    if (auto const cost = from.number(); cost > 0)
        sent->cost = money::from_micros(unfolded(cost - 1));
    return sent;
}

void pack(packer& to, verification_record const& v) {
    bool const leased = v.lease_end != store_time();
    auto const head = static_cast<unsigned>(v.state) |
                      static_cast<unsigned>(v.message) << delivery_shift |
                      (v.sent ? with_receipt : 0U) | (leased ? with_lease : 0U);
    to.byte(static_cast<std::uint8_t>(head));
    to.bytes(v.id);
    pack_name(to, v.slot);
    to.number(v.sequence);
    to.time(v.admitted);
    to.time(v.expires);
    to.time(v.forgotten);
    if (leased) to.time(v.lease_end);
    to.number(v.attempts);
    to.number(v.open_attempts);
    if (v.live()) {
        to.number(v.code.key_id);
        to.bytes(v.code.value, mac_bytes_kept);
    }
    if (v.sent) pack(to, *v.sent);
    to.text(v.events.bytes());
}
void unpack(unpacker& from, verification_record& v) {
    auto const head = from.byte();
    v.state = static_cast<progress>(head & lowest_three);
    v.message = static_cast<delivery>(head >> delivery_shift & lowest_three);
    from.bytes(v.id);
    v.slot = unpack_name(from);
    v.sequence = from.number_as<std::uint32_t>();
    v.admitted = from.time();
    v.expires = from.time();
    v.forgotten = from.time();
    if ((head & with_lease) != 0) v.lease_end = from.time();
    v.attempts = from.number_as<std::uint32_t>();
    v.open_attempts = from.number_as<std::uint32_t>();
    if (v.live()) {
        v.code.key_id = from.number_as<std::uint32_t>();
        from.bytes(v.code.value, mac_bytes_kept);
    }
    if ((head & with_receipt) != 0) v.sent = unpack_receipt(from);
    v.events = event_log(from.text());
}

void pack(packer& to, counter const& c) {
    pack_name(to, c.name);
    to.time(c.busy_until);
}
void unpack(unpacker& from, counter& c) {
    c.name = unpack_name(from);
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

void pack(packer& to, budget_sum const& b) {
    pack_name(to, b.name);
    to.integer(b.taken);
    to.time(b.expires);
}
void unpack(unpacker& from, budget_sum& b) {
    b.name = unpack_name(from);
    b.taken = from.integer();
    b.expires = from.time();
}

template <class Part>
void pack_all(packer& to, std::vector<Part> const& list) {
    to.number(list.size());
    for (auto const& each : list)
        pack(to, each);
}
template <class Part>
void unpack_all(unpacker& from, std::vector<Part>& list) {
    list.resize(from.number());
    for (auto& each : list)
        unpack(from, each);
}

template <class Part>
void unpack_one(unpacker& from, std::unique_ptr<Part>& part) {
    part = std::make_unique<Part>();
    unpack(from, *part);
}

} // namespace

void keep_half(code_mac& code) noexcept {
    std::ranges::fill(code.value.begin() + mac_bytes_kept, code.value.end(), std::byte());
}

void pack(subject_state const& state, std::string& text) {
    packer to(text);
    to.byte(parts_of(state));
    if (!state.verifications.empty()) pack_all(to, state.verifications);
    if (!state.counters.empty()) pack_all(to, state.counters);
    if (state.cooldown) pack(to, *state.cooldown);
    if (state.guesses) pack(to, *state.guesses);
    if (state.watched) pack(to, *state.watched);
    if (state.once) pack(to, *state.once);
    if (!state.budgets.all().empty()) pack_all(to, state.budgets.all());
}

std::size_t unpack(char const* bytes, subject_state& state) {
    unpacker from(bytes);
    auto const parts = from.byte();
    if ((parts & some_verifications) != 0) unpack_all(from, state.verifications);
    if ((parts & some_counters) != 0) unpack_all(from, state.counters);
    if ((parts & a_cooldown) != 0) unpack_one(from, state.cooldown);
    if ((parts & a_guess_tally) != 0) unpack_one(from, state.guesses);
    if ((parts & a_watch) != 0) unpack_one(from, state.watched);
    if ((parts & a_once_record) != 0) unpack_one(from, state.once);
    if ((parts & some_budgets) != 0) {
        std::vector<budget_sum> sums;
        unpack_all(from, sums);
        for (auto& each : sums)
            state.budgets.put(std::move(each));
    }
    return static_cast<std::size_t>(from.position() - bytes);
}

} // namespace otpd::store
