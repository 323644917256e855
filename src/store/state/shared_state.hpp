#pragma once

/// Counts that many steps share: of a prefix, a country, a client, everybody, an address, a budget
/// or the scores of routes. A shared state has some named integers, which backends add to in place
/// without knowing their meaning, and a structure that names them. The version is that of the
/// structure: additions do not change it.
///
/// Stored form: version, format, the number of integers (one byte), each integer in 8 bytes with
/// the least significant first, and the rest.

#include "state/blob.hpp"
#include "store_time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store::state {

/// The positions of the integers in a stored shared state.
inline constexpr std::size_t field_count_at = header_size;
inline constexpr std::size_t fields_at = header_size + 1;
inline constexpr std::size_t fields_max = 255;

/// A field is from 0 to this: a time until 2255, a count, or an amount in millionths. Every backend
/// can count exactly up to it, and sums of a few do not overflow.
inline constexpr std::int64_t value_max = std::int64_t{1} << 53U;

/// Limits have fields with their own names, which contain no dot.
namespace field_name {
inline constexpr std::string_view sum = "sum.taken";

/// The window of a conversion guard: the current period and the previous one.
struct window {
    std::string_view sent;
    std::string_view sent_before;
    std::string_view typed;
    std::string_view typed_before;
};
inline constexpr window hour{"hour.sent", "hour.sent_before", "hour.typed", "hour.typed_before"};
inline constexpr window recent{"recent.sent", "recent.sent_before", "recent.typed",
                               "recent.typed_before"};

/// The fields of a guard, in order. They are adjacent, and their names are not stored.
inline constexpr std::array<std::string_view, 8> of_guard{
    hour.sent,   hour.sent_before,   hour.typed,   hour.typed_before,
    recent.sent, recent.sent_before, recent.typed, recent.typed_before};
} // namespace field_name

/// The positions of a guard's windows among its fields.
inline constexpr std::size_t hour_at = 0;
inline constexpr std::size_t recent_at = 4;

struct field {
    /// The source of a field that is not made from a stored one.
    static constexpr std::int16_t nothing = -1;

    std::string_view name;    ///< a view of the bytes that the state was read from, or of a request
    std::int64_t stored = 0;  ///< the last known value: others add to it meanwhile
    std::int64_t current = 0; ///< including the additions so far
    std::int16_t source = nothing; ///< the index of its value among the stored fields
};

/// The periods that the fields of a conversion guard belong to.
struct guard_periods {
    std::int64_t hour = 0;            ///< since 1970, like `recent`
    std::int64_t recent = 0;          ///< in units of `typing`
    std::chrono::seconds typing{120}; ///< > 0
    std::uint8_t fields_at = 0;       ///< the index of the first of its fields

    friend bool operator==(guard_periods const&, guard_periods const&) = default;
};

struct shared_state {
    std::vector<field> fields;
    std::optional<guard_periods> guard;
    store_time sum_end; ///< of a budget or scores: when they are forgotten; 0 otherwise

    void clear() noexcept;
    [[nodiscard]] field* find(std::string_view name) noexcept {
        return find_in(fields, &field::name, name);
    }
    [[nodiscard]] field const* find(std::string_view name) const noexcept {
        return find_in(fields, &field::name, name);
    }
    /// The current value; 0 if there is no such field.
    [[nodiscard]] std::int64_t value(std::string_view name) const noexcept;
    /// Adds the field unless it exists.
    field& add_field(std::string_view name);
    /// Adds a guard's fields for the periods of `now`. If `typing` has changed, earlier counts move
    /// to the current period. Returns whether the structure changed.
    bool add_guard(store_time now, std::chrono::seconds typing);

    /// Advances the state to `now`: an ended sum is forgotten, and a guard moves to the current
    /// periods. Returns whether the structure changed. Call before any addition.
    bool advance(store_time now);

private:
    bool roll(std::size_t window_at, std::int64_t& period, std::int64_t now) noexcept;
    void drop_idle(store_time now);
};

/// Appends the state with its stored values.
void encode(std::string& to, shared_state const& state, version written);
/// Returns false and an empty `state` if the bytes are no shared state, or have an unknown format.
/// The bytes must live as long as the state: see field::name.
[[nodiscard]] bool decode(std::string_view blob, shared_state& state);

/// The number of the period of this length that contains `at`, since 1970.
[[nodiscard]] std::int64_t period_of(store_time at, std::chrono::seconds length) noexcept;

} // namespace otpd::store::state
