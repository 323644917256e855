#include "sqlite_codec.hpp"

#include "sqlite_database.hpp"

#include <algorithm>
#include <charconv>
#include <concepts>
#include <span>
#include <utility>

namespace otpd::store {

namespace {

[[noreturn]] void corrupt() {
    throw sqlite_error(SQLITE_CORRUPT, "an item cannot be read");
}

/// Stands for an empty text and for what is not there.
constexpr std::string_view nothing = "-";

std::string hex(std::span<std::byte const> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (auto const byte : bytes) {
        text += digits[std::to_integer<std::size_t>(byte) >> 4U];
        text += digits[std::to_integer<std::size_t>(byte) & 0xfU];
    }
    return text;
}

void unhex(std::string_view text, std::span<std::byte> to) {
    if (text.size() != 2 * to.size()) corrupt();
    for (std::size_t i = 0; i < to.size(); ++i) {
        std::uint8_t value = 0;
        auto const* const begin = text.data() + 2 * i;
        auto const [end, error] = std::from_chars(begin, begin + 2, value, 16);
        if (error != std::errc() || end != begin + 2) corrupt();
        to[i] = std::byte(value);
    }
}

class writer {
public:
    writer& operator<<(std::integral auto value) { return put(std::to_string(value)); }
    writer& operator<<(store_time at) { return *this << at.time_since_epoch().count(); }
    template <class Enum>
        requires std::is_enum_v<Enum>
    writer& operator<<(Enum value) {
        return *this << static_cast<unsigned>(value);
    }
    writer& operator<<(std::string const& text) {
        return put(text.empty() ? std::string(nothing) : hex(std::as_bytes(std::span(text))));
    }
    template <std::size_t Size>
    writer& operator<<(std::array<std::byte, Size> const& bytes) {
        return put(hex(bytes));
    }
    writer& none() { return put(nothing); }
    /// A text that is not empty for sure and may be anything without spaces.
    writer& as_it_is(std::string const& text) { return put(text); }

    std::string take() { return std::move(text_); }

private:
    writer& put(std::string_view word) {
        if (!text_.empty()) text_ += ' ';
        text_ += word;
        return *this;
    }
    std::string text_;
};

class reader {
public:
    explicit reader(std::string_view text) noexcept : rest_(text) {}
    /// All must have been read by then.
    void end() const {
        if (!rest_.empty()) corrupt();
    }

