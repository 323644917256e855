#pragma once

/// The commit script (commit.lua), its arguments and its reply.

#include "commit.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

namespace redis {
[[nodiscard]] std::string_view commit_script() noexcept;
} // namespace redis

/// A call of the script. Can be repeated unchanged.
struct redis_call {
    std::vector<std::string_view> keys; ///< views of `bytes`
    std::string bytes;
    std::string integers;       ///< the first argument
    std::string texts;          ///< the second argument
    std::uint32_t replicas = 0; ///< how many must confirm the writes
};

/// `number` grows with each batch of a lane. `lane` is the key of the record of its last batch;
/// like the other keys, it ends with bytes of its own.
void encode(commit const& commit, std::string_view lane, std::uint64_t number, redis_call& call);

/// Returns the server's time. Returns nullopt if the text is no reply to such a call. Changes only
/// commit::failed and commit::present, also in that case.
[[nodiscard]] std::optional<store_time> decode(std::string_view text, commit& commit);

/// The prefix of all keys. They share one hash tag, so that a cluster keeps them in one slot.
inline constexpr std::string_view redis_key_prefix = "{otp}";
[[nodiscard]] std::string redis_key_of(state::state_key const& key);

} // namespace otpd::store
