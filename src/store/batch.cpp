#include "batch.hpp"

#include <algorithm>
#include <utility>

namespace otpd::store {

batch::batch(backend_io& io, batch_options options)
    : io_(io), options_(std::move(options)), versions_(options_.instance),
      cache_(options_.cached_max) {}

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
    for (auto const& each : flights_)
        for (auto& passenger : each->steps)
            if (passenger.step != nullptr && passenger.step->deadline_ <= now)
                std::exchange(passenger.step, nullptr)
                    ->finish(passenger.was_run ? step_fault::unknown : step_fault::not_executed);
}

// --- forming a batch ----------------------------------------------------------------------------

/// One flight after the other, not one within the other: a backend may answer at once.
void batch::pump() {
    if (is_pumping_) return;
    is_pumping_ = true;
    try {
        while (form()) {
        }
    } catch (...) { // no memory for one more flight: nothing has left the queue
        give_up_queue(std::current_exception());
    }
    is_pumping_ = false;
}

/// Nobody else would ever look at them again.
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
    for (auto const& each : fresh.steps)
        for (auto const& key : each.step->keys_)
            if (!key.is_shared()) occupy(fresh, key);
    if (io_.reads_first()) {
        list_loads(fresh);
        io_.load(fresh, *this);
    } else {
        run(fresh);
    }
}

void batch::fail_steps(flight& flight, std::exception_ptr const& why) noexcept {
    for (auto& each : flight.steps)
        if (auto* const step = std::exchange(each.step, nullptr)) step->fail(why);
}

/// There was no memory for it, before a backend had it.
void batch::fail_all(flight& flight, std::exception_ptr const& why) noexcept {
    release(flight);
    fail_steps(flight, why);
    flight.steps.clear();
    flight.loads.clear();
    flight.changes.clear();
    idle_.push_back(&flight); // its place was there before
}

