#pragma once

/// What a batch asks of a backend, in one piece, and what the backend answers. Keys and bytes, no
/// rules.

#include "state/blob.hpp"
#include "state/number_state.hpp"
#include "state/state_key.hpp"
#include "store_time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

/// Of a state with one writer at a time: a number's, or an idempotency record.
struct state_write {
    enum class kind : std::uint8_t { compare, put, erase };

    state::state_key key;
    state::version expected = state::absent_version; ///< of what is kept; else its group fails
    kind type = kind::compare;
    std::string_view blob;
    store_time retained_until; ///< it may be deleted then
    state::live_codes live;    ///< of what is put
    std::uint32_t group = 0;
};

/// A state that many steps add to. Additions are made to the integers of its blob, in place.
struct shared_target {
    state::state_key key;
    state::version expected = state::absent_version; ///< of the structure that is kept
    /// A new structure, if any. It comes first: each of its integers that has a source takes the
    /// present value from there, the others are as they are.
    std::string_view structure;
    std::vector<std::int16_t> sources; ///< of each of its integers; negative: none
    store_time retained_until;         ///< later, when it was later
    bool is_wanted = false;            ///< its blob is told afterwards
};

/// value = max(value, floor) + delta; over the bound its group fails, or it alone is left out. A
/// value over the ceiling is taken for 0.
struct field_addition {
    /// In place of a field: nothing is added, but the structure has to be the one that is expected.
    static constexpr std::uint32_t nothing = ~std::uint32_t{0};

    std::uint32_t target = 0; ///< of commit::shared
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
    std::string blob; ///< empty: nothing is kept
};

/// Each group is written as a whole or not at all; groups do not depend on one another. A group
/// fails when a state is not of the version that it expects, when the structure of a shared state
/// that it adds to is another, or when an addition is over its bound.
struct commit {
    std::vector<state_write> writes;
    std::vector<shared_target> shared;
    std::vector<field_addition> additions; ///< those of one group beside each other, in their order
    std::uint32_t groups = 0;
    /// A message goes out after it, or a code is used up: no copy of the store may do without it.
    bool must_survive = false;
    store_time now;    ///< what the rules ran with
    std::string bytes; ///< what the views look into

    // The answer.

    enum class outcome : std::uint8_t {
        done,
        not_executed, ///< surely
        unknown       ///< whether it was done
    };
    outcome status = outcome::done;
    std::vector<bool> failed; ///< by group
    /// The states of groups that failed as they are now, and the shared ones that are wanted.
    std::vector<present_state> present;

    /// Keeps its memory.
    void clear() noexcept;
};

/// The blob of the new structure, with those integers of the old blob that it takes.
[[nodiscard]] std::string restructured(shared_target const& to, std::string_view old_blob);

/// Makes the additions of groups that did not fail, in place: `blobs` are those of commit::shared.
/// A group one of whose additions is over its bound fails, and adds nothing.
void make_additions(commit& commit, std::vector<char*> const& blobs);

} // namespace otpd::store
