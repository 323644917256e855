#include "batch.hpp"

#include <algorithm>
#include <utility>

namespace otpd::store {

batch::batch(backend_io& io, batch_options options)
    : io_(io), options_(std::move(options)), runner_(io, options_.cached_max, options_.instance) {}

void batch::submit(batch_step& step, steady_time deadline) {
    if (queue_.size() >= options_.queue_max) {
        step.finish(step_fault::not_executed);
        return;
    }
    step.keys_.clear();
    step.list_keys(step.keys_);
    step.arrived_ = ++count_;
    step.tries_ = 0;
    step.deadline_ = deadline;
    queue_.push_back(&step);
    pump_soon();
}

void batch::expire(steady_time now) noexcept {
    std::erase_if(queue_, [now](batch_step* step) {
        bool const is_late = step->deadline_ <= now;
        if (is_late) step->finish(step_fault::not_executed);
        return is_late;
    });
    for (auto const& flight : flights_)
        for (auto& passenger : flight->steps)
            if (passenger.step != nullptr && passenger.step->deadline_ <= now)
                std::exchange(passenger.step, nullptr)
                    ->finish(passenger.was_run ? step_fault::unknown : step_fault::not_executed);
}

// --- forming a batch ----------------------------------------------------------------------------

/// Forms one flight after the other, without nesting, because a backend may answer immediately.
void batch::pump() {
    if (is_pumping_) return;
    is_pumping_ = true;
    try {
        while (form()) {
        }
    } catch (...) { // no memory for another flight: nothing has left the queue
        give_up_queue(std::current_exception());
    }
    is_pumping_ = false;
}

/// Ends the queued steps, because nothing would run them again.
void batch::give_up_queue(std::exception_ptr const& why) noexcept {
    while (!queue_.empty()) {
        auto* const step = queue_.front();
        queue_.pop_front();
        step->fail(why);
    }
}

void batch::pump_soon() {
    if (!options_.pump_later)
        pump();
    else if (!queue_.empty())
        options_.pump_later();
}

bool batch::is_free(batch_step const& step) const {
    return occupied_.empty() || std::ranges::none_of(step.keys_, [this](auto const& key) {
               return occupied_.contains(key);
           });
}

bool batch::form() {
    if (queue_.empty()) return false;
    if (idle_.empty()) {
        if (flights_.size() == options_.flights_max) return false;
        idle_.push_back(flights_.emplace_back(std::make_unique<flight>()).get());
    }
    auto& fresh = *idle_.back();
    fresh.steps.reserve(std::min(queue_.size(), options_.steps_max));
    std::erase_if(queue_, [&](batch_step* step) {
        if (fresh.steps.size() == options_.steps_max || !is_free(*step)) return false;
        fresh.steps.push_back({step});
        return true;
    });
    if (fresh.steps.empty()) return false;
    idle_.pop_back();
    fresh.formed = ++count_;
    ++stats_.flights;
    stats_.steps += fresh.steps.size();
    try {
        begin(fresh);
    } catch (...) {
        fail_all(fresh, std::current_exception());
    }
    return true;
}

void batch::begin(flight& fresh) {
    for (auto const& step : fresh.steps)
        for (auto const& key : step.step->keys_)
            if (!key.is_shared()) occupy(fresh, key);
    if (io_.reads_first()) {
        runner_.list_loads(fresh);
        io_.load(fresh, *this);
    } else {
        run(fresh);
    }
}

void batch::fail_steps(flight& flight, std::exception_ptr const& why) noexcept {
    for (auto& entry : flight.steps)
        if (auto* const step = std::exchange(entry.step, nullptr)) step->fail(why);
}

/// Ends a flight for lack of memory, before a backend has it.
void batch::fail_all(flight& flight, std::exception_ptr const& why) noexcept {
    release(flight);
    fail_steps(flight, why);
    flight.steps.clear();
    flight.loads.clear();
    flight.changes.clear();
    idle_.push_back(&flight); // it has this place already
}

void batch::occupy(flight& by, state::state_key const& key) {
    if (options_.flights_max == 1) return;
    by.occupied.push_back(key);
    occupied_.insert(key);
}

void batch::release(flight& by) {
    for (auto const& key : by.occupied)
        occupied_.erase(key);
    by.occupied.clear();
}

// --- on its way ---------------------------------------------------------------------------------

void batch::loaded(flight& done) {
    if (done.changes.status != commit::outcome::done) {
        answer(done);
        return;
    }
    done.formed = ++count_;
    try {
        runner_.learn_loads(done);
        run(done);
    } catch (...) { // no memory: the backend releases what it has loaded
        runner_.forget_states();
        fail_steps(done, std::current_exception());
        done.changes.clear();
        io_.commit(done, *this);
    }
}

void batch::run(flight& all) {
    if (auto failed = runner_.run(all)) {
        leave_behind(all, std::move(*failed));
        return;
    }
    for (auto const& change : all.changes.shared)
        if (!change.structure.empty()) occupy(all, change.key);
    io_.commit(all, *this);
}

/// The changes of a step that threw half way are dropped; the other steps run again without it.
void batch::leave_behind(flight& flight, step_runner::failure failed) {
    release(flight);
    auto* const thrower = std::exchange(flight.steps[failed.step].step, nullptr);
    for (auto it = flight.steps.rbegin(); it != flight.steps.rend(); ++it)
        if (it->step != nullptr) queue_.push_front(it->step);
    flight.steps.clear();
    flight.changes.clear();
    io_.commit(flight, *this);
    thrower->fail(std::move(failed.thrown));
}

// --- the answer ---------------------------------------------------------------------------------

void batch::committed(flight& done) {
    // keeps the states of a commit that may not be done: they may be the only copies left
    try {
        if (done.changes.status == commit::outcome::done) runner_.learn_commit(done);
    } catch (...) { // no memory: the known states are loaded again
        runner_.forget_states();
    }
    answer(done);
}

void batch::answer(flight& flight) {
    release(flight);
    auto const became = flight.changes.status;
    auto const& failed = flight.changes.failed;
    bool const some_failed = std::ranges::find(failed, true) != failed.end();
    auto const has_to_run_again = [&](flight::passenger const& passenger) {
        if (became != commit::outcome::done || !passenger.was_run) return false;
        return failed[passenger.group] || passenger.runs_again ||
               (passenger.was_refused && some_failed);
    };
    for (auto it = flight.steps.rbegin(); it != flight.steps.rend(); ++it) {
        if (it->step == nullptr || !has_to_run_again(*it)) continue;
        if (++it->step->tries_ >= options_.tries_max) {
            it->was_run = false;
            continue;
        }
        ++stats_.conflicts;
        auto* const step = std::exchange(it->step, nullptr);
        try {
            queue_.push_front(step);
        } catch (...) {
            step->fail(std::current_exception());
        }
    }
    for (auto& entry : flight.steps) {
        auto* const step = std::exchange(entry.step, nullptr);
        if (step == nullptr) continue;
        if (became == commit::outcome::unknown)
            step->finish(step_fault::unknown);
        else if (became == commit::outcome::not_executed || !entry.was_run)
            step->finish(step_fault::not_executed);
        else
            step->finish(std::nullopt);
    }
    recycle(flight);
}

void batch::recycle(flight& done) {
    done.steps.clear();
    done.loads.clear();
    done.changes.clear();
    idle_.push_back(&done);
    pump_soon();
}

} // namespace otpd::store
