#include "state/shared_state.hpp"

#include <algorithm>

namespace otpd::store::state {

namespace {

/// More than limits have names. Beyond this, idle fields are dropped.
constexpr std::size_t fields_wanted = 64;

constexpr unsigned with_guard = 1;
constexpr unsigned with_sum_end = 2;
constexpr unsigned all_parts = with_guard | with_sum_end;

/// An upper bound for seconds since 1970, until 2200.
constexpr std::uint64_t period_max = 7'300'000'000;
constexpr std::uint64_t typing_max = 3600;

constexpr std::chrono::seconds hour_length{3600};

void move(field const& from, field& to) noexcept {
    to.stored = from.stored;
    to.current = from.current;
    to.source = from.source;
}
void zero(field& field) noexcept {
    field.stored = field.current = 0;
    field.source = field::nothing;
}

std::int64_t checked(reader& reader, std::int64_t value) noexcept {
    if (value < 0 || value > value_max) reader.fail();
    return reader.ok() ? value : 0;
}

void write(writer& to, guard_periods const& guard) {
    to.number(static_cast<std::uint64_t>(guard.hour));
    to.number(static_cast<std::uint64_t>(guard.recent));
    to.number(static_cast<std::uint64_t>(guard.typing.count()));
    to.byte(guard.fields_at);
}
void read(reader& reader, guard_periods& guard) {
    guard.hour = static_cast<std::int64_t>(reader.number(period_max));
    guard.recent = static_cast<std::int64_t>(reader.number(period_max));
    guard.typing = std::chrono::seconds(reader.number(typing_max));
    if (guard.typing == std::chrono::seconds(0)) reader.fail();
    guard.fields_at = reader.byte();
}

/// Whether the field at that place is one of the guard's.
bool is_of_guard(std::optional<guard_periods> const& guard, std::size_t place) noexcept {
    return guard && place >= guard->fields_at &&
           place - guard->fields_at < field_name::of_guard.size();
}

} // namespace

std::int64_t period_of(store_time at, std::chrono::seconds length) noexcept {
    return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()) / length;
}

void shared_state::clear() noexcept {
    fields.clear();
    guard.reset();
    sum_end = {};
}

std::int64_t shared_state::value(std::string_view name) const noexcept {
    auto const* const found = find(name);
    return found == nullptr ? 0 : found->current;
}

field& shared_state::add_field(std::string_view name) {
    if (auto* const there = find(name)) return *there;
    return fields.emplace_back(field{name, 0, 0, field::nothing});
}

bool shared_state::add_guard(store_time now, std::chrono::seconds typing) {
    if (guard && guard->typing == typing) return false;
    if (!guard) {
        guard.emplace().fields_at = static_cast<std::uint8_t>(fields.size());
        guard->hour = period_of(now, hour_length);
        for (auto const name : field_name::of_guard)
            add_field(name);
    }
    guard->typing = typing;
    guard->recent = period_of(now, typing);
    return true;
}

/// A clock that went back changes no count: counts of a later period count in this one.
bool shared_state::roll(std::size_t window_at, std::int64_t& period, std::int64_t now) noexcept {
    if (period == now) return false;
    auto const at = [&](std::size_t n) -> field& {
        return fields[guard->fields_at + window_at + n];
    };
    constexpr std::size_t sent = 0;
    constexpr std::size_t typed = 2;
    for (auto const present : {sent, typed}) {
        if (now < period) break;
        if (now == period + 1)
            move(at(present), at(present + 1));
        else
            zero(at(present + 1));
        zero(at(present));
    }
    period = now;
    return true;
}

void shared_state::drop_idle(store_time now) {
    auto const is_idle = [now](field const& field) {
        return field.name.find('.') == field.name.npos &&
               field.current <= now.time_since_epoch().count();
    };
    if (guard)
        guard->fields_at = static_cast<std::uint8_t>(
            guard->fields_at -
            std::count_if(fields.begin(), fields.begin() + guard->fields_at, is_idle));
    std::erase_if(fields, is_idle);
}

bool shared_state::advance(store_time now) {
    bool changed = false;
    if (sum_end != store_time() && sum_end <= now) {
        clear();
        changed = true;
    }
    if (guard) {
        changed = roll(hour_at, guard->hour, period_of(now, hour_length)) || changed;
        changed = roll(recent_at, guard->recent, period_of(now, guard->typing)) || changed;
    }
    if (sum_end == store_time() && fields.size() > fields_wanted) {
        drop_idle(now);
        changed = true;
    }
    return changed;
}

void encode(std::string& to, shared_state const& state, version written) {
    writer out(to);
    write_header(out, written, format::shared_1);
    out.byte(static_cast<std::uint8_t>(state.fields.size()));
    for (auto const& field : state.fields)
        out.fixed(field.stored);
    out.byte(static_cast<std::uint8_t>((state.guard ? with_guard : 0U) |
                                       (state.sum_end != store_time() ? with_sum_end : 0U)));
    if (state.guard) write(out, *state.guard);
    if (state.sum_end != store_time()) out.time(state.sum_end, first_time);
    for (std::size_t n = 0; n < state.fields.size(); ++n)
        if (!is_of_guard(state.guard, n)) out.text(state.fields[n].name);
}

bool decode(std::string_view blob, shared_state& state) {
    state.clear();
    reader reader(blob);
    static_cast<void>(read_header(reader, format::shared_1));
    auto const values = reader.plain(std::uint64_t{8} * reader.byte());
    state.fields.resize(values.size() / 8);
    for (std::size_t n = 0; n < state.fields.size(); ++n) {
        auto const* const bytes = reinterpret_cast<unsigned char const*>(values.data() + 8 * n);
        auto& field = state.fields[n];
        field.stored = field.current = checked(reader, boost::endian::load_little_s64(bytes));
        field.source = static_cast<std::int16_t>(n);
    }
    auto const parts = reader.byte();
    if ((parts & ~all_parts) != 0) reader.fail();
    if ((parts & with_guard) != 0) read(reader, state.guard.emplace());
    if ((parts & with_sum_end) != 0) state.sum_end = reader.time(first_time);
    if (state.guard && state.guard->fields_at + field_name::of_guard.size() > state.fields.size())
        reader.fail();
    for (std::size_t n = 0; n < state.fields.size() && reader.ok(); ++n)
        state.fields[n].name = is_of_guard(state.guard, n)
                                   ? field_name::of_guard[n - state.guard->fields_at]
                                   : reader.text();
    if (reader.is_complete()) return true;
    state.clear();
    return false;
}

} // namespace otpd::store::state
