#pragma once

/// One history: the real domain, twice, on one store and one upstream, driven by a seed.

#include "backend.hpp"
#include "history.hpp"
#include "mutation.hpp"

#include <cstdint>
#include <string>

namespace otpd::simulation {

struct assignment {
    std::uint64_t seed = 0;
    std::uint32_t operations = 1000;
    mutation broken = mutation::nothing;
    /// One instance, whose server forgets its last writes now and then. What was lost and not seen
    /// by that instance is no rule's affair, so from then on only what must never be is looked at
    /// (audit.hpp).
    bool loses_writes = false;
};

struct outcome {
    std::string divergence; ///< empty: none
    history what_happened;
};

/// Ends with the first thing that is not as the model or the audit says.
[[nodiscard]] outcome simulate(assignment const& what, stores& on);

} // namespace otpd::simulation
