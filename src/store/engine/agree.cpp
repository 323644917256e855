#include "engine/steps.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

/// Longer than anything else is kept; each instance that starts begins it anew.
constexpr counter_time retention = std::chrono::years(10);

} // namespace

agreement agree(states& in, shared_secrets const& mine, store_time now) {
    auto const& kept = in.secrets();
    if (kept.is_kept) {
        if (kept.number_key != mine.number_key) return agreement::other_number_key;
        if (std::ranges::find(mine.known, kept.signing_key) == mine.known.end())
            return agreement::unknown_signing_key;
    }
    auto& record = in.change_secrets();
    record.is_kept = true;
    record.number_key = mine.number_key;
    record.signing_key = mine.signing_key;
    record.retained_until = now + retention;
    return agreement::agreed;
}

} // namespace otpd::store::engine
