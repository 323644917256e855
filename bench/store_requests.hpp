#pragma once

/// What the measurements of stores ask: sends as the service makes them, with all that it counts.

#include "otpd/store/admission.hpp"

#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

namespace otpd::bench {

/// Of the n-th subject: evenly spread, as keyed hashes are.
inline store::subject_key key(std::uint64_t n) {
    store::subject_key value{};
    for (std::size_t half = 0; half < 2; ++half) {
        std::uint64_t mixed = (2 * n + half) * 0x9e3779b97f4a7c15;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        mixed ^= mixed >> 31;
        std::memcpy(value.data() + 8 * half, &mixed, sizeof mixed);
    }
    return value;
}

// Subjects of many sends.

inline constexpr std::uint64_t shared = ~std::uint64_t{0} - 1000;
inline store::subject_key prefix_of(std::uint64_t n) {
    return key(shared + n % 100);
}
inline store::subject_key country_of(std::uint64_t n) {
    return key(shared + 100 + n % 10);
}
inline store::subject_key client() {
    return key(shared + 200);
}
inline store::subject_key everybody() {
    return key(shared + 300);
}

/// As many as the service has, none of which refuses.
inline std::vector<store::charge> charges_of(std::uint64_t n) {
    using namespace std::chrono_literals;
    constexpr std::uint64_t many = 1'000'000'000;
    return {{key(n), "number_10m", 5, 600s},         {key(n), "number_24h", 10, 24h},
            {client(), "client_1m", many, 60s},      {prefix_of(n), "prefix_1h", many, 1h},
            {country_of(n), "country_1h", many, 1h}, {everybody(), "global_1m", many, 60s},
            {everybody(), "global_24h", many, 24h}};
}

inline std::vector<store::watch> watches_of(std::uint64_t n) {
    using namespace std::chrono_literals;
    constexpr std::uint32_t many = 1'000'000'000;
    return {{prefix_of(n), "pumping_prefix", many, 50, 0, 0, 0s, false},
            {country_of(n), "pumping_country", many, 50, 0, 0, 0s, false}};
}

inline store::guess_budget guesses() {
    using namespace std::chrono_literals;
    return store::guess_budget{20, 24h, 10, 10, 10s, 1h};
}

} // namespace otpd::bench
