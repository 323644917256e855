#pragma once

/// The section [limits] and the built-in limits.

#include "otpd/otp/limits.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::app {

struct limits_settings;

/// A built-in limit, whose quota is a key of [limits].
struct built_in_limit {
    std::string_view name;
    otp::limit_key key{};
    otp::limit_step step{};
    std::chrono::seconds window{};
    std::uint64_t limits_settings::* quota{};
    char const* help{};
};
[[nodiscard]] inline std::span<built_in_limit const> built_in_limits() noexcept;

struct limits_settings {
    /// False, on loopback only: no cooldown, no limit and no conversion guard. Guess limits of
    /// numbers always hold.
    bool enabled = true;
    /// If false, something must refuse sends when other machines reach server.listen.
    bool accept_none = false;
    // The built-in limits; 0: off. Each is named by its key; built_in_limits() defines what they
    // count.
    std::uint64_t number_10m = 5;
    std::uint64_t number_24h = 10;
    std::uint64_t all_clients_24h = 30; ///< to one number
    std::uint64_t address_1h = 30;      ///< of end users
    std::uint64_t client_1m = 600;
    std::uint64_t prefix_1h = 100;
    std::uint64_t country_1h = 5'000;
    std::uint64_t global_1m = 1'000;
    std::uint64_t global_24h = 100'000;
    std::uint64_t guesses_address_1h = 60; ///< of end users
    std::uint64_t guesses_client_1m = 600;
    std::uint64_t reads_client_1m = 600; ///< reads (otp/read_limit.hpp)
    std::vector<std::string> observe;    ///< names of limits above that only observe

    template <class Keys>
    static void declare(Keys keys) {
        using s = limits_settings;
        keys.flag("enabled", &s::enabled,
                  "Whether cooldown, limits and conversion guard apply; false is for load tests on "
                  "loopback.");
        keys.flag("accept_none", &s::accept_none,
                  "Allows an address that others reach although no enforced limit or guard covers "
                  "the sends of all clients.");
        for (auto const& built_in_limit : built_in_limits())
            keys.whole(built_in_limit.name, built_in_limit.quota, 0, 1'000'000'000,
                       built_in_limit.help);
        keys.add("observe", &s::observe, keys.limit_names(),
                 "Limits that only observe: what they would have refused is logged and counted.");
        keys.whole(otp::read_limit_name, &s::reads_client_1m, 0, 1'000'000'000,
                   "Reads of one API client (balance, routes, prices, deliveries, scores, "
                   "estimates) in a minute at each instance; 0: no such limit.");
    }
};

/// What each built-in limit counts.
inline std::span<built_in_limit const> built_in_limits() noexcept {
    using enum otp::limit_key;
    using enum otp::limit_step;
    using std::chrono::hours;
    using std::chrono::minutes;
    using lms = limits_settings;
    static constexpr std::array<built_in_limit, 11> list{{
        {"number_10m", number, send, minutes(10), &lms::number_10m,
         "Sends of one API client to one number in 10 minutes; 0: no such limit."},
        {"number_24h", number, send, hours(24), &lms::number_24h,
         "Sends of one API client to one number in 24 hours; 0: no such limit."},
        {"all_clients_24h", number_of_all_clients, send, hours(24), &lms::all_clients_24h,
         "Sends of all API clients to one number in 24 hours, refused without a name; 0: no such "
         "limit."},
        {"address_1h", end_user_address, send, hours(1), &lms::address_1h,
         "Sends for one end user's address (end_user_ip) in an hour; 0: no such limit."},
        {"client_1m", client, send, minutes(1), &lms::client_1m,
         "Sends of one API client in a minute; 0: no such limit."},
        {"prefix_1h", prefix, send, hours(1), &lms::prefix_1h,
         "Sends in an hour to numbers that differ only in their last four digits; 0: no such "
         "limit."},
        {"country_1h", country, send, hours(1), &lms::country_1h,
         "Sends to one country in an hour; 0: no such limit."},
        {"global_1m", everybody, send, minutes(1), &lms::global_1m,
         "Sends of all API clients in a minute; 0: no such limit."},
        {"global_24h", everybody, send, hours(24), &lms::global_24h,
         "Sends of all API clients in 24 hours; 0: no such limit."},
        {"guesses_address_1h", end_user_address, guess, hours(1), &lms::guesses_address_1h,
         "Guesses without a verification_id for one end user's address in an hour; 0: no such "
         "limit."},
        {"guesses_client_1m", client, guess, minutes(1), &lms::guesses_client_1m,
         "Guesses without a verification_id of one API client in a minute; 0: no such limit."},
    }};
    return list;
}

} // namespace otpd::app
