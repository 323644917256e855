#pragma once

/// The slots of an instance's journals, and the writes that wait for the store. No I/O, no clock.

#include "otpd/otp/journal.hpp"

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

namespace otpd::otp {

class journal_slots {
public:
    using id = store::verification_id;

    journal_slots(std::uint32_t slots_first, std::uint32_t slots_max, store::journal_id own)
        : slots_first_(slots_first), slots_max_(slots_max), own_(own) {}

    /// Begins a new journal of its own. Entries that were written are forgotten here; those that
    /// only wait are written to the new one.
    void begin(store::journal_id own);

    // --- entries ---

    [[nodiscard]] std::optional<store::journal_place> reserve(journal_ticket ticket, id const& of);
    /// `text` is sealed. Replaces a write of the ticket that still waits.
    void put(journal_ticket ticket, id const& of, std::string text, store::duration retention);
    void erase(journal_ticket ticket);
    void free(journal_ticket ticket);
    [[nodiscard]] std::optional<store::journal_place> place_of(journal_ticket ticket) const;
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
    /// Entries in slots of its own journal.
    [[nodiscard]] std::size_t used() const noexcept { return own_used_; }

    /// Returns the oldest writes, one batch at a time; empty if none can be made now.
    [[nodiscard]] std::vector<store::journal_write> next_writes();
    /// The answer to next_writes(). What was not done is written again.
    void written(bool is_done);
    /// Writes that were given up because all slots are used.
    [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }

    // --- journals ---

    [[nodiscard]] store::journal_claim claim() const;
    /// Whether another claim would allow more slots, which are needed soon.
    [[nodiscard]] bool wants_slots() const noexcept;
    /// Whether another instance took over a journal that this one had taken over.
    [[nodiscard]] bool has_lost_one(store::journals_held const& answer) const;
    /// Returns the journals that were taken over.
    [[nodiscard]] std::vector<store::held_journal> held(store::journals_held const& answer);
    void adopt(journal_ticket ticket, store::journal_place const& at, id const& of);
    /// Another instance must go on with an entry of the journal, which is given back once all
    /// adopted ones have ended.
    void pass(store::journal_id const& journal);
    /// All its entries are adopted.
    void adopted(store::journal_id const& journal);

private:
    struct known_entry {
        store::journal_place at;
        id of;
    };
    struct change {
        journal_ticket ticket = 0;
        id of{};
        std::string text; ///< empty: erase
        store::duration retention{};
    };
    struct taken_journal {
        std::size_t used = 0;
        bool has_passed = false; ///< it has entries for others
        bool is_complete = false;
    };

    void wait(change made);
    void note_if_done(store::journal_id const& journal);

    std::uint32_t const slots_first_;
    std::uint32_t const slots_max_;
    store::journal_id own_;
    bool is_new_ = true;
    std::uint32_t allowed_ = 0; ///< slots of its own journal
    std::uint32_t next_ = 0;    ///< the first that was never used
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free_;
    std::size_t own_used_ = 0;
    std::unordered_map<journal_ticket, known_entry> entries_;
    std::map<store::journal_id, taken_journal> taken_;
    std::vector<store::journal_id> emptied_;
    std::vector<store::journal_id> passed_; ///< the last journals_max ones
    std::list<change> waiting_;             ///< the oldest first
    std::unordered_map<journal_ticket, std::list<change>::iterator> waiting_by_ticket_;
    std::vector<change> in_flight_;
    std::size_t left_out_ = 0;
};

} // namespace otpd::otp
