#include "memory_table.hpp"

#include "packed_state.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace otpd::store {

memory_table::memory_table(std::size_t shards, std::size_t items_max) : budget_(items_max) {
    if (!std::has_single_bit(shards))
        throw std::invalid_argument("the number of shards is not a power of two");
    for (std::size_t i = 0; i < shards; ++i)
        shards_.emplace_back(memory_);
}

/// From the end of the key: its beginning is the hash within the shard.
memory_shard& memory_table::home(subject_key const& key) noexcept {
    std::size_t tail = 0;
    std::memcpy(&tail, key.data() + key.size() - sizeof tail, sizeof tail);
    return shards_[tail & (shards_.size() - 1)];
}

void memory_table::load(working& into, subject_key const& at, memory_shard& home,
                        memory_shard::place place, store_time now) const {
    into.at = at;
    into.home = &home;
    into.place = place;
    into.state.clear();
    into.size = place == memory_shard::nowhere ? 0 : unpack(home.state(place), into.state, names_);
    into.items = into.state.items();
    into.codes = into.state.codes();
    into.state.drop_expired(now);
    // Whatever is dropped makes one of them less.
    into.changed = into.items != into.state.items() || into.codes != into.state.codes();
}

void memory_table::save(working const& known) {
    auto& home = *known.home;
    auto place = known.place;
    if (known.state.empty()) {
        if (place != memory_shard::nowhere) home.remove(place, known.size);
    } else {
        packer to(packed_);
        pack(to, known.state, names_);
        if (place == memory_shard::nowhere)
            place = home.add(known.at, to.written());
        else
            home.replace(place, known.size, to.written());
        home.schedule(place, known.state.next_expiry());
    }
    budget_.change_items(known.items, known.state.items());
    budget_.change_codes(known.codes, known.state.codes());
}

std::size_t memory_table::sweep(std::size_t shard, store_time now, std::size_t subjects_max) {
    auto& home = shards_[shard];
    std::size_t removed = 0;
    working known;
    for (; subjects_max > 0; --subjects_max) {
        auto const due = home.next_due(now);
        if (!due) break;
        load(known, home.key(*due), home, *due, now);
        removed += known.items - known.state.items();
        if (known.changed)
            save(known);
        else
            home.schedule(*due, known.state.next_expiry());
    }
    return removed;
}

memory_table::working& memory_step::find(subject_key const& at) {
    auto& list = table_.workings_;
    for (std::size_t i = 0; i < used_; ++i)
        if (list[i].at == at) return list[i];
    if (used_ == list.size()) list.emplace_back();
    auto& fresh = list[used_];
    auto& home = table_.home(at);
    table_.load(fresh, at, home, home.find(at), now_);
    ++used_;
    return fresh;
}

void memory_step::change(subject_key const& at,
                         boost::compat::function_ref<void(subject_state&)> with) {
    auto& known = find(at);
    known.changed = true;
    with(known.state);
}

/// With what this step has dropped and added so far.
bool memory_step::has_room_for(std::size_t items) const {
    std::size_t before = 0;
    std::size_t now = items;
    for (std::size_t i = 0; i < used_; ++i) {
        before += table_.workings_[i].items;
        now += table_.workings_[i].state.items();
    }
    return now <= before || table_.budget_.has_room_for(now - before);
}

void memory_step::keep() {
    for (std::size_t i = 0; i < used_; ++i)
        if (table_.workings_[i].changed) table_.save(table_.workings_[i]);
}

} // namespace otpd::store
