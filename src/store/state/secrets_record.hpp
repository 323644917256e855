#pragma once

/// Which secrets the store was filled under, and its stored form. There is one.

#include "state/blob.hpp"
#include "store_time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace otpd::store::state {

struct secrets_record {
    bool is_kept = false;                   ///< there is one
    std::array<std::byte, 16> number_key{}; ///< fingerprint
    std::uint32_t signing_key = 0; ///< id of the key that the last to come makes codes with
    store_time retained_until;

    friend bool operator==(secrets_record const&, secrets_record const&) = default;

    /// Without what is over.
    void advance(store_time now) noexcept;
};

/// Appends a record that is kept.
void encode(std::string& to, secrets_record const& record, version written);
/// False when the bytes are no record, or one of a format that this program does not know.
[[nodiscard]] bool decode(std::string_view blob, secrets_record& into);

} // namespace otpd::store::state
