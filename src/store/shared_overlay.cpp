#include "shared_overlay.hpp"

#include <algorithm>
#include <limits>

namespace otpd::store {

using state::key_kind;
using state::state_key;

namespace {

/// The maximum number of groups of one commit that add lost values again. Small enough that the
/// number of each fits into one byte.
constexpr std::size_t restores_max = 128;

/// Joins max(max(v, f1) + d1, f2) + d2 into one addition. The first bound then applies to the sum
/// before the second addition.
void join(field_addition& first, engine::addition const& second) noexcept {
    first.floor = std::max(first.floor, second.floor - first.delta);
    auto const spare =
        std::numeric_limits<std::int64_t>::max() - std::max<std::int64_t>(0, second.delta);
    first.bound = std::min(std::min(first.bound, spare) + second.delta, second.bound);
    first.delta += second.delta;
    first.ceiling = std::min(first.ceiling, second.ceiling);
}

} // namespace

void shared_overlay::begin(store_time now) {
    now_ = now;
    count_ = 0;
    index_.clear();
    additions_.clear();
    additions_before_step_ = 0;
    reads_.clear();
}

std::uint32_t shared_overlay::find(state_key const& key) const noexcept {
    auto const found = index_.find(key);
    return found == index_.end() ? nobody : found->second;
}

shared_overlay::counted& shared_overlay::next() {
    if (count_ == entries_.size()) entries_.emplace_back();
    return entries_[count_++];
}

bool shared_overlay::put(state_key const& key, std::string_view blob, std::string const* seen) {
    index_.emplace(key, static_cast<std::uint32_t>(count_));
    auto& fresh = next();
    fresh.key = key;
    fresh.kept = state::version_of(blob);
    fresh.is_added_to = fresh.is_wanted = false;
    fresh.retained_until = {};
    fresh.seen.clear();
    if (blob.empty())
        fresh.state.clear();
    else if (!decode(blob, fresh.state))
        return false;
    fresh.is_restructured = fresh.state.advance(now_);
    if (seen != nullptr && decode(*seen, fresh.seen)) fresh.seen.advance(now_);
    return true;
}

/// Finds fields by name, because the stored state may have another structure by now, or none. Each
/// state has a group of its own while they last, so that a state with another structure does not
/// affect the others.
std::uint32_t shared_overlay::restore(step_groups& groups) {
    for (std::size_t n = 0; n < count_; ++n) {
        auto& slot = entries_[n];
        if (slot.seen.fields.empty()) continue;
        if (groups.size() < restores_max) {
            groups.begin_step();
            begin_step();
        }
        engine::structure needed;
        if (slot.seen.guard) needed.typing = slot.seen.guard->typing;
        needed.sum_end = slot.seen.sum_end;
        auto const end = std::max(now_, needed.sum_end) + std::chrono::days(1);
        for (auto const& field : slot.seen.fields) {
            if (field.current == 0) continue;
            engine::addition addition;
            addition.field = field.name;
            addition.floor = field.current;
            addition.retained_until = end;
            if (slot.key.kind == key_kind::limit) // its field may be a time
                addition.retained_until = std::max(end, store_time(counter_time(field.current)) +
                                                            std::chrono::minutes(1));
            add(slot.key, addition, needed, groups.current_step());
            slot.is_wanted = true;
        }
    }
    return groups.size();
}

state::shared_state const& shared_overlay::shared(state_key const& at, std::uint32_t step) {
    read const seen{find(at), step};
    if (reads_.empty() || reads_.back() != seen) reads_.push_back(seen);
    return entries_.at(seen.target).state;
}

void shared_overlay::add(state_key const& at, engine::addition const& addition,
                         engine::structure const& needed, std::uint32_t step) {
    auto const target = find(at);
    auto& entry = entries_.at(target);
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
    additions_.push_back({target, field_at, step, addition.skips_when_over, addition.floor,
                          addition.delta, addition.bound, addition.ceiling});
}

// --- the commit ---------------------------------------------------------------------------------

void shared_overlay::build_targets(commit& commit, version_source& versions,
                                   std::vector<std::size_t>& blob_sizes) {
    for (std::size_t n = 0; n < count_; ++n) {
        auto& slot = entries_[n];
        auto& target = commit.shared.emplace_back();
        blob_sizes.push_back(0);
        target.key = slot.key;
        target.expected = slot.kept;
        target.retained_until = slot.retained_until;
        target.is_wanted = slot.is_wanted;
        if (!slot.is_added_to || !slot.is_restructured) continue;
        auto const begin = commit.bytes.size();
        encode(commit.bytes, slot.state, versions.next(now_, slot.kept));
        blob_sizes.back() = commit.bytes.size() - begin;
        for (auto const& field : slot.state.fields)
            target.sources.push_back(field.source);
    }
}

void shared_overlay::build_additions(commit& commit, step_groups const& groups, bool compares) {
    commit.additions = additions_;
    for (auto& addition : commit.additions)
        addition.group = groups.group_of(addition.group);
    if (compares) build_reads(commit, groups);
    if (commit.groups > 1) std::ranges::stable_sort(commit.additions, {}, &field_addition::group);
}

/// A step may have based its decision on the absence of a budget, or of a limit's field.
void shared_overlay::build_reads(commit& commit, step_groups const& groups) {
    for (auto const& read : reads_) {
        auto const group = groups.group_of(read.step);
        bool const is_compared = std::ranges::any_of(commit.additions, [&](auto const& added) {
            return added.target == read.target && added.group == group;
        });
        if (is_compared) continue;
        auto& compared = commit.additions.emplace_back();
        compared.target = read.target;
        compared.field = field_addition::nothing;
        compared.group = group;
    }
}

} // namespace otpd::store
