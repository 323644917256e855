#pragma once

/// What one instance remembers of the codes it has seen, in case a replica takes over that has not:
/// replication is asynchronous, so a promoted replica may revive a code that was used, replaced or canceled,
/// or give guesses back (SECURITY.md section 3). Each send and each check tells the server what is
/// remembered, and the stricter of the two counts.
///
/// Bounded: when it is full, what was not seen for longest is forgotten. Used by one thread at a time.

#include "otpd/core/clock.hpp"
#include "otpd/store/store.hpp"

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace otpd::store::redis {

/// Microseconds of the server's clock, as the scripts count them.
using server_time = std::int64_t;

/// What the codes of a slot were when they were last seen.
struct seen_codes {
    server_time alive_from = 0; ///< codes made before are dead
    /// Of the codes that were made until then; they share one count.
    server_time counted_until = 0;
    std::uint32_t attempts = 0;
    std::uint32_t open_attempts = 0;
};

/// Wrong guesses at a number.
struct seen_guesses {
    std::uint32_t open = 0;
    std::uint32_t held = 0;
    duration known_for{}; ///< > 0 while there are any
    duration open_wait{}; ///< until those without an id may guess again
    duration held_wait{};
};

class shadow {
public:
    /// `epoch` below: a number that changes with each server that is spoken to. Codes are compared by
    /// when they were made and by their id, so what is known of them always holds; a count of guesses is
    /// older than the server's unless the server has changed, because other instances count and clear
    /// them too.
    explicit shadow(std::size_t numbers_max) : numbers_max_(numbers_max) {}

    void admitted(record_key const& key, seen_codes codes, steady_time now, duration life);
    void wrong(record_key const& key, seen_codes codes, seen_guesses guesses, std::uint64_t epoch,
               steady_time now, duration life);
    /// A code of the slot is used up, all others of it with it, and the guesses are cleared. `newest`: when
    /// the last of them was made.
    void verified(record_key const& key, server_time newest, steady_time now, duration life);
    /// One code is dead: canceled, or not sent after all. Of a number the last few are remembered.
    void ended(number_key const& number, verification_id const& id, steady_time now, duration life);
    /// The server that is `epoch` knows what guesses() gave.
    void told(number_key const& number, std::uint64_t epoch);

    [[nodiscard]] seen_codes codes(record_key const& key, steady_time now) const;
    /// The dead codes of a number that codes() does not tell of.
    [[nodiscard]] std::vector<verification_id> dead(number_key const& number,
                                                    steady_time now) const;
    [[nodiscard]] seen_guesses guesses(number_key const& number, std::uint64_t epoch,
                                       steady_time now) const;

    [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }

private:
    static constexpr std::size_t dead_max = 8;

    struct slot_entry {
        std::string slot;
        seen_codes codes;
        steady_time until;
    };
    struct dead_entry {
        verification_id id{};
        steady_time until;
    };
    struct entry {
        number_key number{};
        std::vector<slot_entry> slots;
        std::vector<dead_entry> dead; ///< the last one last
        std::uint32_t open = 0;
        std::uint32_t held = 0;
        steady_time guesses_until;
        steady_time open_from;
        steady_time held_from;
        std::uint64_t guesses_epoch = 0;
    };
    struct hash {
        std::size_t operator()(number_key const& key) const noexcept;
    };

    entry& touch(number_key const& number);
    void remember(entry& of, std::string const& slot, seen_codes codes, steady_time until,
                  steady_time now);
    [[nodiscard]] entry const* find(number_key const& number) const;

    std::size_t numbers_max_;
    std::list<entry> order_; ///< the last seen first
    std::unordered_map<number_key, std::list<entry>::iterator, hash> numbers_;
};

} // namespace otpd::store::redis
