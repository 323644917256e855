#pragma once

/// A receipt in few bytes, taken apart only when somebody asks.

#include "otpd/store/verification.hpp"
#include "state/bytes.hpp"

#include <string>
#include <string_view>

namespace otpd::store::state {

/// None, at first.
class packed_receipt {
public:
    packed_receipt() = default;
    explicit packed_receipt(receipt const& receipt);
    /// What begins with bytes(); the reader fails when nothing does. The bytes have to stay as long
    /// as this and its copies.
    [[nodiscard]] static packed_receipt read(reader& reader);

    explicit operator bool() const noexcept { return !bytes().empty(); }
    /// There is one.
    [[nodiscard]] receipt get() const;

    /// They say themselves where they end.
    [[nodiscard]] std::string_view bytes() const noexcept { return own_.empty() ? kept_ : own_; }

private:
    std::string own_;
    std::string_view kept_;
};

} // namespace otpd::store::state
