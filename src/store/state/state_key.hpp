#pragma once

/// The key of a state: its kind, and the keyed hash of its subject, or what is no secret.

#include "otpd/store/budget.hpp"
#include "otpd/store/journal.hpp"
#include "otpd/store/limits.hpp"
#include "otpd/store/scores.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace otpd::store::state {

enum class key_kind : std::uint8_t {
    number = 'n',   ///< of a client and a number: number_state
    limit = 'l',    ///< the keys of limits and guards over many users: shared_state
    budget = 'b',   ///< one budget in one period: shared_state
    score = 'c',    ///< how well routes perform: shared_state
    request = 'r',  ///< of an Idempotency-Key, or a used challenge: record
    secrets = 's',  ///< what all instances share: record
    entry = 'e',    ///< of a journal: record
    journals = 'j', ///< all journals and their leases: journal_list
    overrides = 'o' ///< all overrides of destinations: override_list
};

struct state_key {
    key_kind kind = key_kind::number;
    key_hash hash{};

    /// The compiler's own compares byte by byte.
    friend bool operator==(state_key const& a, state_key const& b) noexcept {
        return a.kind == b.kind && std::memcmp(a.hash.data(), b.hash.data(), sizeof a.hash) == 0;
    }

    /// The versions of shared states do not change with additions, which commute.
    [[nodiscard]] bool is_shared() const noexcept {
        return kind == key_kind::limit || kind == key_kind::budget || kind == key_kind::score;
    }
    /// For code that handles only bytes.
    [[nodiscard]] std::array<char, 1 + sizeof(key_hash)> bytes() const noexcept {
        std::array<char, 1 + sizeof hash> both{static_cast<char>(kind)};
        std::memcpy(both.data() + 1, hash.data(), sizeof hash);
        return both;
    }
};

/// The key holds a keyed hash already, so its bytes serve as the table's hash; the kind
/// distinguishes equal ones.
struct state_key_hash {
    using is_avalanching = void;
    std::size_t operator()(state_key const& key) const noexcept {
        constexpr std::uint64_t odd = 0x9e37'79b9'7f4a'7c15;
        std::uint64_t first = 0;
        std::memcpy(&first, key.hash.data(), sizeof first);
        return static_cast<std::size_t>((first ^ static_cast<std::uint64_t>(key.kind)) * odd);
    }
};

[[nodiscard]] inline state_key number_state_key(number_key const& number) noexcept {
    return {key_kind::number, number};
}
[[nodiscard]] inline state_key limit_state_key(key_hash const& counted_by) noexcept {
    return {key_kind::limit, counted_by};
}
[[nodiscard]] inline state_key request_state_key(key_hash const& request) noexcept {
    return {key_kind::request, request};
}

[[nodiscard]] inline state_key secrets_state_key() noexcept {
    return {key_kind::secrets, {}};
}

[[nodiscard]] inline state_key journals_state_key() noexcept {
    return {key_kind::journals, {}};
}
[[nodiscard]] inline state_key overrides_state_key() noexcept {
    return {key_kind::overrides, {}};
}
/// A journal's id is random, so keys of different journals differ. Part of the format.
[[nodiscard]] inline state_key entry_state_key(journal_place const& at) noexcept {
    state_key key{key_kind::entry, at.journal};
    for (std::size_t i = 0; i < sizeof at.slot; ++i)
        key.hash[i] ^= static_cast<std::byte>(at.slot >> (8 * i));
    return key;
}

/// One key per budget and period, so that the cost of a step never grows with history. Consists of
/// the owner's keyed hash, combined with name and period (FNV-1a, twice 64 bits). It is part of the
/// format and must never change.
[[nodiscard]] inline state_key budget_state_key(budget_key const& budget) noexcept {
    constexpr std::uint64_t prime = 0x0000'0100'0000'01b3;
    std::uint64_t sums[2] = {0xcbf2'9ce4'8422'2325, 0x8422'2325'cbf2'9ce4};
    auto const mix = [&sums](std::string_view text) {
        for (char const c : text)
            for (auto& sum : sums)
                sum = (sum ^ static_cast<std::uint8_t>(c)) * prime;
    };
    mix(budget.name);
    mix("@");
    mix(budget.period);
    state_key key{key_kind::budget, budget.key};
    for (std::size_t i = 0; i < key.hash.size(); ++i)
        key.hash[i] ^= static_cast<std::byte>(sums[i / 8] >> (8 * (i % 8)));
    return key;
}

enum class score_part : std::uint8_t {
    countries, ///< of an hour: those that have counts; the slot's country is empty
    counts,
    seconds ///< to delivery
};

/// Holds no secret, so it is no hash. It is part of the format and must never change.
[[nodiscard]] inline state_key score_state_key(score_part part, score_slot const& slot) noexcept {
    constexpr unsigned country_bits = 32;
    constexpr unsigned part_bits = 8;
    std::uint64_t packed = static_cast<std::uint64_t>(slot.hour) << (country_bits + part_bits) |
                           static_cast<std::uint64_t>(part) << country_bits;
    for (std::size_t n = 0; n < std::min<std::size_t>(slot.country.size(), 4); ++n)
        packed |= std::uint64_t{static_cast<std::uint8_t>(slot.country[n])} << (8 * n);
    state_key key{key_kind::score, {}};
    for (std::size_t n = 0; n < sizeof packed; ++n)
        key.hash[n] = static_cast<std::byte>(packed >> (8 * n));
    return key;
}

} // namespace otpd::store::state
