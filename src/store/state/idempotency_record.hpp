#pragma once

/// What is kept of a send with an Idempotency-Key, and its stored form.

#include "state/blob.hpp"
#include "store_time.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace otpd::store::state {

struct idempotency_record {
    bool is_kept = false; ///< there is one
    bool is_settled = false;
    std::array<std::byte, 16> fingerprint{}; ///< keyed hash of what was asked for
    store_time lease_end;
    store_time retained_until;
    std::string reply; ///< once it is settled

    friend bool operator==(idempotency_record const&, idempotency_record const&) = default;

    /// Without what is over.
    void advance(store_time now) noexcept;
};

/// Appends a record that is kept.
void encode(std::string& to, idempotency_record const& record, version written);
/// False when the bytes are no record, or one of a format that this program does not know.
[[nodiscard]] bool decode(std::string_view blob, idempotency_record& into);

} // namespace otpd::store::state