    template <std::integral T>
    reader& operator>>(T& value) {
        auto const text = word();
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size()) corrupt();
        return *this;
    }
    reader& operator>>(bool& value) {
        value = number<unsigned>() != 0;
        return *this;
    }
    reader& operator>>(store_time& at) {
        at = store_time(store_time::duration(number<store_time::rep>()));
        return *this;
    }
    reader& operator>>(std::string& text) {
        auto const from = word();
        text.resize(from == nothing ? 0 : from.size() / 2);
        if (from != nothing) unhex(from, std::as_writable_bytes(std::span(text)));
        return *this;
    }
    template <std::size_t Size>
    reader& operator>>(std::array<std::byte, Size>& bytes) {
        unhex(word(), bytes);
        return *this;
    }
    template <std::integral T>
    T number() {
        T value{};
        *this >> value;
        return value;
    }
    template <class Enum>
    void one_of(Enum& value, Enum last) {
        auto const read = number<unsigned>();
        if (read > static_cast<unsigned>(last)) corrupt();
        value = static_cast<Enum>(read);
    }
    /// Whether there is something left to read.
    [[nodiscard]] bool more() const noexcept { return !rest_.empty(); }
    std::string as_it_is() { return std::string(word()); }
    /// Skips a word that says that there is nothing.
    bool none() {
        auto const before = rest_;
        if (word() == nothing) return true;
        rest_ = before;
        return false;
    }

private:
    std::string_view word() {
        auto const size = std::min(rest_.find(' '), rest_.size());
        auto const found = rest_.substr(0, size);
        if (found.empty()) corrupt();
        rest_.remove_prefix(std::min(size + 1, rest_.size()));
        return found;
    }
    std::string_view rest_;
};

// --- one item each way: both sides of a kind stay beside each other ---------------------------------

std::string write(code_mac const& code) {
    return (writer() << code.key_id << code.value).take();
}
void read(std::string_view data, code_mac& code) {
    reader from(data);
    (from >> code.key_id >> code.value).end();
}

void write(writer& to, kept_receipt const& kept) {
    to << static_cast<bool>(kept);
    if (!kept) return;
    auto const sent = kept.get();
    to << sent.route_id << sent.order_id << sent.bx_message_id;
    if (sent.cost)
        to << sent.cost->micros();
    else
        to.none();
}
void read(reader& from, kept_receipt& kept) {
    bool there = false;
    from >> there;
    if (!there) return;
    receipt sent;
    from >> sent.route_id >> sent.order_id >> sent.bx_message_id;
    if (!from.none()) sent.cost = money::from_micros(from.number<std::int64_t>());
    kept = kept_receipt(sent);
}

/// At the end and only when there are some: rows of before they came have none.
constexpr char before_details = ':';
void write_details(writer& to, std::vector<event_record> const& events) {
    if (std::ranges::all_of(events, &std::string::empty, &event_record::details)) return;
    for (auto const& each : events)
        to.as_it_is(before_details + each.details);
}
void read_details(reader& from, std::vector<event_record>& events) {
    if (!from.more()) return;
    for (auto& each : events) {
        each.details = from.as_it_is();
        if (each.details.front() != before_details) corrupt();
        each.details.erase(0, 1);
    }
}

std::string write(verification_record const& v) {
    writer to;
    to << v.sequence << v.state << v.message << v.admitted << v.expires << v.lease_end << v.attempts
       << v.open_attempts << v.slot;
    write(to, v.sent);
    auto const events = v.events.all();
    to << events.size();
    for (auto const& each : events)
        to << each.what << v.admitted + each.after;
    write_details(to, events);
    return to.take();
}
void read(std::string_view data, verification_record& v) {
    reader from(data);
    from >> v.sequence;
    from.one_of(v.state, progress::expired);
    from.one_of(v.message, delivery::failed);
    from >> v.admitted >> v.expires >> v.lease_end >> v.attempts >> v.open_attempts >> v.slot;
    read(from, v.sent);
    std::vector<event_record> events;
    for (auto count = from.number<std::size_t>(); count > 0; --count) {
        event_record each;
        store_time at;
        from.one_of(each.what, event_kind::delivery);
        from >> at;
        each.after = at - v.admitted;
        events.push_back(std::move(each));
    }
    read_details(from, events);
    for (auto const& each : events)
        v.events.add(each.what, each.after, each.details);
    from.end();
}

std::string write(guess_tally const& g) {
    return (writer() << g.open << g.held << g.open_from << g.held_from).take();
}
void read(std::string_view data, guess_tally& g) {
    reader from(data);
    (from >> g.open >> g.held >> g.open_from >> g.held_from).end();
}

std::string write(cooldown_state const& c) {
    return (writer() << c.sends << c.pause_until).take();
}
void read(std::string_view data, cooldown_state& c) {
    reader from(data);
    (from >> c.sends >> c.pause_until).end();
}

std::string write(watch_state const& w) {
    writer to;
    to << w.hour << w.sent_now << w.sent_before << w.verified_now << w.verified_before << w.day;
    for (auto const count : w.verified)
        to << count;
    return (to << w.blocked_until).take();
}
void read(std::string_view data, watch_state& w) {
    reader from(data);
    from >> w.hour >> w.sent_now >> w.sent_before >> w.verified_now >> w.verified_before >> w.day;
    for (auto& count : w.verified)
        from >> count;
    (from >> w.blocked_until).end();
}

std::string write(once_record const& o) {
    return (writer() << o.fingerprint << o.lease_end << o.settled << o.reply).take();
}
void read(std::string_view data, once_record& o) {
    reader from(data);
    (from >> o.fingerprint >> o.lease_end >> o.settled >> o.reply).end();
}

std::int64_t read_sum(std::string_view data) {
    reader from(data);
    auto const sum = from.number<std::int64_t>();
    from.end();
    return sum;
}

template <class Part>
Part read_part(stored_item const& item, store_time Part::* expires) {
    Part part;
    read(item.data, part);
    part.*expires = item.expires;
    return part;
}

verification_record read_verification(stored_item const& item) {
    verification_record known;
    unhex(item.name, known.id);
    known.forgotten = item.expires;
    read(item.data, known);
    return known;
}

/// The code of a verification that can still be verified has a row of its own; one whose row was swept
/// has expired.
void give_codes(subject_state& state, std::vector<stored_item> const& items) {
    for (auto& each : state.verifications) {
        if (!each.live()) continue;
        auto const name = hex(each.id);
        auto const found = std::ranges::find_if(items, [&](stored_item const& item) {
            return item.kind == item_kind::code && item.name == name;
        });
        if (found == items.end())
            each.end(progress::expired);
        else
            read(found->data, each.code);
    }
}

} // namespace

std::vector<stored_item> encode(subject_state const& state) {
    std::vector<stored_item> items;
    for (auto const& each : state.verifications) {
        auto name = hex(each.id);
        if (each.live()) items.push_back({item_kind::code, name, each.expires, write(each.code)});
        items.push_back({item_kind::verification, std::move(name), each.forgotten, write(each)});
    }
    for (auto const& each : state.counters)
        items.push_back({item_kind::counter, each.name, each.busy_until, {}});
    for (auto const& each : state.budgets.all())
        items.push_back(
            {item_kind::budget, each.name, each.expires, (writer() << each.taken).take()});
    if (auto const& part = state.guesses)
        items.push_back({item_kind::guesses, {}, part->expires, write(*part)});
    if (auto const& part = state.cooldown)
        items.push_back({item_kind::cooldown, {}, part->streak_until, write(*part)});
    if (auto const& part = state.watched)
        items.push_back({item_kind::watch, {}, part->expires, write(*part)});
    if (auto const& part = state.once)
        items.push_back({item_kind::once, {}, part->expires, write(*part)});
    return items;
}

subject_state decode(std::vector<stored_item> const& items) {
    subject_state state;
    for (auto const& item : items) {
        switch (item.kind) {
        case item_kind::code:
            break; // with its verification
        case item_kind::verification:
            state.verifications.push_back(read_verification(item));
            break;
        case item_kind::counter:
            state.counters.push_back(counter{item.name, item.expires});
            break;
        case item_kind::guesses:
            state.guesses = read_part(item, &guess_tally::expires);
            break;
        case item_kind::cooldown:
            state.cooldown = read_part(item, &cooldown_state::streak_until);
            break;
        case item_kind::watch:
            state.watched = read_part(item, &watch_state::expires);
            break;
        case item_kind::once:
            state.once = read_part(item, &once_record::expires);
            break;
        case item_kind::budget:
            state.budgets.put(budget_sum{item.name, read_sum(item.data), item.expires});
            break;
        default:
            corrupt();
        }
    }
    std::ranges::sort(state.verifications, {}, &verification_record::sequence);
    give_codes(state, items);
    return state;
}

} // namespace otpd::store
