#pragma once

/// A receipt in few bytes, unpacked only on demand.

#include "otpd/store/verification.hpp"
#include "state/bytes.hpp"

#include <string>
#include <string_view>

namespace otpd::store::state {

/// Without a receipt at first.
class packed_receipt {
public:
    packed_receipt() = default;
    explicit packed_receipt(receipt const& receipt);
    /// Reads what begins with bytes(); fails the reader if it is malformed. The bytes must live as
    /// long as this object and its copies.
    [[nodiscard]] static packed_receipt read(reader& reader);

    explicit operator bool() const noexcept { return !bytes().empty(); }
    /// Requires that there is a receipt.
    [[nodiscard]] receipt get() const;

    /// The bytes are self-delimiting.
    [[nodiscard]] std::string_view bytes() const noexcept { return own_.empty() ? kept_ : own_; }

private:
    std::string own_;
    std::string_view kept_;
};

} // namespace otpd::store::state
