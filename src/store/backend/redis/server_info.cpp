#include "backend/redis/server_info.hpp"

#include <charconv>
#include <utility>

namespace otpd::store {

namespace {

/// RESP3 and ACLs exist since 6.0, and no version before 6.2 is maintained.
constexpr std::pair oldest{6, 2};

std::pair<int, int> major_and_minor(std::string_view version) {
    std::pair<int, int> parts{0, 0};
    auto const* const end = version.data() + version.size();
    auto const major = std::from_chars(version.data(), end, parts.first);
    if (major.ec == std::errc() && major.ptr != end)
        std::from_chars(major.ptr + 1, end, parts.second);
    return parts;
}

/// The value of the line `name:value`; empty if there is none.
std::string_view value_of(std::string_view name, std::string_view info) {
    auto const line = "\n" + std::string(name) + ":";
    auto const at = info.find(line);
    if (at == std::string_view::npos) return {};
    auto const value = info.substr(at + line.size());
    return value.substr(0, value.find_first_of("\r\n"));
}

std::uint64_t bytes(std::string_view value) {
    std::uint64_t parsed = 0;
    std::from_chars(value.data(), value.data() + value.size(), parsed);
    return parsed;
}

} // namespace

redis_server_info parse_redis_info(std::string_view reply) {
    auto const info = "\n" + std::string(reply);
    redis_server_info server;
    server.version = value_of("valkey_version", info); // Valkey also reports redis_version 7.2.4
    if (server.version.empty())
        server.version = value_of("redis_version", info);
    else
        server.product = "valkey";
    server.run_id = value_of("run_id", info);
    server.role = value_of("role", info);
    server.maxmemory_policy = value_of("maxmemory_policy", info);
    server.used_memory = bytes(value_of("used_memory", info));
    server.maxmemory = bytes(value_of("maxmemory", info));
    server.cluster = value_of("cluster_enabled", info) == "1";
    return server;
}

std::optional<std::string> why_unusable(redis_server_info const& server) {
    if (server.version.empty()) return "the server does not say which version it is";
    if (major_and_minor(server.version) < oldest)
        return server.product + " " + server.version + " is too old: at least 6.2 is needed";
    if (server.cluster)
        return "cluster mode is not supported: use one server, or one with replicas and Sentinels";
    if (server.maxmemory_policy != "noeviction")
        return "maxmemory-policy is " + server.maxmemory_policy +
               ", which lets the server forget codes and limits: set it to noeviction";
    return std::nullopt;
}

} // namespace otpd::store
