#pragma once

/// The journal of an instance: what it has begun and must not forget, such as open messages. An
/// entry is written in the step that it belongs to, in a slot of its own, so it conflicts with
/// nothing. Each journal has one holder at a time, by a lease. When the lease is over, another
/// instance takes the whole journal over.

#include "otpd/core/clock.hpp"
#include "otpd/store/limits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace otpd::store {

/// 128 random bits. The id of an instance's own journal is also the id of the instance as a holder.
using journal_id = std::array<std::byte, 16>;

struct journal_place {
    journal_id journal{};
    std::uint32_t slot = 0;

    friend bool operator==(journal_place const&, journal_place const&) = default;
};

/// Writes an entry, or erases it if the text is empty. Never refused: if the store is full, a new
/// entry is left out.
struct journal_write {
    journal_place at;
    /// Of the entry's subject. An entry with another id is not erased: its slot was used again.
    std::array<std::byte, 16> id{};
    std::string text; ///< sealed by the caller; at most journal_text_max bytes
    duration retention{};
};
inline constexpr std::size_t journal_text_max = 8192;

/// An entry about what a step does, such as a webhook: it is written in the step's own commit.
template <class Answer>
struct outbox_entry {
    journal_place at;
    std::array<std::byte, 16> id{};
    /// Returns the sealed text; if empty, an entry of that id is erased. It is called with the
    /// step's answer, again if the step is repeated, and must not throw.
    std::function<std::string(Answer const&)> text_of;
    duration retention{};
};
/// Null: there is none. A pointer, so that it costs other requests nothing.
template <class Answer>
using outbox_for = std::shared_ptr<outbox_entry<Answer> const>;

/// Slots of one journal, to be read.
struct journal_page {
    journal_id journal{};
    std::uint32_t first = 0;
    std::uint32_t count = 0; ///< <= journal_page_max
};
inline constexpr std::uint32_t journal_page_max = 64;

struct journal_entry {
    std::uint32_t slot = 0;
    std::array<std::byte, 16> id{};
    std::string text;
    duration retention{}; ///< from now on

    friend bool operator==(journal_entry const&, journal_entry const&) = default;
};

/// Renews the leases of all journals of a holder, and takes over one whose lease is over.
struct journal_claim {
    journal_id holder{};
    std::uint32_t slots = 0; ///< of its own journal: no higher slot is used before the answer
    duration lease{};        ///< > 0, at most journal_lease_max
    bool begins = false;     ///< its own journal is new
    bool ends = false;       ///< all its leases are over now, and it takes none
    bool is_alone = false;   ///< no other instance can use the store: all other leases are over
    /// Journals of the holder without entries: they are dropped. Its own only together with `ends`.
    std::vector<journal_id> emptied;
    /// Journals with entries that the holder cannot go on with: it gives them back, and does not
    /// take them over.
    std::vector<journal_id> passed{};
};
inline constexpr duration journal_lease_max{60'000};
/// Of one store. One more drops the one whose lease ended first.
inline constexpr std::size_t journals_max = 256;
/// Of one journal.
inline constexpr std::uint32_t journal_slots_max = 1U << 20U;

struct held_journal {
    journal_id id{};
    std::uint32_t slots = 0; ///< its entries are below

    friend bool operator==(held_journal const&, held_journal const&) = default;
};
/// The journals that the holder has now. Empty if it ends, or has lost its own: then it must use
/// none of its slots, and begins again with another id.
using journals_held = std::vector<held_journal>;

} // namespace otpd::store
