#include "step_groups.hpp"

namespace otpd::store {

std::uint32_t step_groups::number() {
    constexpr auto none = ~std::uint32_t{0};
    groups_.assign(parents_.size(), none);
    for (std::uint32_t step = 0; step < size(); ++step)
        groups_[root(step)] = 0;
    std::uint32_t count = 0;
    for (auto& group : groups_)
        if (group != none) group = count++;
    for (std::uint32_t step = 0; step < size(); ++step)
        groups_[step] = groups_[root(step)];
    return count;
}

} // namespace otpd::store
