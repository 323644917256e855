#pragma once

/// What is counted for whom many steps share: a prefix, a country, a client, everybody, an address,
/// a budget. Some named integers, which backends add to in place without knowing what they are, and
/// what tells them apart. The version is that of the structure: additions do not change it.
///
/// Stored: version, format, how many integers (one byte), each in 8 bytes with the lowest first,
/// and the rest.

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

/// Where the integers of a stored shared state are.
inline constexpr std::size_t field_count_at = header_size;
inline constexpr std::size_t fields_at = header_size + 1;
inline constexpr std::size_t fields_max = 255;

/// A field is from 0 to this: a time until 2255, a count, or an amount in millionths. Everybody can
/// count so far exactly, and sums of a few do not overflow.
inline constexpr std::int64_t value_max = std::int64_t{1} << 53U;

/// Limits have fields by their own names, which have no dot.
namespace field_name {
inline constexpr std::string_view sum = "sum.taken";

/// Of a conversion guard's window: the period that runs, and the one before.
struct window {
    std::string_view sent;
    std::string_view sent_before;
    std::string_view typed;
    std::string_view typed_before;
};
inline constexpr window hour{"hour.sent", "hour.sent_before", "hour.typed", "hour.typed_before"};
inline constexpr window recent{"recent.sent", "recent.sent_before", "recent.typed",
                               "recent.typed_before"};

/// Those of a guard, in their order: they come beside each other, and their names are not stored.
inline constexpr std::array<std::string_view, 8> of_guard{
    hour.sent,   hour.sent_before,   hour.typed,   hour.typed_before,
    recent.sent, recent.sent_before, recent.typed, recent.typed_before};
} // namespace field_name

struct field {
    /// Of one that is not made from any that is kept.
    static constexpr std::int16_t nothing = -1;

    std::string_view name; ///< looks into the bytes that the state was read from, or into a request
    std::int64_t stored = 0;       ///< as far as is known: others add to it meanwhile
    std::int64_t current = 0;      ///< with the additions so far
    std::int16_t source = nothing; ///< where its value was among the fields that are kept
};

/// Which periods the fields of a conversion guard are of.
struct guard_periods {
    std::int64_t hour = 0;            ///< since 1970, as `recent`
    std::int64_t recent = 0;          ///< in units of `typing`
    std::chrono::seconds typing{120}; ///< > 0
    std::uint8_t fields_at = 0;       ///< the first of its fields

    friend bool operator==(guard_periods const&, guard_periods const&) = default;
};

struct shared_state {
    std::vector<field> fields;
    std::optional<guard_periods> guard;
    store_time sum_end; ///< of a budget: it is forgotten then; 0 without

    void clear() noexcept;
    [[nodiscard]] field* find(std::string_view name) noexcept {
        return find_in(fields, &field::name, name);
    }
    [[nodiscard]] field const* find(std::string_view name) const noexcept {
        return find_in(fields, &field::name, name);
    }
    /// The current value; 0 when there is no such field.
    [[nodiscard]] std::int64_t value(std::string_view name) const noexcept;
    /// Makes a field, when it is not there yet.
    field& add_field(std::string_view name);
    /// Makes a guard's fields, of the periods of `now`. With another `typing` than before, what was
    /// counted counts in the period of now. True when that changed the structure.
    bool add_guard(store_time now, std::chrono::seconds typing);

    /// As it is at that time: an ended sum is forgotten, a guard is of the periods of now. True
    /// when that changed the structure. Before any addition.
    bool advance(store_time now);

private:
    bool roll(std::size_t window_at, std::int64_t& period, std::int64_t now) noexcept;
    void drop_idle(store_time now);
};

/// Appends the state with its stored values.
void encode(std::string& to, shared_state const& state, version written);
/// False when the bytes are no shared state, or one of a format that this program does not know;
/// `state` is empty then. They have to stay as long as the state: see field::name.
[[nodiscard]] bool decode(std::string_view blob, shared_state& state);

/// Which period of that length since 1970.
[[nodiscard]] std::int64_t period_of(store_time at, std::chrono::seconds length) noexcept;

} // namespace otpd::store::state
