#pragma once

/// What is kept of a send with an Idempotency-Key, and of the secrets that a store was filled
/// under, and its stored form.

#include "state/blob.hpp"
#include "store_time.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace otpd::store::state {

struct record {
    bool is_kept = false; ///< there is one
    bool is_settled = false;
    /// Keyed hash of what was asked for, or of nothing under the number key.
    std::array<std::byte, 16> fingerprint{};
    store_time lease_end;
    store_time retained_until;
    /// Once it is settled: the reply, or the id of the key that codes are made with.
    std::string text;

    friend bool operator==(record const&, record const&) = default;

    /// As it is at that time: nothing once it is over. False: nothing in it is ever put right.
    bool advance(store_time now) noexcept;
    [[nodiscard]] bool is_empty() const noexcept { return !is_kept; }
    void clear() noexcept { *this = {}; }
};

/// Appends a record that is kept.
void encode(std::string& to, record const& record, version written);
/// False when the bytes are no record, or one of a format that this program does not know.
[[nodiscard]] bool decode(std::string_view blob, record& record);

} // namespace otpd::store::state
