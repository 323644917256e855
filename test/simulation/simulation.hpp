#pragma once

/// One history: two instances of the real domain on one store and one upstream, driven by a seed.

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
    /// One instance, whose server sometimes forgets its last writes. No rule covers writes that
    /// were lost and that the instance had not seen, so from then on only the guarantees are
    /// checked (audit.hpp).
    bool loses_writes = false;
};

struct outcome {
    std::string divergence; ///< empty: none
    history what_happened;
};

/// Ends at the first difference from the model or the audit.
[[nodiscard]] outcome simulate(assignment const& what, stores& on);

} // namespace otpd::simulation
