#include "overlay.hpp"

#include "state/number_state.hpp"
#include "state/strictest.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace otpd::store {

using state::key_kind;
using state::state_key;

namespace {

/// Groups of one commit that add again what was lost; so many that all have a number in one byte.
constexpr std::size_t restores_max = 128;

constexpr unsigned clock_shift = 12;
constexpr unsigned instance_shift = 6;

/// The next of a list whose elements are used again.
template <class T>
T& next_of(std::deque<T>& list, std::size_t& count) {
    if (count == list.size()) list.emplace_back();
    return list[count++];
}

/// What was seen and cannot be read says nothing.
template <class State>
void restore(State& theirs, std::string_view seen) {
    State mine;
    if (seen.empty() || decode(seen, mine)) make_strictest(theirs, mine);
}

/// max(max(v, f1) + d1, f2) + d2 as one addition. The first one's bound is that of the sum before
/// the second.
void join(field_addition& first, engine::addition const& second) noexcept {
    first.floor = std::max(first.floor, second.floor - first.delta);
    auto const spare =
        std::numeric_limits<std::int64_t>::max() - std::max<std::int64_t>(0, second.delta);
    first.bound = std::min(std::min(first.bound, spare) + second.delta, second.bound);
    first.delta += second.delta;
    first.ceiling = std::min(first.ceiling, second.ceiling);
}

} // namespace

state::version version_source::next(store_time now, state::version before) noexcept {
    auto const since = std::max<std::int64_t>(0, (now - state::first_time).count());
    auto const by_clock = static_cast<state::version>(since) << clock_shift |
                          state::version{instance_} << instance_shift;
    auto next = std::max(last_, before) + 1;
    if (by_clock < next) { // a burst, or a clock that is behind: it says the instance all the same
        constexpr auto mask = state::version{instances_max - 1} << instance_shift;
        auto const mine = (next & ~mask) | state::version{instance_} << instance_shift;
        next = mine < next ? mine + (state::version{1} << clock_shift) : mine;
    } else {
        next = by_clock;
    }
    last_ = next;
    return last_;
}

void overlay::begin(store_time now, bool has_room) {
    now_ = now;
    has_room_ = has_room;
    number_count_ = record_count_ = shared_count_ = 0;
    index_.clear();
    parents_.clear();
    groups_.clear();
    additions_.clear();
    additions_before_step_ = 0;
    shared_reads_.clear();
}

std::uint32_t overlay::find(state_key const& key) const noexcept {
    auto const found = index_.find(key);
    return found == index_.end() ? nobody : found->second;
}

bool overlay::knows(state_key const& key) const noexcept {
    return find(key) != nobody;
}

bool overlay::put(state_key const& key, std::string_view blob, std::string const* seen) {
    auto const put_owned = [&](auto& list, std::size_t& count) {
        index_.emplace(key, static_cast<std::uint32_t>(count));
        auto& fresh = next_of(list, count);
        fresh.key = key;
        fresh.kept = state::version_of(blob);
        fresh.step = nobody;
        fresh.state.clear();
        if (!blob.empty() && !decode(blob, fresh.state)) return false;
        if (seen != nullptr) restore(fresh.state, *seen);
        // What a clock wrote that was ahead is mended whatever the steps do.
        fresh.is_changed = fresh.state.advance(now_) || seen != nullptr;
        return true;
    };
    if (key.kind == key_kind::number) return put_owned(numbers_, number_count_);
    if (!key.is_shared()) return put_owned(records_, record_count_);
    index_.emplace(key, static_cast<std::uint32_t>(shared_count_));
    auto& fresh = next_of(shared_, shared_count_);
    fresh.key = key;
    fresh.kept = state::version_of(blob);
    fresh.is_added_to = fresh.is_wanted = false;
    fresh.retained_until = {};
    fresh.state.clear();
    fresh.seen.clear();
    if (!blob.empty() && !decode(blob, fresh.state)) return false;
    fresh.is_restructured = fresh.state.advance(now_);
    if (seen != nullptr && decode(*seen, fresh.seen)) fresh.seen.advance(now_);
    return true;
}

