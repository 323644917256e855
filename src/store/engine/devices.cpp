#include "engine/devices.hpp"

#include <algorithm>
#include <limits>

namespace otpd::store::engine {

using state::known_device;
using state::number_state;
using state::requester_class;
using state::verification_state;

namespace {

using device_list = std::vector<known_device>;

void keep(device_list& devices, device_hash const& device, store_time now) {
    auto* found = state::find_in(devices, &known_device::hash, device);
    if (found == nullptr) {
        if (devices.size() == devices_max)
            devices.erase(std::ranges::min_element(devices, {}, &known_device::last_success));
        found = &devices.emplace_back(known_device{device, {}});
    }
    found->last_success = now;
}

} // namespace

identity identify(number_state const& state, requester const& by,
                  std::optional<device_hash> const& device) noexcept {
    if (device && state::find_in(state.devices, &known_device::hash, *device) != nullptr)
        return {*device, requester_class::known_device};
    return {by, requester_class::stranger};
}

void count_success(number_state& state, std::optional<device_hash> const& device,
                   verification_state const* verified, room left, store_time now) {
    if (left != room::ample && state.verified_at == store_time()) return;
    state.verified_at = now;
    state.untyped = {};
    if (!device) return;
    bool const is_known = state::find_in(state.devices, &known_device::hash, *device) != nullptr;
    if (is_known || (verified != nullptr && verified->device == device))
        keep(state.devices, *device, now);
}

bool is_trusted(number_state const& state, requester_class whose, bool repeats) noexcept {
    return state.verified_at != store_time() &&
           state.untyped[whose] < trusted_codes + (repeats ? 1 : 0);
}

void count_untyped(number_state& state, requester_class whose) noexcept {
    auto& count = state.untyped[whose];
    if (state.verified_at == store_time()) return; // no code is trusted
    if (count < std::numeric_limits<std::uint8_t>::max()) ++count;
}

void uncount_untyped(number_state& state, verification_state const& verification) noexcept {
    auto& count = state.untyped[verification.whose];
    if (count > 0 && verification.admitted >= state.verified_at) --count;
}

} // namespace otpd::store::engine
