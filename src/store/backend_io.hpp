#pragma once

/// What a backend is to the batches of steps: it loads states and commits changes, and knows no
/// rules. All of it on the strand of the batches, never from within load() or commit() of another
/// flight.

#include "commit.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace otpd::store {

class batch_step;

/// One batch on its way.
struct flight {
    struct load {
        state::state_key key;
        state::version known = state::absent_version; ///< of the blob that the batches have
        // The answer.
        bool is_unchanged = false; ///< what is kept is of that version
        std::string_view blob;     ///< empty: nothing is kept. Stays until the commit begins
    };
    std::vector<load> loads; ///< each key once
    commit changes;

    // The batches' own.

    struct passenger {
        batch_step* step = nullptr; ///< none: it waited too long, and was told so
        std::uint32_t number = 0;   ///< in the overlay
        std::uint32_t group = 0;    ///< of the commit
        bool was_run = false;
        bool runs_again = false;
        bool was_refused = false;
    };
    std::vector<passenger> steps;
    std::vector<state::state_key> occupied; ///< what no other flight may look at
    std::uint64_t formed = 0;               ///< or loaded, when, in the batches' own count
    std::uint32_t restores = 0; ///< groups, the first ones, that add again what was lost
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

    /// True: the states of a batch are loaded, and kept from others until it is committed, before
    /// its rules run; then nothing that they decided has to be compared. False: rules run on what
    /// is known, what is not known is taken for absent, and the commit says what was wrong.
    [[nodiscard]] virtual bool reads_first() const noexcept = 0;
    /// Calls `to.loaded` once, perhaps before it returns. Only where reads_first().
    virtual void load(flight& flight, flight_listener& to) = 0;
    /// Calls `to.committed` once, perhaps before it returns. Also with nothing to commit: what was
    /// loaded is free again then.
    virtual void commit(flight& flight, flight_listener& to) = 0;

    /// By the backend's clock, as far as is known here. It may go back.
    [[nodiscard]] virtual store_time now() const noexcept = 0;
    /// Whether one more verification may be kept.
    [[nodiscard]] virtual bool has_room() const noexcept = 0;
};

} // namespace otpd::store
