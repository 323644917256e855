#pragma once

/// What callers ask of the service, in the simulation's own small numbers: the model knows nothing
/// of MACs, hashes and ids.

#include "virtual_clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otpd::simulation {

/// An operation of a history, by the order in which they began. A send's verification goes by its
/// number, too.
using operation_id = std::uint32_t;
inline constexpr operation_id none = UINT32_MAX;

/// Whose codes for what: a slot of the store.
struct slot {
    int client = 0;
    int number = 0;
    int purpose = 0;

    friend bool operator==(slot const&, slot const&) = default;
};

struct send_order {
    slot to;
    std::vector<int> routes; ///< tried in this order; several: a plan
    int end_user = -1;       ///< an address; -1: none is given
    int idempotency_key = -1;
    int content = 0; ///< what the key was used for

    [[nodiscard]] bool is_planned() const noexcept { return routes.size() > 1; }
};

struct check_order {
    slot of;
    std::string code;
    bool with_id = false;
    operation_id id = none; ///< none, with an id: one that nobody was ever given
    int end_user = -1;
};

/// Somebody asks for, or cancels, a verification by its id.
struct id_order {
    int client = 0;
    operation_id id = none; ///< none: one that nobody was ever given
};

} // namespace otpd::simulation
