#pragma once

/// What all instances of one store have to have in common. One with another number key would count
/// apart from the others, and one without the key that codes are made with now could not verify
/// them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace otpd::store {

/// Of the instance that asks. A fingerprint tells nothing of its key.
struct shared_secrets {
    std::array<std::byte, 16> number_key{};
    std::uint32_t signing_key = 0;    ///< id of the key that this instance makes codes with
    std::vector<std::uint32_t> known; ///< ids of all keys that it verifies with, `signing_key` too
};

/// `agreed`: the store names this instance's signing key from now on.
enum class agreement : std::uint8_t { agreed, other_number_key, unknown_signing_key };

} // namespace otpd::store
