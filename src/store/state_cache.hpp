#pragma once

/// The states that an instance saw last, also that there is none: so the usual step is one round
/// trip. Bounded; who was not looked at for longest goes first.

#include "state/blob.hpp"
#include "state/state_key.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::store {

class state_cache {
public:
    struct entry {
        state::state_key key;
        std::string blob;                              ///< empty: nothing is kept
        state::version newest = state::absent_version; ///< that was seen, also when it is gone
        std::uint64_t asked_at = 0; ///< the batch of which this is the answer was formed then
        /// What was seen before the backend lost writes, until they are made again.
        std::optional<std::string> seen;
    };

    explicit state_cache(std::size_t entries_max) : entries_max_(entries_max) {}

    /// What was asked for until then may be lost: of shared states, all that was seen.
    void expect_lost_writes(std::uint64_t until) noexcept { lost_until_ = until; }
    [[nodiscard]] bool may_be_lost(std::uint64_t asked_at) const noexcept {
        return asked_at <= lost_until_;
    }
    /// Valid until the next change.
    [[nodiscard]] entry const* find(state::state_key const& key);
    void put(state::state_key const& key, std::string_view blob, std::uint64_t asked_at,
             std::optional<std::string> seen = std::nullopt);
    /// It was deleted when it was of that version.
    void put_deleted(state::state_key const& key, state::version last, std::uint64_t asked_at);
    void clear() noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
    using list = std::list<entry>;

    std::size_t entries_max_;
    std::uint64_t lost_until_ = 0;
    list entries_; ///< the last one used at the front
    boost::unordered_flat_map<state::state_key, list::iterator, state::state_key_hash> by_key_;
};

} // namespace otpd::store