/// By the names of the fields: what is kept may have another structure by now, or none. Each state
/// has a group of its own, as far as they go: one whose structure is another keeps no other from
/// it.
std::uint32_t overlay::restore_shared() {
    for (std::size_t n = 0; n < shared_count_; ++n) {
        auto& each = shared_[n];
        if (each.seen.fields.empty()) continue;
        if (parents_.size() < restores_max) begin_step();
        engine::structure needed;
        if (each.seen.guard) needed.typing = each.seen.guard->typing;
        needed.sum_end = each.seen.sum_end;
        auto const end = std::max(now_, needed.sum_end) + std::chrono::days(1);
        for (auto const& field : each.seen.fields) {
            if (field.current == 0) continue;
            engine::addition addition;
            addition.field = field.name;
            addition.floor = field.current;
            addition.retained_until = end;
            if (each.key.kind == key_kind::limit) // it may be a time
                addition.retained_until = std::max(end, store_time(counter_time(field.current)) +
                                                            std::chrono::minutes(1));
            add(each.key, addition, needed);
            each.is_wanted = true;
        }
    }
    return static_cast<std::uint32_t>(parents_.size());
}

std::uint32_t overlay::begin_step() {
    auto const step = static_cast<std::uint32_t>(parents_.size());
    parents_.push_back(step);
    additions_before_step_ = additions_.size();
    return step;
}

void overlay::discard_additions_of_step() {
    additions_.resize(additions_before_step_);
}

void overlay::want(state_key const& key) {
    shared_[find(key)].is_wanted = true;
}

std::uint32_t overlay::root(std::uint32_t step) noexcept {
    while (parents_[step] != step)
        step = parents_[step] = parents_[parents_[step]];
    return step;
}

template <class State>
State& overlay::use(std::deque<owned<State>>& list, state_key const& key, bool changes) {
    auto& found = list.at(find(key)); // one that list_keys() forgot throws
    auto const step = static_cast<std::uint32_t>(parents_.size() - 1);
    if (found.step == nobody)
        found.step = step;
    else
        parents_[root(step)] = root(found.step);
    found.is_changed = found.is_changed || changes;
    return found.state;
}

state::number_state const& overlay::number(number_key const& at) {
    return use(numbers_, state::number_state_key(at), false);
}
state::number_state& overlay::change_number(number_key const& at) {
    return use(numbers_, state::number_state_key(at), true);
}
state::record const& overlay::record(state_key const& at) {
    return use(records_, at, false);
}
state::record& overlay::change_record(state_key const& at) {
    return use(records_, at, true);
}
state::shared_state const& overlay::shared(state_key const& at) {
    shared_read const seen{find(at), static_cast<std::uint32_t>(parents_.size() - 1)};
    if (shared_reads_.empty() || shared_reads_.back() != seen) shared_reads_.push_back(seen);
    return shared_.at(seen.target).state;
}

void overlay::add(state_key const& at, engine::addition const& addition,
                  engine::structure const& needed) {
    auto const target = find(at);
    auto& entry = shared_.at(target);
    auto const fields_before = entry.state.fields.size();
    if (needed.typing != std::chrono::seconds(0) && entry.state.add_guard(now_, needed.typing))
        entry.is_restructured = true;
    auto& field = entry.state.add_field(addition.field);
    entry.is_restructured = entry.is_restructured || entry.state.fields.size() > fields_before;
    if (needed.sum_end != store_time() && entry.state.sum_end == store_time()) {
        entry.state.sum_end = needed.sum_end;
        entry.is_restructured = true;
    }
    entry.is_added_to = true;
    entry.retained_until = std::max(entry.retained_until, addition.retained_until);

    auto const value = field.current > addition.ceiling ? 0 : field.current;
    auto const sum = std::max(value, addition.floor) + addition.delta;
    if (sum <= addition.bound || !addition.skips_when_over) field.current = sum;

    auto const field_at = static_cast<std::uint32_t>(&field - entry.state.fields.data());
    for (auto n = additions_before_step_; n < additions_.size(); ++n) {
        auto& before = additions_[n];
        if (before.target != target || before.field != field_at) continue;
        if (before.skips_when_over || addition.skips_when_over) continue;
        join(before, addition);
        return;
    }
    additions_.push_back({target, field_at, static_cast<std::uint32_t>(parents_.size() - 1),
                          addition.skips_when_over, addition.floor, addition.delta, addition.bound,
                          addition.ceiling});
}

} // namespace otpd::store
