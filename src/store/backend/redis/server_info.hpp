#pragma once

/// What a server says of itself, and whether codes may live there.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::store {

struct redis_server_info {
    std::string product = "redis"; ///< or valkey
    std::string version;
    std::string run_id; ///< another after each start of the server, and another on each server
    std::string role;   ///< master or slave
    std::string maxmemory_policy;
    std::uint64_t used_memory = 0; ///< bytes
    std::uint64_t maxmemory = 0;   ///< bytes; 0: no bound
    bool cluster = false;
};

/// From the reply to INFO, or to a part of it.
[[nodiscard]] redis_server_info parse_redis_info(std::string_view reply);

/// Why this server can never be used as it is set up, for the operator; nullopt when it can.
[[nodiscard]] std::optional<std::string> why_unusable(redis_server_info const& server);

} // namespace otpd::store
