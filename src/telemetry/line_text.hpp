#pragma once

/// Where a log line is put together: as much memory as the longest one takes, so that what is added
/// never asks for room.

#include "otpd/telemetry/log.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace otpd::telemetry {

class line_text {
public:
    line_text() noexcept {} // NOLINT(modernize-use-equals-default): leaves the memory as it is
    line_text(line_text const&) = delete;
    line_text& operator=(line_text const&) = delete;

    void clear() noexcept { size_ = 0; }
    /// To a size that it had before.
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
    /// In quotes, escaped where it must be, and cut after max_field_bytes.
    void add_quoted(std::string_view text);

private:
    static constexpr std::size_t number_bytes_max = 32;
    /// `text` as it is, if nothing in it has to be escaped.
    bool add_plain(std::string_view text) noexcept;
    void add_escaped(std::string_view text);
    [[nodiscard]] char* end() noexcept { return bytes_.data() + size_; }

    /// Before the last field there may be max_line_bytes, and its value may consist of \u escapes.
    static constexpr std::size_t escape_bytes = 6;
    static constexpr std::size_t rest_bytes_max =
        512; ///< time, level, the name of a field, the end
    std::array<char, max_line_bytes + (escape_bytes * max_field_bytes) + rest_bytes_max> bytes_;
    std::size_t size_ = 0;
};

/// The fields of a line, without its time and level. Those that go past max_line_bytes are left
/// out.
void add_fields(line_text& line, std::string_view event, std::span<field const> fields);

} // namespace otpd::telemetry
