#pragma once

/// The record of a send with an Idempotency-Key, of a used challenge, or of the secrets that a
/// store was filled with, and its stored form.

#include "state/blob.hpp"
#include "store_time.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace otpd::store::state {

struct record {
    bool is_kept = false; ///< the record exists
    bool is_settled = false;
    /// A keyed hash of the request, or of nothing under the number key; the id of the send that
    /// used the challenge.
    std::array<std::byte, 16> fingerprint{};
    store_time lease_end;
    store_time retained_until;
    /// Once settled: the reply, or the id of the key that derives codes.
    std::string text;

    friend bool operator==(record const&, record const&) = default;

    /// Clears the record if it has expired. Returns false: a record never needs a correction.
    bool advance(store_time now) noexcept;
    [[nodiscard]] bool is_empty() const noexcept { return !is_kept; }
    void clear() noexcept { *this = {}; }
};

/// Appends an existing record.
void encode(std::string& to, record const& record, version written);
/// Returns false if the bytes are no record, or have an unknown format.
[[nodiscard]] bool decode(std::string_view blob, record& record);

} // namespace otpd::store::state
