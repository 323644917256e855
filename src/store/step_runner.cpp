#include "step_runner.hpp"

#include "batch_step.hpp"

#include <algorithm>

namespace otpd::store {

void step_runner::list_loads(flight& to) {
    for (auto const& step : to.steps)
        for (auto const& key : step.step->keys_) {
            if (to.steps.size() > 1 && // the keys of one step differ
                std::ranges::find(to.loads, key, &flight::load::key) != to.loads.end())
                continue;
            auto& load = to.loads.emplace_back();
            load.key = key;
            if (cached_max_ == 0 || key.is_shared()) continue;
            auto const* const known = cache_.find(key);
            if (known != nullptr) load.known = state::version_of(known->blob);
        }
}

void step_runner::put_state(state::state_key const& key, std::string_view blob,
                            state_cache::entry const* known) {
    auto const* const seen = known != nullptr && known->seen ? &*known->seen : nullptr;
    if (!overlay_.put(key, blob, seen)) unreadable_.push_back(key);
}

void step_runner::put_states(flight const& flight) {
    unreadable_.clear();
    for (auto const& load : flight.loads) {
        auto const* const known = cached_max_ == 0 ? nullptr : cache_.find(load.key);
        if (!load.is_unchanged)
            put_state(load.key, load.blob, known);
        else if (known != nullptr && state::version_of(known->blob) == load.known)
            put_state(load.key, known->blob, known);
        else // evicted from a cache that is too small: it must not count as absent
            unreadable_.push_back(load.key);
    }
    if (io_.reads_first()) return;
    for (auto const& step : flight.steps)
        for (auto const& key : step.step->keys_)
            if (!overlay_.knows(key)) {
                auto const* const known = cache_.find(key);
                put_state(key, known == nullptr ? std::string_view() : known->blob, known);
            }
}

bool step_runner::is_readable(batch_step const& step) const {
    return unreadable_.empty() || std::ranges::none_of(step.keys_, [this](auto const& key) {
               return std::ranges::find(unreadable_, key) != unreadable_.end();
           });
}

bool step_runner::is_fresh(batch_step const& step) {
    if (io_.reads_first()) return true;
    return std::ranges::all_of(step.keys_, [&](auto const& key) {
        if (!key.is_shared()) return true; // its version is compared
        auto const* const known = cache_.find(key);
        return known != nullptr && known->asked_at > step.arrived_;
    });
}

void step_runner::run(flight::passenger& one) {
    auto& step = *one.step;
    one.was_run = is_readable(step);
    if (!one.was_run) {
        ++unreadable_steps_;
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

std::optional<step_runner::failure> step_runner::run(flight& all) {
    overlay_.begin(io_.now(), io_.room_left());
    put_states(all);
    all.restores = overlay_.restore_shared();
    for (std::size_t n = 0; n < all.steps.size(); ++n) {
        if (all.steps[n].step == nullptr)
            continue; // it timed out meanwhile, and was told
                      // `unknown`
        try {
            run(all.steps[n]);
        } catch (...) {
            return failure{n, std::current_exception()};
        }
    }
    overlay_.build(all.changes, versions_, !io_.reads_first());
    for (auto& step : all.steps) {
        if (!step.was_run) continue;
        step.group = overlay_.group_of(step.number);
        all.changes.must_survive |= step.step->must_survive();
    }
    for (auto const& key : unreadable_)
        cache_.put(key, {}, 0); // the next step loads it again
    return std::nullopt;
}

// --- what is known ------------------------------------------------------------------------------

void step_runner::learn_loads(flight const& answered) {
    for (auto const& load : answered.loads)
        if (!load.is_unchanged && !load.key.is_shared()) learn(load.key, load.blob, answered);
}

void step_runner::learn_commit(flight const& answered) {
    for (auto const& write : answered.changes.writes) {
        if (answered.changes.failed[write.group]) continue;
        if (write.type == state_write::kind::put)
            cache_.put(write.key, write.blob, answered.formed);
        if (write.type == state_write::kind::erase)
            cache_.put_deleted(write.key, write.expected, answered.formed);
    }
    for (auto const& change : answered.changes.present)
        learn(change.key, change.blob, answered);
}

void step_runner::learn(state::state_key const& key, std::string_view blob,
                        flight const& answered) {
    if (cached_max_ > 0) cache_.put(key, blob, answered.formed, find_lost(key, blob, answered));
}

/// What was seen of the state before and is missing now.
std::optional<std::string> step_runner::find_lost(state::state_key const& key,
                                                  std::string_view present,
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

} // namespace otpd::store
