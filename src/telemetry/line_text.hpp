#pragma once

/// The buffer in which a log line is built. It is large enough for the longest line, so appending
/// never allocates.

#include "otpd/telemetry/log.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace otpd::telemetry {

class line_text {
public:
    line_text() noexcept {} // NOLINT(modernize-use-equals-default): leaves the memory uninitialised
    line_text(line_text const&) = delete;
    line_text& operator=(line_text const&) = delete;

    void clear() noexcept { size_ = 0; }
    /// Shortens the text to an earlier size.
    void cut(std::size_t size) noexcept { size_ = size; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

    void add(char c) noexcept { bytes_[size_++] = c; }
    void add(std::string_view text) noexcept {
        std::memcpy(end(), text.data(), text.size());
        size_ += text.size();
    }
    template <class Number>
    void add_number(Number value) noexcept {
        auto const written = std::to_chars(end(), end() + number_bytes_max, value);
        size_ = static_cast<std::size_t>(written.ptr - bytes_.data());
    }
    /// Appends `text` in quotes, escaped, and cut off after max_field_bytes.
    void add_quoted(std::string_view text);

private:
    static constexpr std::size_t number_bytes_max = 32;
    /// Appends `text` unchanged if nothing in it needs escaping.
    bool add_plain(std::string_view text) noexcept;
    void add_escaped(std::string_view text);
    [[nodiscard]] char* end() noexcept { return bytes_.data() + size_; }

    /// The last field may begin at max_line_bytes, and its value may consist of \u escapes.
    static constexpr std::size_t escape_bytes = 6;
    /// Time, level, field name and end of the line.
    static constexpr std::size_t rest_bytes_max = 512;
    std::array<char, max_line_bytes + (escape_bytes * max_field_bytes) + rest_bytes_max> bytes_;
    std::size_t size_ = 0;
};

/// Appends the fields of a line, without its time and level. Fields beyond max_line_bytes are
/// omitted.
void add_fields(line_text& line, std::string_view event, std::span<field const> fields);

} // namespace otpd::telemetry
