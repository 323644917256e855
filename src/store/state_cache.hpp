#pragma once

/// The states that an instance saw last, including the absence of a state, so that a step usually
/// takes one round trip. Bounded; evicts the least recently used state.

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
        std::string blob;                              ///< empty: nothing is stored
        state::version newest = state::absent_version; ///< the newest one seen, even if the state
                                                       ///  is gone
        std::uint64_t asked_at = 0; ///< when the batch with this answer was formed
        /// What was seen before the backend lost writes, until it is written again.
        std::optional<std::string> seen;
    };

    explicit state_cache(std::size_t entries_max) : entries_max_(entries_max) {}

    /// Answers to requests until then may be lost; for shared states, all earlier answers.
    void expect_lost_writes(std::uint64_t until) noexcept { lost_until_ = until; }
    [[nodiscard]] bool may_be_lost(std::uint64_t asked_at) const noexcept {
        return asked_at <= lost_until_;
    }
    /// Valid until the next change.
    [[nodiscard]] entry const* find(state::state_key const& key);
    void put(state::state_key const& key, std::string_view blob, std::uint64_t asked_at,
             std::optional<std::string> seen = std::nullopt);
    /// The state was deleted if it had that version.
    void put_deleted(state::state_key const& key, state::version last, std::uint64_t asked_at);
    void clear() noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
    using list = std::list<entry>;

    std::size_t entries_max_;
    std::uint64_t lost_until_ = 0;
    list entries_; ///< the most recently used one at the front
    boost::unordered_flat_map<state::state_key, list::iterator, state::state_key_hash> by_key_;
};

} // namespace otpd::store
