#pragma once

/// The limits that an admission checks together: how many sends or guesses per limit key. Plain
/// data: the operator's settings, already validated (app/settings.hpp).

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

/// What a limit counts by. Known devices are held to limits on sends by `number` only, and have a
/// quota of their own there. Every other limit counts and refuses strangers only.
enum class limit_key : std::uint8_t {
    number, ///< of one client
    /// Refuses without a name or a figure: no client learns of another's sends.
    number_of_all_clients,
    prefix,  ///< the number without its last four digits
    country, ///< of the number
    /// As the API client states it; IPv6 by /64; requests without one are not counted.
    end_user_address,
    caller_address, ///< of the API client's machine; IPv6 by /64
    client,         ///< the API client
    everybody
};
/// In the order of limit_key.
inline constexpr std::array<std::string_view, 8> limit_key_names{
    "number",           "number_of_all_clients", "prefix", "country",
    "end_user_address", "caller_address",        "client", "everybody"};

/// `enforce` refuses requests; `observe` only reports what it would have refused.
enum class limit_mode : std::uint8_t { enforce, observe };

/// `send` counts sends. `guess` counts wrong guesses without a verification id. Those that find no
/// code count for addresses only.
enum class limit_step : std::uint8_t { send, guess };
inline constexpr std::array<std::string_view, 2> limit_step_names{"send", "guess"};

/// A limit outside admissions: read requests of one client (otp/read_limit.hpp).
inline constexpr char const* read_limit_name = "reads_client_1m";

struct limit {
    static constexpr std::size_t max_name_length = 32;

    std::string name; ///< 1..max_name_length of [a-z0-9_]; unique
    limit_key key = limit_key::number;
    std::uint64_t quota = 1;        ///< >= 1
    std::chrono::seconds window{1}; ///< 1 s .. 31 d
    limit_mode mode = limit_mode::enforce;
    limit_step step = limit_step::send;
    std::string client; ///< counts only this client's requests; empty: all

    /// Settings keys of [[limit]].
    template <class Keys>
    static void declare(Keys keys) {
        using o = limit;
        keys.add("name", &o::name, keys.plain_name(),
                 "Its name in responses, in the log and in metrics.")
            .needed("shop_country_1d");
        keys.word(
                "key", &o::key, limit_key_names,
                "What it counts by: each country, number, API client, ... has a quota of its own.")
            .needed("country");
        keys.whole("quota", &o::quota, 1, 1'000'000'000,
                   "Most requests at once, regained evenly over the window.")
            .needed("2000");
        keys.whole("window_seconds", &o::window, 1, 31 * 86'400,
                   "Time in which the whole quota comes back, evenly.")
            .needed("86400");
        keys.add("mode", &o::mode, keys.mode(),
                 "Whether it refuses requests or, to try it out, only logs and counts them; if "
                 "unset: enforce.")
            .like("enforce");
        keys.word("step", &o::step, limit_step_names,
                  "What it counts: sends, or guesses without a verification_id that do not verify; "
                  "if unset: send.")
            .like("send");
        keys.add("client", &o::client, keys.client_name(),
                 "The client whose requests it counts; if unset: every client's.")
            .like("shop");
    }
};

/// Protects against SMS pumping: see `conversion_guard` in store/limits.hpp.
struct pumping_rules {
    bool enabled = true;
    limit_mode mode = limit_mode::enforce;
    std::uint32_t prefix_out_max = 60;   ///< codes of a prefix that were sent and not typed
    std::uint32_t country_out_max = 400; ///< the same of a country
    std::uint32_t address_out_max = 40;  ///< the same of an end user's address
    std::chrono::seconds typing{120};    ///< how long it takes until most codes are typed

    /// Settings keys of [pumping].
    template <class Keys>
    static void declare(Keys keys) {
        using o = pumping_rules;
        constexpr double most = 1'000'000'000;
        keys.flag("enabled", &o::enabled,
                  "Whether to watch for addresses, prefixes and countries where codes are not "
                  "typed (SMS pumping).");
        keys.add("mode", &o::mode, keys.mode(),
                 "Whether the guard refuses sends, or only logs and counts them.");
        keys.whole("prefix_out_max", &o::prefix_out_max, 1, most,
                   "Most codes out (sent and not typed) of a prefix, plus three for each code "
                   "typed; in an hour, and in typing_seconds.",
                   "codes");
        keys.whole("country_out_max", &o::country_out_max, 1, most, "The same for a country.",
                   "codes");
        keys.whole("address_out_max", &o::address_out_max, 1, most,
                   "The same for an end user's address (end_user_ip).", "codes");
        keys.whole("typing_seconds", &o::typing, 10, 3600,
                   "How long users take to type most codes.");
    }
};

} // namespace otpd::otp
