#pragma once

/// The requests of the store measurements: sends like the service's, with everything that it
/// counts, and the steps that follow.

#include "otpd/store/admission.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace otpd::bench {

/// The key of the n-th subject, evenly distributed like keyed hashes.
inline store::key_hash key(std::uint64_t n) {
    store::key_hash value{};
    for (std::size_t half = 0; half < 2; ++half) {
        std::uint64_t mixed = (2 * n + half) * 0x9e3779b97f4a7c15;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        mixed ^= mixed >> 31;
        std::memcpy(value.data() + 8 * half, &mixed, sizeof mixed);
    }
    return value;
}

// Keys that many sends share.

inline constexpr std::uint64_t shared = ~std::uint64_t{0} - 1'000'000;
inline store::key_hash prefix_of(std::uint64_t n) {
    return key(shared + n % 100);
}
inline store::key_hash country_of(std::uint64_t n) {
    return key(shared + 100 + n % 10);
}
inline store::key_hash client_of(std::uint64_t n) {
    return key(shared + 200 + n % 3);
}
inline store::key_hash everybody() {
    return key(shared + 300);
}
inline store::key_hash address_of(std::uint64_t n) {
    return key(shared + 1000 + n % 50'000);
}

/// As many limits as the service has, none of which refuses.
inline std::vector<store::rate_limit_check> rate_limit_checks_of(std::uint64_t n) {
    using namespace std::chrono_literals;
    constexpr std::uint64_t many = 1'000'000'000;
    return {{key(n), "number_10m", 5, 600s},         {key(n), "number_24h", 10, 24h},
            {client_of(n), "client_1m", many, 60s},  {prefix_of(n), "prefix_1h", many, 1h},
            {country_of(n), "country_1h", many, 1h}, {everybody(), "global_1m", many, 60s},
            {everybody(), "global_24h", many, 24h}};
}

inline std::vector<store::conversion_guard> guards_of(std::uint64_t n) {
    using namespace std::chrono_literals;
    constexpr std::uint32_t many = 1'000'000'000;
    return {{prefix_of(n), "pumping_prefix", many, 120s, false},
            {country_of(n), "pumping_country", many, 120s, false}};
}

inline store::guess_budget guesses() {
    using namespace std::chrono_literals;
    return store::guess_budget{20, 24h, 10, 10, 10, 10s, 1h};
}

inline store::record_key scope_of(std::uint64_t n) {
    return {key(n), "shop:login"};
}
inline store::verification_id id_of(std::uint64_t n) {
    return key(~n);
}
inline store::code_seed seed_of(std::uint64_t n) {
    return {1, key(~n - 5), 6};
}

inline store::admission admission_of(std::uint64_t n) {
    using namespace std::chrono_literals;
    store::admission request;
    request.key = scope_of(n);
    request.id = id_of(n);
    request.code = seed_of(n);
    request.ttl = 600s;
    request.retention = 600s;
    request.lease = 30s;
    request.cooldown = store::cooldown_rule{45s, 900s, 1h};
    request.rate_limit_checks = rate_limit_checks_of(n);
    request.guards = guards_of(n);
    request.guesses = guesses();
    return request;
}

/// The texts are those of a service with default settings (src/otp/send/store_requests.cpp); the
/// message's ids are like BridgeXAPI's.
inline store::settlement settlement_of(std::uint64_t n) {
    using namespace std::chrono_literals;
    std::string id(16, '0');
    auto const random = key(~n - 7);
    for (std::size_t i = 0; i < id.size(); ++i)
        id[i] = "0123456789abcdef"[std::to_integer<unsigned>(random[i]) & 0xfU];
    auto const order = std::to_string(22'953 + n % 900'000);
    store::settlement request;
    request.key = scope_of(n);
    request.id = id_of(n);
    request.result = store::send_result::accepted;
    request.accepted =
        store::receipt{3, order, "BX-" + order + "-" + id, money::from_micros(87'000)};
    request.notes = {{store::event_type::admitted,
                      {},
                      "country=NL,route_plan=default,limits=number_10m%204%2F5%2C%20number_24h%209%"
                      "2F10%2C%20client_"
                      "1m%20" +
                          std::to_string(100 + n % 500) + "%2F600"},
                     {store::event_type::step, 212ms, "route_id=3i,outcome=chosen,price=87000u"}};
    request.details = "route_id=3i,price=87000u,cost=87000u";
    return request;
}

inline store::delivery_update update_of(std::uint64_t n, store::delivery message) {
    store::delivery_update request;
    request.address = {key(n), id_of(n)};
    request.message = message;
    request.details =
        message == store::delivery::accepted ? "status=ENROUTE" : "status=DELIVRD,seconds=4";
    return request;
}

/// A right or wrong guess without the id.
inline store::check check_of(std::uint64_t n, bool is_right) {
    store::check request;
    request.key = scope_of(n);
    if (is_right)
        request.is_code_of = [seed = seed_of(n)](store::code_seed const& of) { return of == seed; };
    else
        request.is_code_of = [](store::code_seed const&) { return false; };
    request.attempts_max = 5;
    request.guesses = guesses();
    request.guarded = {prefix_of(n), country_of(n)};
    return request;
}

} // namespace otpd::bench
