#pragma once

/// The shared states of one batch while its steps run: the additions so far, and their part of the
/// commit. This is the overlay's part for states that many steps add to. No I/O.

#include "commit.hpp"
#include "engine/states.hpp"
#include "step_groups.hpp"
#include "version_source.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

class shared_overlay {
public:
    // As in overlay, which passes its groups of steps where they are needed. `step` is the running
    // one.

    void begin(store_time now);
    [[nodiscard]] bool knows(state::state_key const& key) const noexcept {
        return find(key) != nobody;
    }
    bool put(state::state_key const& key, std::string_view blob, std::string const* seen);
    std::uint32_t restore(step_groups& groups);

    void begin_step() noexcept { additions_before_step_ = additions_.size(); }
    void discard_additions_of_step() { additions_.resize(additions_before_step_); }
    void want(state::state_key const& key) { entries_[find(key)].is_wanted = true; }
    [[nodiscard]] state::shared_state const& shared(state::state_key const& at, std::uint32_t step);
    void add(state::state_key const& at, engine::addition const& addition,
             engine::structure const& needed, std::uint32_t step);

    /// Appends the new structures to commit::bytes, and the size of each, or 0, to `blob_sizes`.
    void build_targets(commit& commit, version_source& versions,
                       std::vector<std::size_t>& blob_sizes);
    void build_additions(commit& commit, step_groups const& groups, bool compares);

private:
    static constexpr std::uint32_t nobody = ~std::uint32_t{0};

    struct counted {
        state::state_key key;
        state::version kept = state::absent_version;
        bool is_restructured = false; ///< because time has passed; written when something is added
        bool is_added_to = false;
        bool is_wanted = false;
        store_time retained_until;
        state::shared_state state;
        state::shared_state seen; ///< before the backend lost writes
    };
    struct read {
        std::uint32_t target;
        std::uint32_t step;

        friend bool operator==(read const&, read const&) = default;
    };

    [[nodiscard]] std::uint32_t find(state::state_key const& key) const noexcept;
    [[nodiscard]] counted& next();
    void build_reads(commit& commit, step_groups const& groups);

    store_time now_;
    std::deque<counted> entries_; ///< kept from batch to batch for their memory
    std::size_t count_ = 0;       ///< how many entries are in use
    boost::unordered_flat_map<state::state_key, std::uint32_t, state::state_key_hash> index_;
    std::vector<field_addition> additions_; ///< `group` holds the step
    std::size_t additions_before_step_ = 0;
    std::vector<read> reads_; ///< whatever was added to them
};

} // namespace otpd::store
