#pragma once

#include "state/blob.hpp"
#include "store_time.hpp"

#include <cstdint>

namespace otpd::store {

/// Makes versions of states that are unique for each key and growing, across all instances.
class version_source {
public:
    static constexpr std::uint32_t instances_max = 64;

    /// `instance` < instances_max; differs between the instances that share the store.
    explicit version_source(std::uint32_t instance) noexcept : instance_(instance) {}
    /// Returns a version greater than `before` and than any that this object made before.
    [[nodiscard]] state::version next(store_time now, state::version before) noexcept;

private:
    std::uint32_t instance_;
    state::version last_ = 0;
};

} // namespace otpd::store
