#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace otpd::store {

/// Groups the steps of a commit that must be written together, because they used the same state.
class step_groups {
public:
    void clear() noexcept {
        parents_.clear();
        groups_.clear();
    }
    /// Returns its number. The step starts in a group of its own.
    std::uint32_t begin_step() {
        parents_.push_back(size());
        return current_step();
    }
    [[nodiscard]] std::uint32_t current_step() const noexcept { return size() - 1; }
    /// The number of steps so far.
    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(parents_.size());
    }
    void join(std::uint32_t step, std::uint32_t other) noexcept {
        parents_[root(step)] = root(other);
    }

    /// Numbers the groups from 0 and returns how many there are.
    std::uint32_t number();
    /// Call after number().
    [[nodiscard]] std::uint32_t group_of(std::uint32_t step) const noexcept {
        return groups_[step];
    }

private:
    [[nodiscard]] std::uint32_t root(std::uint32_t step) noexcept {
        while (parents_[step] != step)
            step = parents_[step] = parents_[parents_[step]];
        return step;
    }

    std::vector<std::uint32_t> parents_;
    std::vector<std::uint32_t> groups_;
};

} // namespace otpd::store