void batch::list_loads(flight& to) {
    for (auto const& each : to.steps)
        for (auto const& key : each.step->keys_) {
            if (to.steps.size() > 1 && // the keys of one step differ
                std::ranges::find(to.loads, key, &flight::load::key) != to.loads.end())
                continue;
            auto& load = to.loads.emplace_back();
            load.key = key;
            if (options_.cached_max == 0 || key.is_shared()) continue;
            auto const* const known = cache_.find(key);
            if (known != nullptr) load.known = state::version_of(known->blob);
        }
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

// --- running the rules --------------------------------------------------------------------------

void batch::loaded(flight& done) {
    if (done.changes.status != commit::outcome::done) {
        answer(done);
        return;
    }
    done.formed = ++count_;
    try {
        for (auto const& each : done.loads)
            if (!each.is_unchanged && !each.key.is_shared()) learn(each.key, each.blob, done);
        run(done);
    } catch (...) { // no memory: the backend lets go of what it has loaded
        cache_.clear();
        fail_steps(done, std::current_exception());
        done.changes.clear();
        io_.commit(done, *this);
    }
}

void batch::put_state(state::state_key const& key, std::string_view blob,
                      state_cache::entry const* known) {
    auto const* const seen = known != nullptr && known->seen ? &*known->seen : nullptr;
    if (!overlay_.put(key, blob, seen)) unreadable_.push_back(key);
}

void batch::put_states(flight const& flight) {
    unreadable_.clear();
    for (auto const& each : flight.loads) {
        auto const* const known = options_.cached_max == 0 ? nullptr : cache_.find(each.key);
        if (!each.is_unchanged)
            put_state(each.key, each.blob, known);
        else if (known != nullptr && state::version_of(known->blob) == each.known)
            put_state(each.key, known->blob, known);
        else // a cache that is too small has lost it meanwhile: it is not taken for absent
            unreadable_.push_back(each.key);
    }
    if (io_.reads_first()) return;
    for (auto const& each : flight.steps)
        for (auto const& key : each.step->keys_)
            if (!overlay_.knows(key)) {
                auto const* const known = cache_.find(key);
                put_state(key, known == nullptr ? std::string_view() : known->blob, known);
            }
}

bool batch::is_readable(batch_step const& step) const {
    return unreadable_.empty() || std::ranges::none_of(step.keys_, [this](auto const& key) {
               return std::ranges::find(unreadable_, key) != unreadable_.end();
           });
}

bool batch::is_fresh(batch_step const& step) {
    if (io_.reads_first()) return true;
    return std::ranges::all_of(step.keys_, [&](auto const& key) {
        if (!key.is_shared()) return true; // its version is compared
        auto const* const known = cache_.find(key);
        return known != nullptr && known->asked_at > step.arrived_;
    });
}

void batch::run(flight::passenger& one) {
    auto& step = *one.step;
    one.was_run = is_readable(step);
    if (!one.was_run) {
        ++stats_.unreadable;
        return;
    }
    one.number = overlay_.begin_step();
    one.was_refused = step.run(overlay_, overlay_.now());
    one.runs_again = one.was_refused && !is_fresh(step);
    if (!one.runs_again) return;
    overlay_.discard_additions_of_step();
    for (auto const& key : step.keys_)
        if (key.is_shared()) overlay_.want(key);
}

void batch::run(flight& all) {
    overlay_.begin(io_.now(), io_.has_room());
    put_states(all);
    all.restores = overlay_.restore_shared();
    for (std::size_t n = 0; n < all.steps.size(); ++n) {
        if (all.steps[n].step == nullptr) continue; // it was told meanwhile that it is unknown
        try {
            run(all.steps[n]);
        } catch (...) {
            leave_behind(all, n, std::current_exception());
            return;
        }
    }
    overlay_.build(all.changes, versions_, !io_.reads_first());
    for (auto& each : all.steps) {
        if (!each.was_run) continue;
        each.group = overlay_.group_of(each.number);
        all.changes.must_survive |= each.step->must_survive();
    }
    for (auto const& each : all.changes.shared)
        if (!each.structure.empty()) occupy(all, each.key);
    for (auto const& key : unreadable_)
        cache_.put(key, {}, 0); // who comes next asks for it again
    io_.commit(all, *this);
}

/// What a step did that threw half way through is nobody's: the others run again without it.
void batch::leave_behind(flight& flight, std::size_t thrower, std::exception_ptr thrown) {
    release(flight);
    auto* const failed = std::exchange(flight.steps[thrower].step, nullptr);
    for (auto each = flight.steps.rbegin(); each != flight.steps.rend(); ++each)
        if (each->step != nullptr) queue_.push_front(each->step);
    flight.steps.clear();
    flight.changes.clear();
    io_.commit(flight, *this);
    failed->fail(std::move(thrown));
}

// --- the answer ---------------------------------------------------------------------------------

void batch::committed(flight& done) {
    // of one that may not be done nothing is forgotten: that may be all that is left of a state
    try {
        if (done.changes.status == commit::outcome::done) learn(done);
    } catch (...) { // no memory: what is known is asked for again
        cache_.clear();
    }
    answer(done);
}

void batch::learn(flight const& flight) {
    for (auto const& each : flight.changes.writes) {
        if (flight.changes.failed[each.group]) continue;
        if (each.type == state_write::kind::put) cache_.put(each.key, each.blob, flight.formed);
        if (each.type == state_write::kind::erase)
            cache_.put_deleted(each.key, each.expected, flight.formed);
    }
    for (auto const& each : flight.changes.present)
        learn(each.key, each.blob, flight);
}

void batch::learn(state::state_key const& key, std::string_view blob, flight const& answered) {
    if (options_.cached_max > 0)
        cache_.put(key, blob, answered.formed, find_lost(key, blob, answered));
}

/// What was seen of it before, and is not there again.
std::optional<std::string> batch::find_lost(state::state_key const& key, std::string_view present,
                                            flight const& answered) {
    auto const* const known = cache_.find(key);
    if (known == nullptr) return std::nullopt;
    if (key.is_shared()) {
        auto const begin = answered.changes.failed.begin();
        bool const is_restored =
            !cache_.may_be_lost(answered.formed) &&
            std::find(begin, begin + answered.restores, true) == begin + answered.restores;
        return is_restored ? std::nullopt : known->seen;
    }
    if (known->seen || !cache_.may_be_lost(known->asked_at)) return known->seen;
    auto const version = state::version_of(present);
    bool const is_older = version <= known->newest && version != state::version_of(known->blob);
    return is_older ? std::optional(known->blob) : std::nullopt;
}

void batch::answer(flight& flight) {
    release(flight);
    auto const became = flight.changes.status;
    auto const& failed = flight.changes.failed;
    bool const some_failed = std::ranges::find(failed, true) != failed.end();
    auto const has_to_run_again = [&](flight::passenger const& each) {
        if (became != commit::outcome::done || !each.was_run) return false;
        return failed[each.group] || each.runs_again || (each.was_refused && some_failed);
    };
    for (auto each = flight.steps.rbegin(); each != flight.steps.rend(); ++each) {
        if (each->step == nullptr || !has_to_run_again(*each)) continue;
        if (++each->step->tries_ >= options_.tries_max) {
            each->was_run = false;
            continue;
        }
        ++stats_.conflicts;
        auto* const step = std::exchange(each->step, nullptr);
        try {
            queue_.push_front(step);
        } catch (...) {
            step->fail(std::current_exception());
        }
    }
    for (auto& each : flight.steps) {
        auto* const step = std::exchange(each.step, nullptr);
        if (step == nullptr) continue;
        if (became == commit::outcome::unknown)
            step->finish(step_fault::unknown);
        else if (became == commit::outcome::not_executed || !each.was_run)
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
