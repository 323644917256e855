#include "backend/redis/server_info.hpp"

#include <charconv>
#include <utility>

namespace otpd::store {

namespace {

/// RESP3 and ACLs are in 6.0; nobody maintains anything before 6.2.
constexpr std::pair oldest{6, 2};

std::pair<int, int> major_and_minor(std::string_view version) {
    std::pair<int, int> parts{0, 0};
    auto const* const end = version.data() + version.size();
    auto const major = std::from_chars(version.data(), end, parts.first);
    if (major.ec == std::errc() && major.ptr != end)
        std::from_chars(major.ptr + 1, end, parts.second);
    return parts;
}

std::uint64_t bytes(std::string_view value) {
    std::uint64_t parsed = 0;
    std::from_chars(value.data(), value.data() + value.size(), parsed);
    return parsed;
}

} // namespace

redis_server_info parse_redis_info(std::string_view reply) {
    redis_server_info server;
    while (!reply.empty()) {
        auto const end = reply.find('\n');
        auto line = reply.substr(0, end);
        reply = end == std::string_view::npos ? std::string_view() : reply.substr(end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        auto const colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        auto const name = line.substr(0, colon);
        auto const value = line.substr(colon + 1);
        if (name == "redis_version" && server.version.empty()) server.version = value;
        if (name == "valkey_version") {
            server.product = "valkey"; // which calls itself redis 7.2.4 as well
            server.version = value;
        }
        if (name == "run_id") server.run_id = value;
        if (name == "role") server.role = value;
        if (name == "maxmemory_policy") server.maxmemory_policy = value;
        if (name == "used_memory") server.used_memory = bytes(value);
        if (name == "maxmemory") server.maxmemory = bytes(value);
        if (name == "cluster_enabled") server.cluster = value == "1";
    }
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
