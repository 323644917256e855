#include "overlay.hpp"

#include "state/number_state.hpp"
#include "state/strictest.hpp"

namespace otpd::store {

using state::key_kind;
using state::state_key;

namespace {

/// Returns the next element of a list whose elements are reused.
template <class T>
T& next_of(std::deque<T>& list, std::size_t& count) {
    if (count == list.size()) list.emplace_back();
    return list[count++];
}

/// A blob from before that cannot be read is ignored.
template <class State>
void restore(State& theirs, std::string_view seen) {
    State mine;
    if (seen.empty() || decode(seen, mine)) make_strictest(theirs, mine);
}

void describe(state_write& to, state::number_state const& state) noexcept {
    to.retained_until = state.retained_until();
    to.live = state::count_live_codes(state);
}
void describe(state_write& to, state::record const& record) noexcept {
    to.retained_until =
        record.retained_until + std::chrono::minutes(1); // for those who still cache it
}
void describe(state_write& to, state::journal_list const& list) noexcept {
    to.retained_until = list.retained_until();
}
void describe(state_write& to, state::override_list const& list) noexcept {
    to.retained_until = list.retained_until();
}

} // namespace

void overlay::begin(store_time now, room left) {
    now_ = now;
    room_left_ = left;
    number_count_ = record_count_ = journals_count_ = overrides_count_ = 0;
    index_.clear();
    groups_.clear();
    shared_.begin(now);
}

std::uint32_t overlay::find(state_key const& key) const noexcept {
    auto const found = index_.find(key);
    return found == index_.end() ? nobody : found->second;
}

bool overlay::knows(state_key const& key) const noexcept {
    return key.is_shared() ? shared_.knows(key) : find(key) != nobody;
}

bool overlay::put(state_key const& key, std::string_view blob, std::string const* seen) {
    auto const put_owned = [&](auto& list, std::size_t& count) {
        index_.emplace(key, static_cast<std::uint32_t>(count));
        auto& fresh = next_of(list, count);
        fresh.key = key;
        fresh.kept = state::version_of(blob);
        fresh.step = nobody;
        if (blob.empty())
            fresh.state.clear();
        else if (!decode(blob, fresh.state))
            return false;
        if (seen != nullptr) restore(fresh.state, *seen);
        // Times that a fast clock wrote are corrected, whatever the steps do.
        fresh.is_changed = fresh.state.advance(now_) || seen != nullptr;
        return true;
    };
    if (key.kind == key_kind::number) return put_owned(numbers_, number_count_);
    if (key.kind == key_kind::journals) return put_owned(journals_, journals_count_);
    if (key.kind == key_kind::overrides) return put_owned(overrides_, overrides_count_);
    if (!key.is_shared()) return put_owned(records_, record_count_);
    return shared_.put(key, blob, seen);
}

std::uint32_t overlay::begin_step() {
    shared_.begin_step();
    return groups_.begin_step();
}

template <class State>
State& overlay::use(std::deque<owned<State>>& list, state_key const& key, bool changes) {
    auto& found = list.at(find(key)); // throws if list_keys() omitted the key
    if (found.step == nobody)
        found.step = groups_.current_step();
    else
        groups_.join(groups_.current_step(), found.step);
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

state::journal_list const& overlay::journals() {
    return use(journals_, state::journals_state_key(), false);
}
state::journal_list& overlay::change_journals() {
    return use(journals_, state::journals_state_key(), true);
}

state::override_list const& overlay::overrides() {
    return use(overrides_, state::overrides_state_key(), false);
}
state::override_list& overlay::change_overrides() {
    return use(overrides_, state::overrides_state_key(), true);
}

// --- the commit ---------------------------------------------------------------------------------

template <class State>
void overlay::build_writes(commit& commit, std::deque<owned<State>>& list, std::size_t count,
                           version_source& versions, bool compares) {
    for (std::size_t n = 0; n < count; ++n) {
        auto& slot = list[n];
        if (slot.step == nobody || (!slot.is_changed && !compares)) continue;
        auto& write = commit.writes.emplace_back();
        blob_sizes_.push_back(0);
        write.key = slot.key;
        write.expected = slot.kept;
        write.group = groups_.group_of(slot.step);
        if (!slot.is_changed) continue;
        if (slot.state.is_empty()) {
            if (slot.kept != state::absent_version) write.type = state_write::kind::erase;
            continue;
        }
        write.type = state_write::kind::put;
        auto const begin = commit.bytes.size();
        encode(commit.bytes, slot.state, versions.next(now_, slot.kept));
        blob_sizes_.back() = commit.bytes.size() - begin;
        describe(write, slot.state);
    }
}

void overlay::build(commit& commit, version_source& versions, bool compares) {
    commit.clear();
    blob_sizes_.clear();
    commit.now = now_;
    commit.groups = groups_.number();
    commit.failed.assign(commit.groups, false);
    build_writes(commit, numbers_, number_count_, versions, compares);
    build_writes(commit, records_, record_count_, versions, compares);
    build_writes(commit, journals_, journals_count_, versions, compares);
    build_writes(commit, overrides_, overrides_count_, versions, compares);
    shared_.build_targets(commit, versions, blob_sizes_);
    // The bytes do not move any more from here on.
    auto size = blob_sizes_.begin();
    std::size_t at = 0;
    auto const next = [&] {
        auto const blob = std::string_view(commit.bytes).substr(at, *size);
        at += *size++;
        return blob;
    };
    for (auto& write : commit.writes)
        write.blob = next();
    for (auto& entry : commit.shared)
        entry.structure = next();
    shared_.build_additions(commit, groups_, compares);
}

} // namespace otpd::store
