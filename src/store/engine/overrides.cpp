#include "otpd/store/overrides.hpp"

#include "engine/steps.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

wall_time to_wall(store_time at) noexcept {
    return wall_time(at.time_since_epoch());
}

std::vector<destination_override> shown_overrides(state::override_list const& list,
                                                  store_time now) {
    std::vector<destination_override> all;
    all.reserve(list.entries.size());
    for (auto const& entry : list.entries)
        all.push_back({entry.destination, entry.action, entry.reason, to_wall(entry.made),
                       to_wall(entry.end), until(entry.end, now)});
    return all;
}

override_outcome::kind make_or_end(states& states, override_change const& request, store_time now) {
    bool const ends = request.lasts <= duration(0);
    auto const& seen = states.overrides();
    bool const is_there = seen.find(request.destination, request.action) != nullptr;
    if (ends && !is_there) return override_outcome::absent;
    if (!ends && !is_there && seen.entries.size() >= overrides_max) return override_outcome::full;
    auto& entries = states.change_overrides().entries;
    std::erase_if(entries, [&request](state::override_state const& entry) {
        return entry.destination == request.destination && entry.action == request.action;
    });
    if (ends) return override_outcome::ended;
    auto const begin = to_millisecond(now);
    entries.push_back({request.destination, request.action,
                       request.reason.substr(0, override_reason_max), begin,
                       begin + std::min(request.lasts, override_longest)});
    return is_there ? override_outcome::replaced : override_outcome::made;
}

} // namespace

std::vector<destination_override> overrides(states& states, override_read const&, store_time now) {
    return shown_overrides(states.overrides(), now);
}

override_outcome change_override(states& states, override_change const& request, store_time now) {
    override_outcome done;
    bool const is_destination =
        !request.destination.empty() && request.destination.size() <= override_destination_max;
    if (is_destination) done.is = make_or_end(states, request, now);
    done.all = shown_overrides(states.overrides(), now);
    return done;
}

} // namespace otpd::store::engine
