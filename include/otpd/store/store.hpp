#pragma once

/// Where codes and counters live, as atomic domain steps: no get and no set, so no caller can check
/// first and act later.
///
/// A store knows records, counters and times; it knows no policy, no phone number and no code. Numbers
/// come as keyed hashes, codes as MACs. Every call may be awaited from any executor and continues on
/// the caller's. A store that cannot answer says so (`fault`) and the service fails closed; nothing
/// else is an error. Durations, not points in time, cross this interface: the store's clock decides.
///
/// test/contract/ holds the rules of every function as tests that each backend passes.

#include "otpd/core/money.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace otpd::store {

using duration = std::chrono::milliseconds;

/// Keyed hash of a phone number (the first half of an HMAC-SHA-256).
using number_key = std::array<std::byte, 16>;
/// Random, 128 bits: unguessable (OWASP ASVS 11.5.1).
using verification_id = std::array<std::byte, 16>;

/// The MAC of one code under the key that `key_id` names.
struct code_mac {
    std::uint32_t key_id = 0;
    std::array<std::byte, 32> value{};
};

/// One live code at most per number and purpose.
struct record_key {
    number_key number{};
    std::string purpose;
};

/// `amount` units of a named counter of a number. The counter admits `quota` units at once and regains
/// them evenly over `window` (GCRA: constant state, no fixed-window bursts). A quota of 1 is a cooldown.
struct charge {
    std::string counter;
    std::uint64_t quota = 1;  ///< >= 1
    duration window{};        ///< > 0
    std::uint64_t amount = 1; ///< >= 1; more than `quota` is never admitted
};

/// What every backend keeps of a counter is the time until which it is busy, in these units: a charge
/// moves it on by cost(), and is admitted while it stays within `window` from now.
using counter_time = std::chrono::microseconds;

/// A day in microseconds times an amount of money in millionths needs more than 64 bits.
__extension__ typedef __int128 wide_integer; // NOLINT(modernize-use-using)

/// The same in every backend, whatever it is written in.
[[nodiscard]] constexpr counter_time cost(charge const& c) noexcept {
    auto const exact = wide_integer{counter_time(c.window).count()} * wide_integer{c.amount} /
                       wide_integer{c.quota};
    return std::max(counter_time(1), counter_time(static_cast<counter_time::rep>(exact)));
}

/// Wrong guesses allowed per number, whatever its codes and purposes. The count dies `window` after the
/// last wrong guess, or with a right one; a new code never lowers it (NIST SP 800-63B-4 3.2.2).
struct guess_budget {
    std::uint32_t quota = 0; ///< >= 1
    duration window{};
};

struct violation {
    std::string counter;
    duration retry_after{}; ///< > 0: when this counter admits again
};

/// Name under which a used-up guess budget appears in a violation.
inline constexpr char const* guesses_counter = "guesses";

struct admission {
    record_key key;
    verification_id id{};
    code_mac code;
    duration ttl{}; ///< > 0
    std::vector<charge> charges;
    guess_budget guesses;
};

struct admitted {};
struct refused {
    std::vector<violation> violations; ///< every one, not the first; never empty
};
/// No room for one more code: live codes and locks are never dropped to make some.
struct full {};
using admit_outcome = std::variant<admitted, refused, full>;

/// What is kept of a message that the upstream took.
struct receipt {
    int route_id = 0;
    std::string order_id;      ///< empty when the upstream gave none
    std::string bx_message_id; ///< empty when the upstream gave none
    std::optional<money> cost;
};

enum class send_result : std::uint8_t {
    accepted, ///< the code is active and the receipt kept
    refused,  ///< certainly not sent: the code dies and the charges are given back
    unknown   ///< perhaps sent: the code and the charges stay
};

struct settlement {
    record_key key;
    verification_id id{};
    send_result result = send_result::unknown;
    std::optional<receipt> accepted; ///< with send_result::accepted only
    /// With send_result::refused: the charges of the admission to give back, and one put in their place
    /// so that a refusal cannot be repeated at full speed.
    std::vector<charge> give_back;
    std::optional<charge> back_off;
};

/// `superseded`: the record is no longer this verification's (a newer code replaced it, the user was
/// faster than the reply and used it, or it expired). Not a fault; nothing was changed.
enum class settle_outcome : std::uint8_t { settled, superseded };

struct check {
    record_key key;
    /// The code that was typed, under every key that may have signed the record.
    std::vector<code_mac> candidates;
    std::uint32_t attempts_max = 0; ///< per code, >= 1
    guess_budget guesses;
    std::optional<verification_id> id; ///< when given, the record must be this verification
};

/// The code was right and is used up with this answer; the number's guess count is cleared.
struct verified {
    verification_id id{};
    std::optional<receipt> sent;
};
/// The guess was counted.
struct wrong {
    std::uint32_t attempts_left = 0; ///< of the code or of the number, whichever is less
};
/// The code's attempts were used up before: not evaluated, not counted.
struct exhausted {
    duration retry_after{}; ///< until the code is gone
};
/// The number's guesses are used up: not evaluated, not counted.
struct locked {
    duration retry_after{};
};
/// No live code; nothing was counted.
struct absent {};
using check_outcome = std::variant<verified, wrong, exhausted, locked, absent>;

enum class fault : std::uint8_t { unavailable, timed_out };

template <class T>
using result = boost::system::result<T, fault>;

class store {
public:
    virtual ~store() = default;

    /// Checks every charge and the guess budget together; then either takes all charges and writes the
    /// code in the place of an older one of the same key, or changes nothing.
    virtual boost::asio::awaitable<result<admit_outcome>> admit(admission request) = 0;

    /// Says what became of the send that `admit` made room for.
    virtual boost::asio::awaitable<result<settle_outcome>> settle(settlement request) = 0;

    /// Counts the guess, then compares; a right code is consumed in the same step. Of any number of
    /// concurrent checks at most `attempts_max` are evaluated and at most one is `verified`.
    virtual boost::asio::awaitable<result<check_outcome>> check_code(check request) = 0;

    /// Codes that can still be verified; may count one for a moment after it expired.
    virtual boost::asio::awaitable<result<std::uint64_t>> live_codes() = 0;

    /// Whether the store answers, for readiness.
    virtual boost::asio::awaitable<result<std::monostate>> ping() = 0;
};

/// Needed by boost::system::result: using a fault as an answer is a bug.
[[noreturn]] inline void throw_exception_from_error(fault, boost::source_location const&) {
    throw std::logic_error("a failed store operation was used as a good one");
}

} // namespace otpd::store
