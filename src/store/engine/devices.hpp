#pragma once

/// The known devices of a number, and its last success.

#include "otpd/store/verification.hpp"
#include "room.hpp"
#include "state/number_state.hpp"

#include <cstddef>
#include <optional>

namespace otpd::store::engine {

/// Per client and number. One more replaces the one whose success is the longest ago.
inline constexpr std::size_t devices_max = 8;
/// So many codes pass the conversion guard after a success, if none of them is typed.
inline constexpr std::uint8_t trusted_codes = 3;

/// Who asks. The requester of a known device is the device.
struct identity {
    requester by{};
    state::requester_class whose = state::requester_class::stranger;

    [[nodiscard]] bool is_known() const noexcept {
        return whose == state::requester_class::known_device;
    }
    [[nodiscard]] state::session_key session(std::string_view scope) const noexcept {
        return {scope, whose};
    }
};

[[nodiscard]] identity identify(state::number_state const& state, requester const& by,
                                std::optional<device_hash> const& device) noexcept;

/// Records a right guess. The device becomes known if the verification's send named it, too.
/// `verified`: nothing if the guess verifies none, or was made without an id. Without ample room,
/// only a number that is remembered already gets more to remember.
void count_success(state::number_state& state, std::optional<device_hash> const& device,
                   state::verification_state const* verified, room left, store_time now);

/// Whether a send passes the conversion guard: the number was verified not long ago, and not too
/// many codes of this class followed, besides the one that the send `repeats`.
[[nodiscard]] bool is_trusted(state::number_state const& state, state::requester_class whose,
                              bool repeats) noexcept;
/// Counts a code that a send begins, until the next success.
void count_untyped(state::number_state& state, state::requester_class whose) noexcept;
/// Takes back the code that ends with this verification, if it was counted since the last success.
void uncount_untyped(state::number_state& state,
                     state::verification_state const& verification) noexcept;

} // namespace otpd::store::engine
