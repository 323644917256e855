#pragma once

/// Group commit. While a commit is on its way, steps queue; then all that can are run on the states
/// that are known, one after the other, and committed together. Steps that met a conflict run again
/// on the states that came back. A refusal is final only when it was decided on states that were
/// asked for after the step came.
///
/// No I/O and no Asio: on one strand, which is its caller's affair, as are timers.

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
    std::size_t queue_max = 4096; ///< steps that wait; more are not executed
    std::size_t steps_max = 64;   ///< of one batch
    std::size_t flights_max = 1;  ///< at once
    std::size_t cached_max = 0;   ///< states; 0 where loading costs nothing
    unsigned tries_max = 20;      ///< of one step, before it is not executed
    /// Is called when steps wait, and calls pump() once all have come that come together: where a
    /// batch is dear. Without it batches are formed at once.
    std::function<void()> pump_later = {};
    std::uint32_t instance =
        0; ///< below version_source::instances_max, of those that share the store
};

struct batch_stats {
    std::uint64_t flights = 0;
    std::uint64_t steps = 0;
    std::uint64_t conflicts = 0;  ///< steps that ran again
    std::uint64_t unreadable = 0; ///< steps that found a state of an unknown format
};

class batch final : private flight_listener {
public:
    /// `io` has to stay longer.
    batch(backend_io& io, batch_options options);
    ~batch() override = default;
    batch(batch const&) = delete;
    batch& operator=(batch const&) = delete;

    /// Ends it sooner or later, perhaps before this returns; it has to stay until then.
    void submit(batch_step& step, steady_time deadline = steady_time::max());
    /// What answers from here on may be another server than before, which has not got the last
    /// writes: a state with one writer that comes back older than it was is merged with what is
    /// known of it here, the stricter of each, and written back. To a shared one, what was known of
    /// it is added again as a floor, once, with the first step that looks at it.
    void expect_lost_writes() noexcept { runner_.expect_lost_writes(count_); }
    /// Forms as many batches as may be on their way.
    void pump();
    /// Ends those that waited too long: not executed when their rules have not run, else unknown.
    void expire(steady_time now) noexcept;
    /// Ends it now, if it is not ended yet: nobody can wait for it.
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
    std::vector<std::unique_ptr<flight>> flights_; ///< all that there are
    std::vector<flight*> idle_;
    /// States that a flight may write whole: no other step may look at them meanwhile.
    boost::unordered_flat_set<state::state_key, state::state_key_hash> occupied_;
    std::uint64_t count_ = 0; ///< of arrivals and flights, in their order
    bool is_pumping_ = false;
    batch_stats stats_;
};

} // namespace otpd::store
