#pragma once

/// Writes a JSON object for a response, without building a tree. Money is written as a decimal
/// (0.087), which Boost.JSON would write as 8.7E-2.

#include "otpd/core/clock.hpp"
#include "otpd/core/decimal.hpp"
#include "otpd/core/money.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::api {

/// The text as a JSON text.
[[nodiscard]] std::string json_string(std::string_view text);
/// For members that are null instead of empty.
[[nodiscard]] inline std::optional<std::string_view> unless_empty(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

class json_writer {
public:
    json_writer() { out_.reserve(512); }

    json_writer& add(std::string_view key, std::string_view value);
    json_writer& add(std::string_view key, char const* value) {
        return add(key, std::string_view(value));
    }
    json_writer& add(std::string_view key, std::integral auto value) {
        if constexpr (std::same_as<decltype(value), bool>)
            return raw(key, value ? "true" : "false");
        else
            return add_integer(key, value);
    }
    json_writer& add(std::string_view key, money value);
    /// Writes the shortest text that parses as the same number; null for NaN and infinity.
    json_writer& add(std::string_view key, double value);
    /// Writes the time like to_timestamp() (core/utc.hpp).
    json_writer& add(std::string_view key, wall_time value);
    /// `values` are JSON texts.
    json_writer& add_array(std::string_view key, std::vector<std::string> const& values);
    /// `write` makes a JSON text of each element.
    template <class List, class Write>
    json_writer& add_array(std::string_view key, List const& list, Write write) {
        std::vector<std::string> values;
        values.reserve(list.size());
        for (auto const& entry : list)
            values.push_back(write(entry));
        return add_array(key, values);
    }
    /// `value` is a JSON text.
    json_writer& add_json(std::string_view key, std::string_view value) { return raw(key, value); }
    json_writer& add_null(std::string_view key) { return raw(key, "null"); }
    template <class T>
    json_writer& add(std::string_view key, std::optional<T> const& value) {
        return value ? add(key, *value) : add_null(key);
    }

    /// Returns the object and resets the writer.
    [[nodiscard]] std::string finish();

private:
    json_writer& add_integer(std::string_view key, std::integral auto value) {
        begin_member(key);
        append_integer(out_, value);
        return *this;
    }
    json_writer& raw(std::string_view key, std::string_view value);
    void begin_member(std::string_view key);

    std::string out_;
};

} // namespace otpd::api
