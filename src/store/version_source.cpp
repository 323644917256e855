#include "version_source.hpp"

#include <algorithm>

namespace otpd::store {

namespace {

constexpr unsigned clock_shift = 12;
constexpr unsigned instance_shift = 6;

} // namespace

state::version version_source::next(store_time now, state::version before) noexcept {
    auto const since = std::max<std::int64_t>(0, (now - state::first_time).count());
    auto const by_clock = static_cast<state::version>(since) << clock_shift |
                          state::version{instance_} << instance_shift;
    auto next = std::max(last_, before) + 1;
    if (by_clock < next) { // a burst, or a slow clock: the version still names the instance
        constexpr auto mask = state::version{instances_max - 1} << instance_shift;
        auto const mine = (next & ~mask) | state::version{instance_} << instance_shift;
        next = mine < next ? mine + (state::version{1} << clock_shift) : mine;
    } else {
        next = by_clock;
    }
    last_ = next;
    return last_;
}

} // namespace otpd::store
