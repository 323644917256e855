#pragma once

/// The one script (commit.lua), what it is called with, and what it answers.

#include "commit.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

namespace redis {
[[nodiscard]] std::string_view commit_script() noexcept;
} // namespace redis

/// A call of the script. It can be sent again as it is.
struct redis_call {
    std::vector<std::string_view> keys; ///< look into `bytes`
    std::string bytes;
    std::string integers;       ///< the first argument
    std::string texts;          ///< the second
    std::uint32_t replicas = 0; ///< that have to have it
};

/// `number` grows with each batch of a lane; the record of a lane's last batch is at `lane`, which
/// ends like the other keys with bytes of its own.
void encode(commit const& commit, std::string_view lane, std::uint64_t number, redis_call& call);

/// The server's time; nullopt when the text is no answer to such a call, and nothing is changed
/// then but commit::failed and commit::present.
[[nodiscard]] std::optional<store_time> decode(std::string_view text, commit& commit);

/// Under what a state is kept. All have one hash tag, so that a cluster has them in one place.
inline constexpr std::string_view redis_key_prefix = "{otp}";
[[nodiscard]] std::string redis_key_of(state::state_key const& key);

} // namespace otpd::store
