// What a batch's steps did, as a commit.

#include "overlay.hpp"
#include "state/number_state.hpp"

#include <algorithm>

namespace otpd::store {

namespace {

void describe(state_write& to, state::number_state const& state) noexcept {
    to.retained_until = state.retained_until();
    to.live = state::count_live_codes(state);
}
void describe(state_write& to, state::record const& record) noexcept {
    to.retained_until =
        record.retained_until + std::chrono::minutes(1); // for those who still know it
}

} // namespace

/// From 0 on.
void overlay::number_groups() {
    groups_.assign(parents_.size(), nobody);
    for (std::uint32_t step = 0; step < parents_.size(); ++step)
        groups_[root(step)] = 0;
    std::uint32_t count = 0;
    for (auto& each : groups_)
        if (each != nobody) each = count++;
    for (std::uint32_t step = 0; step < parents_.size(); ++step)
        groups_[step] = groups_[root(step)];
}

template <class State>
void overlay::build_writes(commit& commit, std::deque<owned<State>>& list, std::size_t count,
                           version_source& versions, bool compares) {
    for (std::size_t n = 0; n < count; ++n) {
        auto& each = list[n];
        if (each.step == nobody || (!each.is_changed && !compares)) continue;
        auto& write = commit.writes.emplace_back();
        blob_sizes_.push_back(0);
        write.key = each.key;
        write.expected = each.kept;
        write.group = groups_[each.step];
        if (!each.is_changed) continue;
        if (each.state.is_empty()) {
            if (each.kept != state::absent_version) write.type = state_write::kind::erase;
            continue;
        }
        write.type = state_write::kind::put;
        auto const begin = commit.bytes.size();
        encode(commit.bytes, each.state, versions.next(now_, each.kept));
        blob_sizes_.back() = commit.bytes.size() - begin;
        describe(write, each.state);
    }
}

void overlay::build_shared(commit& commit, version_source& versions) {
    for (std::size_t n = 0; n < shared_count_; ++n) {
        auto& each = shared_[n];
        auto& target = commit.shared.emplace_back();
        blob_sizes_.push_back(0);
        target.key = each.key;
        target.expected = each.kept;
        target.retained_until = each.retained_until;
        target.is_wanted = each.is_wanted;
        if (!each.is_added_to || !each.is_restructured) continue;
        auto const begin = commit.bytes.size();
        encode(commit.bytes, each.state, versions.next(now_, each.kept));
        blob_sizes_.back() = commit.bytes.size() - begin;
        for (auto const& field : each.state.fields)
            target.sources.push_back(field.source);
    }
}

/// That there is no budget, or no field of a limit, is what a step may have decided on.
void overlay::build_shared_reads(commit& commit) {
    for (auto const& each : shared_reads_) {
        auto const group = groups_[each.step];
        bool const is_compared = std::ranges::any_of(commit.additions, [&](auto const& added) {
            return added.target == each.target && added.group == group;
        });
        if (is_compared) continue;
        auto& compared = commit.additions.emplace_back();
        compared.target = each.target;
        compared.field = field_addition::nothing;
        compared.group = group;
    }
}

void overlay::build(commit& commit, version_source& versions, bool compares) {
    commit.clear();
    blob_sizes_.clear();
    commit.now = now_;
    number_groups();
    commit.groups =
        static_cast<std::uint32_t>(parents_.empty() ? 0 : 1 + *std::ranges::max_element(groups_));
    commit.failed.assign(commit.groups, false);
    build_writes(commit, numbers_, number_count_, versions, compares);
    build_writes(commit, records_, record_count_, versions, compares);
    build_shared(commit, versions);
    // The bytes stay where they are from here on.
    auto size = blob_sizes_.begin();
    std::size_t at = 0;
    auto const next = [&] {
        auto const blob = std::string_view(commit.bytes).substr(at, *size);
        at += *size++;
        return blob;
    };
    for (auto& each : commit.writes)
        each.blob = next();
    for (auto& each : commit.shared)
        each.structure = next();
    commit.additions = additions_;
    for (auto& each : commit.additions)
        each.group = groups_[each.group];
    if (compares) build_shared_reads(commit);
    if (commit.groups > 1) std::ranges::stable_sort(commit.additions, {}, &field_addition::group);
}

} // namespace otpd::store
