#pragma once

/// The rules of a store that keeps its data in this process's reach, as plain data and functions: what
/// is known of one subject, and what a step does to it. No I/O, no waiting, no bound of memory, no order
/// of expiry; time is an argument. steps.hpp puts them together. (The Redis store says the same in Lua.)
///
/// A subject is whom something is counted for: a number has codes, a cooldown and guesses, a prefix or a
/// country is watched, an idempotency key has what is kept of its send, and everybody has counters and
/// budgets.

#include "budget_sums.hpp"
#include "event_log.hpp"
#include "kept_receipt.hpp"
#include "otpd/store/store.hpp"
#include "store_time.hpp"
#include "watch_state.hpp"

#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

/// Keys are keyed hashes already: their bytes are the hash.
struct subject_hash {
    using is_avalanching = void;
    std::size_t operator()(subject_key const& key) const noexcept {
        std::size_t value = 0;
        std::memcpy(&value, key.data(), sizeof value);
        return value;
    }
};

struct verification_record {
    verification_id id{};
    std::string slot;
    std::uint32_t sequence = 0; ///< grows with each of a number: their order
    progress state = progress::pending;
    delivery message = delivery::queued;
    store_time admitted;
    store_time expires;   ///< the code
    store_time forgotten; ///< all of it
    store_time lease_end; ///< until when its send is in flight; long ago once it is settled
    std::uint32_t attempts = 0;
    std::uint32_t open_attempts = 0;
    code_mac code; ///< zeros when it is over
    kept_receipt sent;
    event_log events;

    [[nodiscard]] bool live() const noexcept {
        return state == progress::pending || state == progress::active;
    }
    /// It can never verify again; nothing that could tell its code is left.
    void end(progress how) noexcept;
    void end(progress how, event_kind why, store_time now) {
        end(how);
        events.add(why, now - admitted, {});
    }
    /// Whether its send was settled.
    [[nodiscard]] bool settled() const noexcept;
    [[nodiscard]] bool lists_more() const noexcept { return events.size() < events_max; }
    /// An event that is left out when there are enough.
    void list(event_kind what, store_time at, std::string_view details = {}) {
        if (lists_more()) events.add(what, at - admitted, details);
    }
    /// Of a settlement.
    void list(std::vector<note> const& notes, store_time now);
    /// Of a rebooking, however many there are.
    void list_all(std::vector<note> const& notes, store_time now);
    /// As callers see it.
    [[nodiscard]] verification shown(store_time now) const;
};

/// GCRA: `busy_until` is the theoretical arrival time; the counter is idle once it has passed.
struct counter {
    std::string name; ///< short enough to need no memory of its own
    store_time busy_until;
};

struct cooldown_state {
    std::uint32_t sends = 0; ///< in a row
    store_time pause_until;
    store_time streak_until; ///< everything is forgotten then; >= pause_until
};

struct guess_tally {
    std::uint32_t open = 0; ///< without an id
    std::uint32_t held = 0; ///< with one
    store_time open_from;   ///< earlier ones are not looked at
    store_time held_from;
    store_time expires;
};

/// What is kept of a send with an idempotency key.
struct once_record {
    std::array<std::byte, 16> fingerprint{};
    store_time lease_end;
    store_time expires;
    bool settled = false;
    std::string reply;
};

/// The functions below expect that nothing in the state has expired: drop_expired() comes first.
struct subject_state {
    std::vector<verification_record> verifications; ///< in the order of their admission
    std::vector<counter> counters;
    // Most subjects have none of these.
    std::optional<cooldown_state> cooldown;
    std::optional<guess_tally> guesses;
    std::optional<watch_state> watched;
    std::optional<once_record> once;
    budget_sums budgets;

    [[nodiscard]] bool empty() const noexcept { return items() == 0; }
    /// What counts for a store's bound.
    [[nodiscard]] std::size_t items() const noexcept;
    /// Codes that can still be verified.
    [[nodiscard]] std::size_t codes() const noexcept;
    /// When something ends next; store_time::max() when there is nothing.
    [[nodiscard]] store_time next_expiry() const noexcept;
    void drop_expired(store_time now);
    /// Keeps the memory of the lists.
    void clear() noexcept;

    // --- counters ---
    [[nodiscard]] bool counts(std::string_view name) const noexcept;
    /// How long until the charge is admitted; nothing when it is now.
    [[nodiscard]] std::optional<duration> wait(charge const& c, store_time now) const noexcept;
    /// Until when the counter is busy then.
    store_time take(charge const& c, store_time now);
    void give_back(charge const& c, store_time now);

    // --- the cooldown ---
    /// The pause that begins with one more send.
    duration cool_down(cooldown_rule const& rule, store_time now);
    /// A send was none whose pause ends at `begun_until`.
    void warm_up(store_time begun_until, duration back_off, store_time now);
    void forget_streak(store_time now);

    // --- verifications ---
    [[nodiscard]] verification_record* find(verification_id const& id) noexcept;
    [[nodiscard]] verification_record const* find(verification_id const& id) const noexcept;
    /// How long the slot's last send may still be on its way; nothing when none is.
    [[nodiscard]] std::optional<duration> in_flight(std::string_view slot,
                                                    store_time now) const noexcept;
    /// Writes the code of an admission, and ends what it replaces.
    void add(admission& request, store_time now);
    settle_outcome settle(settlement& request, store_time now);
    update_outcome update(delivery_update& request, store_time now);
    cancel_outcome cancel(cancellation const& request, store_time now);

    // --- guesses ---
    /// How long until there are guesses again; nothing when some are left. Waits are not looked at.
    [[nodiscard]] std::optional<duration> out_of_guesses(guess_budget const& budget,
                                                         store_time now) const noexcept;
    /// All that a check does to the number: charges and watches are others' affair.
    check_outcome check_code(check const& request, store_time now);

private:
    [[nodiscard]] std::vector<verification_record*> live(std::string_view slot);
    [[nodiscard]] std::optional<duration> lock(check const& request, store_time now) const noexcept;
    wrong count_wrong(check const& request, std::vector<verification_record*> const& live,
                      store_time now);
};

} // namespace otpd::store
