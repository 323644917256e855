#pragma once

/// Values as one text: each is preceded by its length, "5:login2:-1".

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

namespace otpd::otp {

class field_writer {
public:
    field_writer& add(std::string_view text) {
        text_.append(std::to_string(text.size())).append(":").append(text);
        return *this;
    }
    field_writer& add(char const* text) { return add(std::string_view(text)); }
    field_writer& add(std::int64_t number) { return add(std::to_string(number)); }
    [[nodiscard]] std::string const& text() const noexcept { return text_; }

private:
    std::string text_;
};

/// After the first malformed value, all are empty or 0 and is_complete() is false.
class field_reader {
public:
    explicit field_reader(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] bool is_complete() const noexcept { return ok_ && rest_.empty(); }
    void fail() noexcept {
        ok_ = false;
        rest_ = {};
    }
    std::string_view text() noexcept {
        auto const colon = rest_.find(':');
        auto const size = whole<std::size_t>(rest_.substr(0, colon));
        if (colon == std::string_view::npos || size > rest_.size() - colon - 1) fail();
        if (!ok_) return {};
        auto const value = rest_.substr(colon + 1, size);
        rest_.remove_prefix(colon + 1 + size);
        return value;
    }
    template <class Int = std::int64_t>
    Int number(Int min = std::numeric_limits<Int>::min(),
               Int max = std::numeric_limits<Int>::max()) noexcept {
        auto const value = whole<Int>(text());
        if (value < min || value > max) fail();
        return ok_ ? value : Int{};
    }

private:
    /// Accepts one spelling only.
    template <class Int>
    Int whole(std::string_view digits) noexcept {
        Int value{};
        auto const [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        bool const is_plain =
            digits == "0" || (!digits.starts_with('0') && !digits.starts_with("-0"));
        if (error != std::errc() || end != digits.data() + digits.size() || !is_plain) fail();
        return ok_ ? value : Int{};
    }

    std::string_view rest_;
    bool ok_ = true;
};

} // namespace otpd::otp
