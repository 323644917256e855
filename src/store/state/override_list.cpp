#include "state/override_list.hpp"

#include "state/number_state.hpp"

#include <algorithm>

namespace otpd::store::state {

override_state const* override_list::find(std::string_view destination,
                                          override_action action) const noexcept {
    auto const found = std::ranges::find_if(entries, [&](override_state const& entry) {
        return entry.destination == destination && entry.action == action;
    });
    return found == entries.end() ? nullptr : &*found;
}

bool override_list::advance(store_time now) {
    bool moved = false;
    for (auto& entry : entries) {
        if (entry.made <= now + clock_tolerance) continue;
        entry.end -= entry.made - now;
        entry.made = now;
        moved = true;
    }
    std::erase_if(entries, [now](auto const& entry) { return entry.end <= now; });
    return moved;
}

store_time override_list::retained_until() const noexcept {
    auto last = store_time();
    for (auto const& entry : entries)
        last = std::max(last, entry.end);
    return last + std::chrono::minutes(1);
}

void encode(std::string& to, override_list const& list, version written) {
    writer out(to);
    write_header(out, written, format::overrides_1);
    out.number(list.entries.size());
    for (auto const& entry : list.entries) {
        out.text(entry.destination);
        out.byte(static_cast<std::uint8_t>(entry.action));
        out.text(entry.reason);
        out.time(entry.made, first_time);
        out.time(entry.end, entry.made);
    }
}

bool decode(std::string_view blob, override_list& list) {
    list.clear();
    reader reader(blob);
    static_cast<void>(read_header(reader, format::overrides_1));
    auto const count = reader.number(overrides_max);
    for (std::uint64_t n = 0; n < count && reader.ok(); ++n) {
        override_state entry;
        entry.destination = reader.text();
        auto const action = reader.byte();
        entry.action = static_cast<override_action>(action);
        entry.reason = reader.text();
        entry.made = reader.time(first_time);
        entry.end = reader.time(entry.made);
        bool const is_written_so =
            !entry.destination.empty() && entry.destination.size() <= override_destination_max &&
            action <= static_cast<std::uint8_t>(override_action::allow) &&
            entry.reason.size() <= override_reason_max && entry.end > entry.made &&
            entry.end - entry.made <= override_longest;
        if (!is_written_so || list.find(entry.destination, entry.action) != nullptr) reader.fail();
        list.entries.push_back(std::move(entry));
    }
    if (count == 0) reader.fail(); // an empty list is not stored
    if (!reader.is_complete()) list.clear();
    return reader.is_complete();
}

} // namespace otpd::store::state
