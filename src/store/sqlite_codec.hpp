#pragma once

/// What is known of a subject as rows of the file: a kind, a name, when it expires, and the rest as one
/// text of integers and hexadecimal digits with spaces between (the details of events, which have no spaces,
/// are as they are). Text, so that a migration can be plain SQL.

#include "subject_state.hpp"

#include <string>
#include <vector>

namespace otpd::store {

/// The column `kind`.
enum class item_kind : std::uint8_t {
    code = 0, ///< one that can still be verified, beside its verification; expires when it does
    counter = 1,
    guesses = 2,
    verification = 3,
    cooldown = 4,
    watch = 5,
    once = 6,
    budget = 7
};

struct stored_item {
    item_kind kind = item_kind::code;
    std::string
        name; ///< of a code and a verification: the id; of a counter and a budget: its name; else empty
    store_time expires;
    std::string data;

    friend bool operator==(stored_item const&, stored_item const&) = default;
};

[[nodiscard]] std::vector<stored_item> encode(subject_state const& state);

/// With what has expired, if rows of that are there. Throws sqlite_error (SQLITE_CORRUPT) for what
/// encode() never made.
[[nodiscard]] subject_state decode(std::vector<stored_item> const& items);

} // namespace otpd::store
