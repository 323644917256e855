#pragma once

/// What a server reports about itself, and whether codes may be kept there.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::store {

struct redis_server_info {
    std::string product = "redis"; ///< or valkey
    std::string version;
    std::string run_id; ///< changes with each start of the server, and differs between servers
    std::string role;   ///< master or slave
    std::string maxmemory_policy;
    std::uint64_t used_memory = 0; ///< bytes
    std::uint64_t maxmemory = 0;   ///< bytes; 0: unlimited
    bool cluster = false;
};

/// Parses the reply to INFO, or a part of it.
[[nodiscard]] redis_server_info parse_redis_info(std::string_view reply);

/// Why this server can never be used as it is configured, for the operator; nullopt if it can.
[[nodiscard]] std::optional<std::string> why_unusable(redis_server_info const& server);

} // namespace otpd::store
