#pragma once

/// Group commit. While a commit is in flight, steps queue. Then all that can run are run on the
/// known states, one after the other, and committed together. Steps that met a conflict run again
/// on the states from the answer. A refusal is final only if it is based on states that were
/// requested after the step arrived.
///
/// No I/O and no Asio. The caller provides the strand and the timers.

#include "backend_io.hpp"
#include "batch_step.hpp"
#include "otpd/core/clock.hpp"
#include "step_runner.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

namespace otpd::store {

struct batch_options {
    std::size_t queue_max = 4096; ///< waiting steps; further ones are not executed
    std::size_t steps_max = 64;   ///< per batch
    std::size_t flights_max = 1;  ///< in flight at once
    std::size_t cached_max = 0;   ///< states; 0 where loading costs nothing
    unsigned tries_max = 20;      ///< per step, before it counts as not executed
    /// Called when steps wait. It must call pump() once all steps that arrive together have been
    /// submitted; useful where a batch is expensive. If empty, batches are formed immediately.
    std::function<void()> pump_later = {};
    std::uint32_t instance =
        0; ///< below version_source::instances_max; differs between the instances that share the
           ///  store
};

struct batch_stats {
    std::uint64_t flights = 0;
    std::uint64_t steps = 0;
    std::uint64_t conflicts = 0;  ///< steps that ran again
    std::uint64_t unreadable = 0; ///< steps that found a state of an unknown format
};

class batch final : private flight_listener {
public:
    /// `io` must outlive this object.
    batch(backend_io& io, batch_options options);
    ~batch() override = default;
    batch(batch const&) = delete;
    batch& operator=(batch const&) = delete;

    /// Runs and ends the step, perhaps before this returns. The step must live until it has ended.
    void submit(batch_step& step, steady_time deadline = steady_time::max());
    /// Call if the server may have lost its last writes, for example after a failover. A state with
    /// one writer that comes back older than before is merged with what is known of it here, the
    /// stricter of each part, and written back. For a shared state, the known values are added
    /// again as floors, once, with the first step that uses it.
    void expect_lost_writes() noexcept { runner_.expect_lost_writes(count_); }
    /// Forms as many batches as may be in flight.
    void pump();
    /// Ends the steps that waited too long: as not executed if their rules have not run, otherwise
    /// as unknown.
    void expire(steady_time now) noexcept;
    /// Ends the step now unless it has ended, because nobody can wait for it.
    void withdraw(batch_step& step) noexcept {
        step.deadline_ = steady_time::min();
        expire(steady_time::min());
    }

    [[nodiscard]] batch_stats stats() const noexcept {
        auto stats = stats_;
        stats.unreadable = runner_.unreadable_steps();
        return stats;
    }

private:
    // --- flight_listener ---
    void loaded(flight& done) override;
    void committed(flight& done) override;

    void pump_soon();
    bool form();
    void begin(flight& fresh);
    void fail_steps(flight& flight, std::exception_ptr const& why) noexcept;
    void fail_all(flight& flight, std::exception_ptr const& why) noexcept;
    void give_up_queue(std::exception_ptr const& why) noexcept;
    [[nodiscard]] bool is_free(batch_step const& step) const;
    void occupy(flight& by, state::state_key const& key);
    void release(flight& by);
    void run(flight& all);
    void leave_behind(flight& flight, step_runner::failure failed);
    void answer(flight& flight);
    void recycle(flight& done);

    backend_io& io_;
    batch_options const options_;
    step_runner runner_;
    std::deque<batch_step*> queue_;
    std::vector<std::unique_ptr<flight>> flights_; ///< every flight
    std::vector<flight*> idle_;
    /// States that a flight may overwrite. No other step may use them meanwhile.
    boost::unordered_flat_set<state::state_key, state::state_key_hash> occupied_;
    std::uint64_t count_ = 0; ///< of arrivals and flights, in order
    bool is_pumping_ = false;
    batch_stats stats_;
};

} // namespace otpd::store
