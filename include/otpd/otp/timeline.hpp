#pragma once

/// The details of a timeline's event, as one text that a store can keep without understanding it
/// (store::details_max): `route_id=8,price=51000u,reason=vendor_failed`.
///
/// Names are [a-z_]+. Values are texts with everything but [A-Za-z0-9._:-] percent-encoded, whole
/// numbers with an `i` behind them, money in millionths with a `u`, and booleans with a `b`: `3i`,
/// `51000u`, `trueb`. A text that would look like one of these has its last character encoded as
/// well.

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
    details_writer& add(std::string_view name, std::string_view text); ///< not when it is empty
    details_writer& add(std::string_view name, char const* text) {
        return add(name, std::string_view(text));
    }
    details_writer& add(std::string_view name, std::int64_t number);
    details_writer& add(std::string_view name, int number) {
        return add(name, static_cast<std::int64_t>(number));
    }
    details_writer& add(std::string_view name, money amount);
    details_writer& add(std::string_view name, bool flag);

    /// What did not fit into store::details_max is left out, whole details at a time.
    [[nodiscard]] std::string const& text() const noexcept { return text_; }

private:
    void append(std::string_view name, std::string const& value);
    std::string text_;
};

/// Skips what it cannot read.
[[nodiscard]] std::vector<detail> read_details(std::string_view text);

} // namespace otpd::otp
