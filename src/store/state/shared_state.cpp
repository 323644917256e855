#include "state/shared_state.hpp"

#include <algorithm>

namespace otpd::store::state {

namespace {

/// More than limits have names: then those that are idle go.
constexpr std::size_t fields_wanted = 64;

constexpr unsigned with_guard = 1;
constexpr unsigned with_sum_end = 2;
constexpr unsigned all_parts = with_guard | with_sum_end;

/// Whoever counts hours from 1970 stays below this until 2200.
constexpr std::int64_t period_max = 2'100'000;

template <class Period>
std::int64_t periods(store_time at) noexcept {
    return std::chrono::floor<Period>(at.time_since_epoch()).count();
}

template <class Fields>
auto* find_in(Fields& fields, std::string_view name) noexcept {
    auto const found = std::ranges::find(fields, name, &field::name);
    return found == fields.end() ? nullptr : &*found;
}

void set(field& of, std::int64_t value) noexcept {
    of.stored = of.current = value;
}

std::int64_t checked(reader& from, std::int64_t value) noexcept {
    if (value < 0 || value > value_max) from.fail();
    return from.ok() ? value : 0;
}

void write(writer& to, guard_periods const& guard) {
    to.integer(guard.hour);
    to.integer(guard.day);
    to.integer(guard.verified_hour_before);
    for (auto const each : guard.verified_days)
        to.integer(each);
}
void read(reader& from, guard_periods& guard) {
    guard.hour = from.integer();
    guard.day = from.integer();
    if (guard.hour < 0 || guard.hour > period_max || guard.day < 0 || guard.day > period_max)
        from.fail();
    guard.verified_hour_before = checked(from, from.integer());
    for (auto& each : guard.verified_days)
        each = checked(from, from.integer());
}

} // namespace

std::int64_t hour_of(store_time at) noexcept {
    return periods<std::chrono::hours>(at);
}

std::int64_t day_of(store_time at) noexcept {
    return periods<std::chrono::days>(at);
}

void shared_state::clear() noexcept {
    fields.clear();
    guard.reset();
    sum_end = {};
}

field* shared_state::find(std::string_view name) noexcept {
    return find_in(fields, name);
}

field const* shared_state::find(std::string_view name) const noexcept {
    return find_in(fields, name);
}

std::int64_t shared_state::value(std::string_view name) const noexcept {
    auto const* const found = find(name);
    return found == nullptr ? 0 : found->current;
}

field& shared_state::add_field(std::string_view name) {
    if (auto* const there = find(name)) return *there;
    return fields.emplace_back(field{name, 0, 0});
}

void shared_state::add_guard(store_time now) {
    if (guard) return;
    guard.emplace();
    guard->hour = hour_of(now);
    guard->day = day_of(now);
    for (auto const name :
         {field_name::sent, field_name::sent_before, field_name::verified,
          field_name::verified_today, field_name::blocked_until})
        add_field(name);
}

/// A clock that went back changes no count: what was counted in a later hour counts in this one.
bool shared_state::roll_hour(std::int64_t this_hour) noexcept {
    if (guard->hour == this_hour) return false;
    if (this_hour > guard->hour) {
        bool const next = this_hour == guard->hour + 1;
        auto* const sent = find(field_name::sent);
        auto* const verified = find(field_name::verified);
        set(*find(field_name::sent_before), next ? sent->current : 0);
        guard->verified_hour_before = next ? verified->current : 0;
        set(*sent, 0);
        set(*verified, 0);
    }
    guard->hour = this_hour;
    return true;
}

bool shared_state::roll_day(std::int64_t today) noexcept {
    if (guard->day == today) return false;
    auto& days = guard->verified_days;
    auto* const verified = find(field_name::verified_today);
    auto const passed = std::min<std::int64_t>(today - guard->day, days.size() + 1);
    for (std::int64_t n = 0; n < passed; ++n) {
        std::copy_backward(days.begin(), days.end() - 1, days.end());
        days.front() = verified->current;
        set(*verified, 0);
    }
    guard->day = today;
    return true;
}

bool shared_state::advance(store_time now) {
    bool changed = false;
    if (sum_end != store_time() && sum_end <= now) {
        clear();
        changed = true;
    }
    if (guard) {
        changed = roll_hour(hour_of(now)) || changed;
        changed = roll_day(day_of(now)) || changed;
    }
    if (fields.size() > fields_wanted) {
        auto const is_idle = [now](field const& each) {
            return each.name.find('.') == each.name.npos &&
                   each.current <= now.time_since_epoch().count();
        };
        changed = std::erase_if(fields, is_idle) > 0 || changed;
    }
    return changed;
}

void encode(std::string& to, shared_state const& state, version written) {
    writer out(to);
    write_header(out, written, format::shared_1);
    out.byte(static_cast<std::uint8_t>(state.fields.size()));
    for (auto const& each : state.fields)
        out.fixed(each.stored);
    for (auto const& each : state.fields)
        out.text(each.name);
    out.byte(static_cast<std::uint8_t>((state.guard ? with_guard : 0U) |
                                       (state.sum_end != store_time() ? with_sum_end : 0U)));
    if (state.guard) write(out, *state.guard);
    if (state.sum_end != store_time()) out.time(state.sum_end, first_time);
}

bool decode(std::string_view blob, shared_state& into) {
    into.clear();
    reader from(blob);
    static_cast<void>(read_header(from, format::shared_1));
    into.fields.resize(from.byte());
    for (auto& each : into.fields)
        set(each, checked(from, from.fixed()));
    for (auto& each : into.fields)
        each.name = from.text();
    auto const parts = from.byte();
    if ((parts & ~all_parts) != 0) from.fail();
    if ((parts & with_guard) != 0) {
        read(from, into.guard.emplace());
        for (auto const name :
             {field_name::sent, field_name::sent_before, field_name::verified,
              field_name::verified_today, field_name::blocked_until})
            if (into.find(name) == nullptr) from.fail();
    }
    if ((parts & with_sum_end) != 0) into.sum_end = from.time(first_time);
    if (from.is_complete()) return true;
    into.clear();
    return false;
}

} // namespace otpd::store::state
