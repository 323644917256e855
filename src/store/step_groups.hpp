#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace otpd::store {

/// Which steps of a commit are written together: those that looked at one state.
class step_groups {
public:
    void clear() noexcept {
        parents_.clear();
        groups_.clear();
    }
    /// Its number; it is a group of its own.
    std::uint32_t begin_step() {
        parents_.push_back(size());
        return current_step();
    }
    [[nodiscard]] std::uint32_t current_step() const noexcept { return size() - 1; }
    /// Steps that were begun.
    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(parents_.size());
    }
    void join(std::uint32_t step, std::uint32_t other) noexcept {
        parents_[root(step)] = root(other);
    }

    /// Numbers the groups from 0 on; returns how many there are.
    std::uint32_t number();
    /// After number().
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
