#pragma once

/// The states of one batch while its steps run one after the other: each step sees the changes of
/// those before it. The result is a commit. No I/O.

#include "commit.hpp"
#include "engine/states.hpp"
#include "shared_overlay.hpp"
#include "step_groups.hpp"
#include "version_source.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

class overlay final : public engine::states {
public:
    /// Clears everything. Earlier references and blobs are not used any more.
    void begin(store_time now, room left);
    [[nodiscard]] store_time now() const noexcept { return now_; }
    [[nodiscard]] bool knows(state::state_key const& key) const noexcept;
    /// Adds a stored state: its blob, which must live until the commit is built, or an empty view
    /// if nothing is stored. Returns false if the blob cannot be read; then no step may use the
    /// state. `seen` is the blob from before the backend lost writes. It must live as long, and the
    /// stricter of both is written even if no step changes it.
    bool put(state::state_key const& key, std::string_view blob, std::string const* seen = nullptr);
    /// Call before any step. Adds again, as floors, what was seen of shared states. Returns how
    /// many groups do so; they are the first ones.
    std::uint32_t restore_shared() { return shared_.restore(groups_); }

    /// Begins the next step, to which everything used and changed from here on belongs. Returns its
    /// number.
    std::uint32_t begin_step();
    /// The step must run again on other states: its additions are not part of the commit.
    void discard_additions_of_step() { shared_.discard_additions_of_step(); }
    /// Asks for this state's blob in the answer.
    void want(state::state_key const& key) { shared_.want(key); }

    /// Builds the commit of all steps. With `compares`, the commit also requires that states which
    /// were only read are unchanged; for shared states, that their structure is.
    void build(commit& commit, version_source& versions, bool compares);
    /// The group of a step, after build().
    [[nodiscard]] std::uint32_t group_of(std::uint32_t step) const noexcept {
        return groups_.group_of(step);
    }

    // --- engine::states ---
    [[nodiscard]] state::number_state const& number(number_key const& at) override;
    [[nodiscard]] state::number_state& change_number(number_key const& at) override;
    [[nodiscard]] state::record const& record(state::state_key const& at) override;
    [[nodiscard]] state::record& change_record(state::state_key const& at) override;
    [[nodiscard]] state::journal_list const& journals() override;
    [[nodiscard]] state::journal_list& change_journals() override;
    [[nodiscard]] state::override_list const& overrides() override;
    [[nodiscard]] state::override_list& change_overrides() override;
    [[nodiscard]] state::shared_state const& shared(state::state_key const& at) override {
        return shared_.shared(at, groups_.current_step());
    }
    void add(state::state_key const& at, engine::addition const& addition,
             engine::structure const& needed) override {
        shared_.add(at, addition, needed, groups_.current_step());
    }
    [[nodiscard]] room room_left() const override { return room_left_; }

private:
    static constexpr std::uint32_t nobody = ~std::uint32_t{0};

    template <class State>
    struct owned {
        state::state_key key;
        state::version kept = state::absent_version;
        std::uint32_t step = nobody; ///< one that used it
        bool is_changed = false;
        State state;
    };

    [[nodiscard]] std::uint32_t find(state::state_key const& key) const noexcept;
    template <class State>
    State& use(std::deque<owned<State>>& list, state::state_key const& key, bool changes);
    template <class State>
    void build_writes(commit& commit, std::deque<owned<State>>& list, std::size_t count,
                      version_source& versions, bool compares);

    store_time now_;
    room room_left_ = room::ample;
    // Kept from batch to batch for their memory. Only the first ones of each list are in use.
    std::deque<owned<state::number_state>> numbers_;
    std::deque<owned<state::record>> records_;
    std::deque<owned<state::journal_list>> journals_;   ///< one at most
    std::deque<owned<state::override_list>> overrides_; ///< one at most
    std::size_t number_count_ = 0;
    std::size_t record_count_ = 0;
    std::size_t journals_count_ = 0;
    std::size_t overrides_count_ = 0;
    /// The index of each state in the list of its kind.
    boost::unordered_flat_map<state::state_key, std::uint32_t, state::state_key_hash> index_;
    step_groups groups_;
    shared_overlay shared_;
    std::vector<std::size_t> blob_sizes_; ///< of the commit being built, in the order of its parts
};

} // namespace otpd::store
