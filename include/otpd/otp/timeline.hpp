#pragma once

/// The details of a timeline event, as one text that the store keeps without parsing it
/// (store::details_max): `route_id=8,price=51000u,reason=vendor_failed`.
///
/// Names are [a-z_]+. A text is percent-encoded except for [A-Za-z0-9._:-]. Integers end in `i`,
/// money in millionths ends in `u`, and booleans end in `b`: `3i`, `51000u`, `trueb`. The last
/// character of a text that looks like one of these is percent-encoded, too.

#include "otpd/core/money.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace otpd::otp {

using detail_value = std::variant<std::string, std::int64_t, money, bool>;
using detail = std::pair<std::string, detail_value>;

class details_writer {
public:
    details_writer& add(std::string_view name, std::string_view text); ///< skips an empty text
    details_writer& add(std::string_view name, char const* text) {
        return add(name, std::string_view(text));
    }
    details_writer& add(std::string_view name, std::int64_t number);
    details_writer& add(std::string_view name, int number) {
        return add(name, static_cast<std::int64_t>(number));
    }
    details_writer& add(std::string_view name, money amount);
    details_writer& add(std::string_view name, bool flag);

    /// Details that do not fit into store::details_max are omitted as a whole.
    [[nodiscard]] std::string const& text() const noexcept { return text_; }

private:
    template <class AppendValue>
    void append(std::string_view name, AppendValue append_value);
    std::string text_;
};

/// Skips what it cannot parse.
[[nodiscard]] std::vector<detail> read_details(std::string_view text);

} // namespace otpd::otp
