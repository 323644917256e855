#include "engine/steps.hpp"

#include <algorithm>
#include <string>

namespace otpd::store::engine {

namespace {

/// Longer than the retention of any other state. Each instance that starts renews it.
constexpr counter_time secrets_retention = std::chrono::years(10);

} // namespace

agreement agree(states& states, shared_secrets const& secrets, store_time now) {
    auto const key = state::secrets_state_key();
    auto const& kept = states.record(key);
    if (kept.is_kept) {
        if (kept.fingerprint != secrets.number_key) return agreement::other_number_key;
        auto const is_kept_one = [&](std::uint32_t id) { return std::to_string(id) == kept.text; };
        if (std::ranges::none_of(secrets.known, is_kept_one)) return agreement::unknown_signing_key;
    }
    auto& record = states.change_record(key);
    record.is_kept = true;
    record.is_settled = true;
    record.fingerprint = secrets.number_key;
    record.text = std::to_string(secrets.signing_key);
    record.lease_end = now;
    record.retained_until = now + secrets_retention;
    return agreement::agreed;
}

} // namespace otpd::store::engine
