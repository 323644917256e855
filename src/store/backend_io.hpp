#pragma once

/// The interface between batches and a backend: the backend loads states and commits changes, and
/// contains no rules. Used on the strand of the batches, and never called from within load() or
/// commit() of another flight.

#include "commit.hpp"
#include "room.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace otpd::store {

class batch_step;

/// One batch in flight.
struct flight {
    struct load {
        state::state_key key;
        state::version known = state::absent_version; ///< of the blob that the batches already
                                                      ///  have
        // The answer.
        bool is_unchanged = false; ///< the stored state has the version `known`
        std::string_view blob;     ///< empty: nothing is stored. Valid until the commit begins
    };
    std::vector<load> loads; ///< each key once
    commit changes;

    // These belong to the batches.

    struct passenger {
        batch_step* step = nullptr; ///< null: it timed out, and was told so
        std::uint32_t number = 0;   ///< in the overlay
        std::uint32_t group = 0;    ///< of the commit
        bool was_run = false;
        bool runs_again = false;
        bool was_refused = false;
    };
    std::vector<passenger> steps;
    std::vector<state::state_key> occupied; ///< what no other flight may use
    std::uint64_t formed = 0;               ///< when it was formed or loaded, as a count of the
                                            ///  batches
    std::uint32_t restores = 0;             ///< the first groups, which add again what was lost
};

class flight_listener {
public:
    virtual ~flight_listener() = default;
    /// The loads are answered, or changes.status says why not.
    virtual void loaded(flight& done) = 0;
    /// The commit is answered.
    virtual void committed(flight& done) = 0;
};

class backend_io {
public:
    virtual ~backend_io() = default;

    /// True: the states of a batch are loaded and locked until its commit, before its rules run; no
    /// result of the rules has to be compared. False: rules run on the known states, an unknown
    /// state counts as absent, and the commit reports what was wrong.
    [[nodiscard]] virtual bool reads_first() const noexcept = 0;
    /// Calls `to.loaded` once, perhaps before it returns. Only if reads_first().
    virtual void load(flight& flight, flight_listener& to) = 0;
    /// Calls `to.committed` once, perhaps before it returns. Called even if there is nothing to
    /// commit, to release what was loaded.
    virtual void commit(flight& flight, flight_listener& to) = 0;

    /// The backend's clock, as far as it is known here. May go back.
    [[nodiscard]] virtual store_time now() const noexcept = 0;
    [[nodiscard]] virtual room room_left() const noexcept = 0;
};

} // namespace otpd::store
