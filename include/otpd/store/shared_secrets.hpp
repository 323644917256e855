#pragma once

/// What all instances of one store must have in common. An instance with another number key would
/// count separately. An instance without the current signing key could not verify new codes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace otpd::store {

/// The secrets of an instance. A fingerprint reveals nothing about its key.
struct shared_secrets {
    std::array<std::byte, 16> number_key{};
    std::uint32_t signing_key = 0; ///< id of the key with which this instance makes codes
    /// Ids of all keys with which it verifies, including `signing_key`.
    std::vector<std::uint32_t> known;
};

/// `agreed`: the store now names this instance's signing key.
enum class agreement : std::uint8_t { agreed, other_number_key, unknown_signing_key };

} // namespace otpd::store
