#pragma once

/// What one instance remembers of the codes it has seen, in case a replica takes over that has not:
/// replication is asynchronous, so a promoted replica may revive a code that was used or replaced, or
/// give guesses back (SECURITY.md section 3). Each check tells the server what is remembered, and the
/// stricter of the two counts.
///
/// Bounded: when it is full, what was not seen for longest is forgotten. Used by one thread at a time.

#include "otpd/core/clock.hpp"
#include "otpd/store/store.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace otpd::store::redis {

/// Microseconds of the server's clock, as the scripts count them.
using server_time = std::int64_t;

/// What a code was when it was last seen. A code that was made before `made` is dead.
struct seen_code {
    std::string id;
    server_time made = 0;
    std::uint32_t attempts = 0;
};

struct seen_guesses {
    std::uint32_t count = 0;
    duration known_for{}; ///< > 0 while count > 0
};

class shadow {
public:
    /// `epoch` below: a number that changes with each server that is spoken to. Codes are compared by
    /// their id, so what is known of them always holds; a count of guesses is older than the server's
    /// unless the server has changed, because other instances count and clear them too.
    explicit shadow(std::size_t numbers_max) : numbers_max_(numbers_max) {}

    void admitted(record_key const& key, seen_code code, steady_time now, duration ttl);
    void wrong(record_key const& key, seen_code code, seen_guesses guesses, std::uint64_t epoch,
               steady_time now, duration ttl);
    /// The code is used up, and the guesses are cleared.
    void verified(record_key const& key, seen_code code, steady_time now, duration ttl);

    [[nodiscard]] seen_code code(record_key const& key, steady_time now) const;
    [[nodiscard]] seen_guesses guesses(number_key const& number, std::uint64_t epoch,
                                       steady_time now) const;

    [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }

private:
    struct code_entry {
        std::string purpose;
        seen_code code;
        steady_time until;
    };
    struct entry {
        number_key number{};
        std::vector<code_entry> codes;
        std::uint32_t guesses = 0;
        steady_time guesses_until;
        std::uint64_t guesses_epoch = 0;
    };
    struct hash {
        std::size_t operator()(number_key const& key) const noexcept;
    };

    entry& touch(number_key const& number);
    void remember(entry& of, std::string const& purpose, seen_code code, steady_time until,
                  steady_time now);
    [[nodiscard]] entry const* find(number_key const& number) const;

    std::size_t numbers_max_;
    std::list<entry> order_; ///< the last seen first
    std::unordered_map<number_key, std::list<entry>::iterator, hash> numbers_;
};

} // namespace otpd::store::redis
