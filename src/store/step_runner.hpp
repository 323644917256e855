#pragma once

/// Runs the steps of one flight after the other on the known states, and learns states from the
/// backend's answers.
///
/// No I/O and no Asio. Used on the strand of the batches.

#include "backend_io.hpp"
#include "overlay.hpp"
#include "state_cache.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

class step_runner {
public:
    /// A step that threw, which is a bug.
    struct failure {
        std::size_t step; ///< index in flight::steps
        std::exception_ptr thrown;
    };

    /// `io` must outlive this object; only functions of it without I/O are called. `cached_max`:
    /// states; 0 where loading costs nothing. `instance` < version_source::instances_max.
    step_runner(backend_io const& io, std::size_t cached_max, std::uint32_t instance)
        : io_(io), cached_max_(cached_max), versions_(instance), cache_(cached_max) {}

    /// Adds the states that the steps need, with their known versions, to `to.loads`.
    void list_loads(flight& to);
    /// Fills `all.changes` with the changes of the steps. Stops at a step that threw: nothing of
    /// the flight may then be committed.
    [[nodiscard]] std::optional<failure> run(flight& all);

    /// Learns the states that were loaded.
    void learn_loads(flight const& answered);
    /// Learns the states that were written, and those that came back.
    void learn_commit(flight const& answered);
    /// Forgets all states; they are loaded again.
    void forget_states() noexcept { cache_.clear(); }
    /// See batch. `until` limits which requests are affected, as a count of flight::formed.
    void expect_lost_writes(std::uint64_t until) noexcept { cache_.expect_lost_writes(until); }

    /// The number of steps that found a state of an unknown format.
    [[nodiscard]] std::uint64_t unreadable_steps() const noexcept { return unreadable_steps_; }

private:
    void put_states(flight const& flight);
    void put_state(state::state_key const& key, std::string_view blob,
                   state_cache::entry const* known);
    void run(flight::passenger& one);
    [[nodiscard]] bool is_readable(batch_step const& step) const;
    [[nodiscard]] bool is_fresh(batch_step const& step);
    void learn(state::state_key const& key, std::string_view blob, flight const& answered);
    [[nodiscard]] std::optional<std::string>
    find_lost(state::state_key const& key, std::string_view present, flight const& answered);

    backend_io const& io_;
    std::size_t const cached_max_;
    version_source versions_;
    state_cache cache_;
    overlay overlay_;
    std::vector<state::state_key> unreadable_; ///< of the current flight
    std::uint64_t unreadable_steps_ = 0;
};

} // namespace otpd::store
