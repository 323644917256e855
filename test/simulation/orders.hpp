#pragma once

/// The requests of callers, with the simulation's own small numbers: the model knows no MACs,
/// hashes or ids.

#include "virtual_clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otpd::simulation {

/// An operation of a history, numbered in the order of beginning. A send's verification has the
/// same number.
using operation_id = std::uint32_t;
inline constexpr operation_id none = UINT32_MAX;

/// A verification scope: number, client and purpose.
struct scope {
    int client = 0;
    int number = 0;
    int purpose = 0;

    friend bool operator==(scope const&, scope const&) = default;
};

/// Who asks. It tells apart those who ask about one number of one client.
struct requester {
    int by = -1; ///< an address; -1: the client itself; see of_device()
    bool is_known = false;

    [[nodiscard]] static requester of_device(int device) noexcept { return {-2 - device, true}; }
    friend bool operator==(requester const&, requester const&) = default;
};

struct send_order {
    scope to;
    std::vector<int> routes;       ///< tried in this order; several: a plan
    int end_user = -1;             ///< an address; -1: none
    int device = -1;               ///< that the caller names; -1: none
    operation_id challenge = none; ///< the refused send whose challenge was solved; none: no token
    int idempotency_key = -1;
    int content = 0; ///< which request the key was used for

    [[nodiscard]] bool is_planned() const noexcept { return routes.size() > 1; }
};

struct check_order {
    scope of;
    std::string code;
    bool with_id = false;
    operation_id id = none; ///< none, with an id: one that was never issued
    int end_user = -1;
    int device = -1;
};

/// A second message of a send, which has the first one's code.
struct hedge_order {
    operation_id of = none;
    /// Tried in this order until one is booked. None: the instance that booked it has died, and
    /// another one settles it as unknown.
    std::vector<int> routes;
    bool takes_back = false; ///< a booking whose answer is lost; then no other operation books one
};

/// The operator unlocks a number of a client, or has its devices forgotten.
struct release_order {
    int client = 0;
    int number = 0;
    bool of_locks = true; ///< otherwise of devices
};

/// A caller reads or cancels a verification by its id.
struct id_order {
    int client = 0;
    operation_id id = none; ///< none: one that was never issued
};

} // namespace otpd::simulation
