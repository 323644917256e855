#pragma once

/// Each limit with a quota, and requests that only this limit refuses. Of any number of concurrent
/// requests, over any number of instances, exactly the quota is sent.

#include "service_fixture.hpp"

#include <functional>

namespace otpd::test {

inline constexpr std::size_t case_quota = 7;
inline constexpr std::size_t case_requests = 64;

struct admission_case {
    std::string name; ///< of the limit, as in refusals
    environment settings;
    /// The n-th request. Each has another scope, because the first one in flight would refuse the
    /// others.
    std::function<http_request(std::size_t)> request;
};

/// Dutch mobile numbers, from `first` on.
inline std::string case_number(std::size_t n, unsigned long long first = 31613000000) {
    return std::to_string(first + n);
}

inline std::vector<admission_case> admission_cases() {
    auto const quota = std::to_string(case_quota);
    auto const to_other_numbers = [](std::size_t n) {
        return post("/send-otp", {{"phone_number", case_number(n)}});
    };
    auto const for_other_purposes = [](std::size_t n) {
        return post("/send-otp",
                    {{"phone_number", case_number(0)}, {"purpose", "p" + std::to_string(n)}});
    };
    auto const for_one_address = [](std::size_t n) {
        // One household: IPv6 addresses of one /64.
        return post("/send-otp", {{"phone_number", case_number(n)},
                                  {"end_user_ip", "2001:db8::" + std::to_string(n)}});
    };
    environment const no_cooldown{{"OTP_SEND_COOLDOWN_SECONDS", "0"}};
    auto const only = [&](char const* name) { return environment{{name, quota}} | no_cooldown; };
    return {
        {"number_10m", only("OTPD_LIMITS_NUMBER_10M"), for_other_purposes},
        {"number_24h",
         environment{{"OTPD_LIMITS_NUMBER_10M", "0"}} | only("OTPD_LIMITS_NUMBER_24H"),
         for_other_purposes},
        {"address_1h", only("OTPD_LIMITS_ADDRESS_1H"), for_one_address},
        {"client_1m", only("OTPD_LIMITS_CLIENT_1M"), to_other_numbers},
        {"prefix_1h", only("OTPD_LIMITS_PREFIX_1H"), to_other_numbers},
        {"country_1h", only("OTPD_LIMITS_COUNTRY_1H"), to_other_numbers},
        {"global_1m", only("OTPD_LIMITS_GLOBAL_1M"), to_other_numbers},
        {"global_24h", only("OTPD_LIMITS_GLOBAL_24H"), to_other_numbers},
        {"pumping_prefix",
         environment{{"OTPD_PUMPING_ENABLED", "true"}} | only("OTPD_PUMPING_PREFIX_OUT_MAX"),
         to_other_numbers},
    };
}

/// A minute's quota regains a unit in about nine seconds, so a slow run may admit one or two more.
inline bool regains_soon(admission_case const& which) {
    return which.name.ends_with("_1m");
}

/// Makes all requests at once through `port`, over as many connections, and counts the SMS with
/// `messages`.
inline void check_admission(admission_case const& which, std::uint16_t port,
                            std::function<std::size_t()> const& messages,
                            std::string const& authorization = {}) {
    std::vector<http_request> requests;
    for (std::size_t n = 0; n < case_requests; ++n)
        requests.push_back(which.request(n).with("Authorization", authorization));
    auto const replies = ask_in_parallel(port, requests, requests.size());
    auto const sent = count_status(replies, 200);
    BOOST_TEST(sent >= case_quota);
    BOOST_TEST(sent <= case_quota + (regains_soon(which) ? 2U : 0U));
    BOOST_TEST(messages() == sent);
    for (auto const& reply : replies) {
        if (reply.status == 200) continue;
        check_outcome(reply, 429, "limit_exceeded");
        auto const violated = object_of(reply).at("violated").as_array();
        bool const named = std::ranges::any_of(violated, [&](json::value const& value) {
            return value.at("limit").as_string() == which.name;
        });
        BOOST_TEST(named, reply.body);
        BOOST_TEST(reply.has("RateLimit") == (which.name != "pumping_prefix"));
    }
}

} // namespace otpd::test
