#include "state/override_list.hpp"

#include "state/number_state.hpp"

#include <algorithm>

namespace otpd::store::state {

override_state const* override_list::find(std::string_view destination,
                                          override_action action) const noexcept {
    auto const found = std::ranges::find_if(entries, [&](override_state const& each) {
        return each.destination == destination && each.action == action;
    });
    return found == entries.end() ? nullptr : &*found;
}

bool override_list::advance(store_time now) {
    bool moved = false;
    for (auto& each : entries) {
        if (each.made <= now + clock_tolerance) continue;
        each.end -= each.made - now;
        each.made = now;
        moved = true;
    }
    std::erase_if(entries, [now](auto const& each) { return each.end <= now; });
    return moved;
}

store_time override_list::retained_until() const noexcept {
    auto last = store_time();
    for (auto const& each : entries)
        last = std::max(last, each.end);
    return last + std::chrono::minutes(1);
}

void encode(std::string& to, override_list const& list, version written) {
    writer out(to);
    write_header(out, written, format::overrides_1);
    out.number(list.entries.size());
    for (auto const& each : list.entries) {
        out.text(each.destination);
        out.byte(static_cast<std::uint8_t>(each.action));
        out.text(each.reason);
        out.time(each.made, first_time);
        out.time(each.end, each.made);
    }
}

bool decode(std::string_view blob, override_list& list) {
    list.clear();
    reader reader(blob);
    static_cast<void>(read_header(reader, format::overrides_1));
    auto const count = reader.number(overrides_max);
    for (std::uint64_t n = 0; n < count && reader.ok(); ++n) {
        override_state each;
        each.destination = reader.text();
        auto const action = reader.byte();
        each.action = static_cast<override_action>(action);
        each.reason = reader.text();
        each.made = reader.time(first_time);
        each.end = reader.time(each.made);
        bool const is_written_so = !each.destination.empty() &&
                                   each.destination.size() <= override_destination_max &&
                                   action <= static_cast<std::uint8_t>(override_action::allow) &&
                                   each.reason.size() <= override_reason_max &&
                                   each.end > each.made && each.end - each.made <= override_longest;
        if (!is_written_so || list.find(each.destination, each.action) != nullptr) reader.fail();
        list.entries.push_back(std::move(each));
    }
    if (count == 0) reader.fail(); // an empty list is not stored
    if (!reader.is_complete()) list.clear();
    return reader.is_complete();
}

} // namespace otpd::store::state
