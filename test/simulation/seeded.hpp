#pragma once

/// All randomness of a history, so that a seed determines it.

#include "otpd/core/random.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace otpd::simulation {

/// SplitMix64: every state is good, and neighbouring seeds are unrelated.
class seeded {
public:
    explicit seeded(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next() noexcept {
        state_ += 0x9e3779b97f4a7c15U;
        auto mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31U);
    }
    /// In [0, bound), bound >= 1.
    std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
    /// In [0, bound).
    std::size_t index(std::size_t bound) noexcept { return static_cast<std::size_t>(below(bound)); }
    /// In [least, most].
    std::int64_t between(std::int64_t least, std::int64_t most) noexcept {
        return least +
               static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least) + 1));
    }
    /// True this often in a thousand.
    bool chance(std::uint64_t per_mille) noexcept { return below(1000) < per_mille; }
    template <class T>
    T const& one_of(std::vector<T> const& list) noexcept {
        return list[index(list.size())];
    }
    template <class T>
    T one_of(std::initializer_list<T> list) noexcept {
        return list.begin()[index(list.size())];
    }

private:
    std::uint64_t state_;
};

/// The source of the service's codes and ids.
class seeded_bytes final : public random_source {
public:
    explicit seeded_bytes(std::uint64_t seed) noexcept : from_(seed) {}

    void fill(std::span<std::byte> out) override {
        std::uint64_t bits = 0;
        for (std::size_t n = 0; n < out.size(); ++n) {
            if (n % sizeof bits == 0) bits = from_.next();
            out[n] = static_cast<std::byte>(bits & 0xffU);
            bits >>= 8U;
        }
    }

private:
    seeded from_;
};

} // namespace otpd::simulation
