#pragma once

/// All overrides of destinations, and the stored form of that list.

#include "otpd/store/overrides.hpp"
#include "state/blob.hpp"
#include "store_time.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace otpd::store::state {

struct override_state {
    std::string destination;
    override_action action = override_action::deny;
    std::string reason;
    store_time made;
    store_time end;

    friend bool operator==(override_state const&, override_state const&) = default;
};

struct override_list {
    std::vector<override_state> entries; ///< in the order in which they were made

    friend bool operator==(override_list const&, override_list const&) = default;

    /// Null if there is none.
    [[nodiscard]] override_state const* find(std::string_view destination,
                                             override_action action) const noexcept;
    /// Advances the list to `now`: drops what has ended. What a fast clock wrote was made now.
    /// Returns whether there was such an entry; the list must then be written back.
    bool advance(store_time now);
    [[nodiscard]] bool is_empty() const noexcept { return entries.empty(); }
    void clear() noexcept { entries.clear(); }
    /// A while after the last one ends, for those who still have it in their cache.
    [[nodiscard]] store_time retained_until() const noexcept;
};

void encode(std::string& to, override_list const& list, version written);
/// Returns false if the bytes are no such list, or have an unknown format.
[[nodiscard]] bool decode(std::string_view blob, override_list& list);

} // namespace otpd::store::state
