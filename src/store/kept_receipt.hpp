#pragma once

/// A receipt as it is kept: in few bytes, looked into only when somebody asks.

#include "otpd/store/verification.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otpd::store {

/// None, at first.
class kept_receipt {
public:
    kept_receipt() = default;
    explicit kept_receipt(receipt const& what);
    /// Of bytes that begin with what bytes() gave; they have to stay as long as this and its copies.
    [[nodiscard]] static kept_receipt at(char const* bytes) noexcept;

    explicit operator bool() const noexcept { return !bytes().empty(); }
    /// There is one.
    [[nodiscard]] receipt get() const;

    /// They say themselves where they end.
    [[nodiscard]] std::string_view bytes() const noexcept { return own_.empty() ? others_ : own_; }

private:
    std::string own_;
    std::string_view others_;
};

} // namespace otpd::store
