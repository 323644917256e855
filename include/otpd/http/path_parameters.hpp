#pragma once

/// The variable segments of a path, and their conversion to handler arguments.

#include "otpd/core/encoding.hpp"

#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::http {

/// Percent-decoded segments, left to right. The object is reused for each request.
class path_parameters {
public:
    static constexpr std::size_t max_count = 4;

    void clear() noexcept { count_ = 0; }
    /// Decodes `segment`. Its escapes must be well-formed; the request parser has checked them.
    void append(std::string_view segment);
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept {
        assert(i < count_);
        return values_[i];
    }

private:
    std::array<std::string, max_count> values_;
    std::size_t count_ = 0;
};

/// Specialise it for further types: `static std::optional<T> parse(std::string_view)` returns
/// nullopt when the text is not a T. The request is then answered with 404.
template <class T>
struct path_parameter;

template <>
struct path_parameter<std::string_view> {
    static std::optional<std::string_view> parse(std::string_view text) noexcept { return text; }
};

template <>
struct path_parameter<std::string> {
    static std::optional<std::string> parse(std::string_view text) { return std::string(text); }
};

template <std::integral T>
    requires(!std::same_as<T, bool>)
struct path_parameter<T> {
    static std::optional<T> parse(std::string_view text) noexcept { return parse_number<T>(text); }
};

} // namespace otpd::http
