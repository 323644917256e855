#pragma once

/// All journals of the store and who holds them, and the stored form of that list.

#include "otpd/store/journal.hpp"
#include "state/blob.hpp"
#include "store_time.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace otpd::store::state {

struct journal_lease {
    journal_id id{};
    journal_id holder{};
    store_time end;
    std::uint32_t slots = 0;

    friend bool operator==(journal_lease const&, journal_lease const&) = default;
};

struct journal_list {
    std::vector<journal_lease> leases; ///< in the order of their beginning

    friend bool operator==(journal_list const&, journal_list const&) = default;

    /// Returns false: a lease that a fast clock wrote counts as over (engine/journal.cpp).
    bool advance(store_time) noexcept { return false; }
    [[nodiscard]] bool is_empty() const noexcept { return leases.empty(); }
    void clear() noexcept { leases.clear(); }
    /// Longer than any entry is kept after the last renewal.
    [[nodiscard]] store_time retained_until() const noexcept;
};

void encode(std::string& to, journal_list const& list, version written);
/// Returns false if the bytes are no such list, or have an unknown format.
[[nodiscard]] bool decode(std::string_view blob, journal_list& list);

} // namespace otpd::store::state
