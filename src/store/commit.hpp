#pragma once

/// A batch's request to a backend, as one value, and the backend's answer. Contains keys and bytes,
/// no rules.

#include "state/blob.hpp"
#include "state/number_state.hpp"
#include "state/state_key.hpp"
#include "store_time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

/// A write to a state with one writer at a time: a number's state, or an idempotency record.
struct state_write {
    enum class kind : std::uint8_t { compare, put, erase };

    state::state_key key;
    state::version expected = state::absent_version; ///< of the stored state; otherwise its group
                                                     ///  fails
    kind type = kind::compare;
    std::string_view blob;
    store_time retained_until; ///< when it may be deleted
    state::live_codes live;    ///< in the written state
    std::uint32_t group = 0;
};

/// A state that many steps add to. Additions change the integers of its blob in place.
struct shared_target {
    state::state_key key;
    state::version expected = state::absent_version; ///< of the stored structure
    /// A new structure, or empty. It is applied first: each of its integers that has a source takes
    /// the current value from there; the others stay as they are.
    std::string_view structure;
    std::vector<std::int16_t> sources; ///< for each of its integers; negative: none
    store_time retained_until;         ///< never made earlier
    bool is_wanted = false;            ///< its blob is part of the answer
};

/// value = max(value, floor) + delta. If the result exceeds the bound, the group fails, or only
/// this addition is skipped. A value above the ceiling counts as 0.
struct field_addition {
    /// In place of a field: adds nothing, but requires the expected structure.
    static constexpr std::uint32_t nothing = ~std::uint32_t{0};

    std::uint32_t target = 0; ///< index in commit::shared
    std::uint32_t field = 0;
    std::uint32_t group = 0;
    bool skips_when_over = false;
    std::int64_t floor = 0;
    std::int64_t delta = 0;
    std::int64_t bound = 0;
    std::int64_t ceiling = 0;
};

struct present_state {
    state::state_key key;
    std::string blob; ///< empty: nothing is stored
};

/// Each group is written as a whole or not at all; groups are independent of one another. A group
/// fails if a state does not have the expected version, if the structure of a shared state that it
/// adds to has changed, or if an addition exceeds its bound.
struct commit {
    std::vector<state_write> writes;
    std::vector<shared_target> shared;
    std::vector<field_addition> additions; ///< sorted by group, and in order within a group
    std::uint32_t groups = 0;
    /// A message follows the commit, or a code is used up. No copy of the store may lose it.
    bool must_survive = false;
    store_time now;    ///< the time that the rules ran with
    std::string bytes; ///< the memory of the views

    // The answer.

    enum class outcome : std::uint8_t {
        done,
        not_executed, ///< certainly
        unknown       ///< whether it was done
    };
    outcome status = outcome::done;
    std::vector<bool> failed; ///< by group
    /// The current states of the groups that failed, and the shared states whose blobs are wanted.
    std::vector<present_state> present;

    /// Keeps its memory.
    void clear() noexcept;
};

/// Returns the blob of the new structure, with the integers that it takes from the old blob.
[[nodiscard]] std::string restructured(shared_target const& to, std::string_view old_blob);

/// Makes the additions of groups that did not fail, in place; `blobs` are those of commit::shared.
/// A group with an addition over its bound fails and adds nothing.
void make_additions(commit& commit, std::vector<char*> const& blobs);

} // namespace otpd::store
