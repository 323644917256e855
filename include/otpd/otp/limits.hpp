#pragma once

/// The policies that one admission evaluates together: how often something may be sent or guessed, for
/// whom. Data only; the operator's choices, already validated (app/settings.hpp).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace otpd::otp {

/// Whom a limit counts for.
enum class limit_key : std::uint8_t {
    number,
    prefix,           ///< the number without its last four digits
    country,          ///< of the number
    end_user_address, ///< as the API client says; IPv6 by /64; requests without one are not counted
    caller_address,   ///< of the API client's machine; IPv6 by /64
    client,           ///< the API client
    everybody
};

/// `enforce` refuses; `observe` only says what it would have refused.
enum class limit_mode : std::uint8_t { enforce, observe };

/// `send` counts sends. `guess` counts guesses without a verification's id that do not verify.
enum class limit_step : std::uint8_t { send, guess };

/// The limit that is not of an admission: questions of one client (otp/read_limit.hpp).
inline constexpr char const* read_limit_name = "reads_client_1m";

struct limit {
    static constexpr std::size_t max_name_length = 32;

    std::string name; ///< 1..max_name_length of [a-z0-9_]; unique
    limit_key key = limit_key::number;
    std::uint64_t quota = 1;        ///< >= 1
    std::chrono::seconds window{1}; ///< 1 s .. 31 d
    limit_mode mode = limit_mode::enforce;
    limit_step step = limit_step::send;
    std::string client; ///< counts this client's requests only; empty: everybody's
};

/// Against pumped SMS: the share of verified codes of each country and prefix is watched
/// (store/charge.hpp, `watch`).
struct pumping_rules {
    bool enabled = true;
    limit_mode mode = limit_mode::enforce;
    std::uint32_t unverified_floor = 20; ///< codes not verified that are always allowed, an hour
    std::uint32_t unverified_percent =
        30;                          ///< of the verified codes of the best of 14 days, or of a day
    std::uint32_t breaker_sent = 50; ///< in an hour; 0: no breaker
    std::uint32_t breaker_verified_percent = 5;
    std::chrono::seconds breaker_block{12 * 3600};

    /// Keys of [pumping] in the settings.
    template <class Keys>
    static void declare(Keys keys) {
        using o = pumping_rules;
        constexpr double most = 1'000'000'000;
        keys.flag("enabled", &o::enabled,
                  "Watches the share of verified codes of each country and prefix against pumped "
                  "SMS.");
        keys.mode("mode", &o::mode, "Whether it refuses sends or only logs and counts.");
        keys.whole("unverified_floor", &o::unverified_floor, 0, most,
                   "Unverified codes in an hour that are always allowed to a country or prefix.",
                   "codes");
        keys.whole("unverified_percent", &o::unverified_percent, 0, 1000,
                   "More are allowed: this share of the verified codes of the last day or the best "
                   "of 14.",
                   "percent");
        keys.whole("breaker_sent", &o::breaker_sent, 0, most,
                   "A prefix with so many codes in an hour is blocked when too few are verified; "
                   "0: never.",
                   "codes");
        keys.whole("breaker_verified_percent", &o::breaker_verified_percent, 0, 100,
                   "Share of verified codes under which that prefix is blocked.", "percent");
        keys.whole("breaker_block_seconds", &o::breaker_block, 60, 604'800,
                   "How long that prefix is blocked.");
    }
};

} // namespace otpd::otp
