#include "limit_fields.hpp"

#include "otpd/core/decimal.hpp"

#include <string>
#include <string_view>

namespace otpd::api {

namespace {

// Names contain no character that a structured-field string must escape (otp/limits.hpp).

void append_item(std::string& to, std::string_view name, std::string_view first,
                 std::uint64_t amount, std::string_view second, std::chrono::seconds time) {
    to.append(to.empty() ? "\"" : ", \"").append(name).append("\";").append(first);
    append_integer(to, amount);
    to.append(";").append(second);
    append_integer(to, time.count());
}

void add(std::vector<http::header_field>& to, std::string policies, std::string left) {
    if (policies.empty()) return;
    to.push_back({"RateLimit-Policy", std::move(policies)});
    to.push_back({"RateLimit", std::move(left)});
}

} // namespace

void add_limit_fields(std::vector<http::header_field>& to,
                      std::vector<otp::limit_status> const& limits) {
    std::string policies;
    std::string left;
    constexpr std::size_t usual_size = 32;
    policies.reserve(usual_size * limits.size());
    for (auto const& limit : limits)
        append_item(policies, limit.name, "q=", limit.quota, "w=", limit.window);
    if (!limits.empty())
        append_item(left, limits.front().name, "r=", limits.front().remaining,
                    "t=", limits.front().resets_in);
    add(to, std::move(policies), std::move(left));
}

void add_limit_fields(std::vector<http::header_field>& to,
                      std::vector<otp::violated_limit> const& violated) {
    std::string policies;
    std::string left;
    for (auto const& entry : violated) {
        if (entry.quota == 0) continue;
        append_item(policies, entry.name, "q=", entry.quota, "w=", entry.window);
        append_item(left, entry.name, "r=", 0, "t=", entry.retry_after);
    }
    add(to, std::move(policies), std::move(left));
}

} // namespace otpd::api
