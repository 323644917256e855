#pragma once

/// The rules of a store that keeps its data in this process's reach, as plain data and functions: what
/// is known of one number, and what a step does to it. No I/O, no waiting, no bound of memory, no order
/// of expiry; time is an argument. (The Redis store says the same in Lua.)

#include "otpd/store/store.hpp"

#include <boost/container/small_vector.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

/// The time of a store, since an epoch of its own choice. A type of its own, so that it is not mixed up
/// with the process's clocks; microseconds, because counters are kept in them.
struct store_clock {
    using duration = counter_time;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<store_clock>;
};
using store_time = store_clock::time_point;

struct code_record {
    std::string purpose;
    verification_id id{};
    code_mac code;
    store_time expires;
    std::uint32_t attempts = 0;
    std::unique_ptr<receipt> sent; ///< once the upstream has accepted
};

/// GCRA: `busy_until` is the theoretical arrival time; the counter is idle once it has passed.
struct counter {
    std::string name;
    store_time busy_until;
};

struct guess_tally {
    std::uint32_t count = 0;
    store_time expires; ///< meaningful while count > 0
};

/// The steps below expect that nothing in the state has expired: drop_expired() comes first.
struct number_state {
    boost::container::small_vector<code_record, 1> codes;
    boost::container::small_vector<counter, 1> counters;
    guess_tally guesses;

    [[nodiscard]] bool empty() const noexcept { return items() == 0; }
    /// Codes, counters and a tally.
    [[nodiscard]] std::size_t items() const noexcept {
        return codes.size() + counters.size() + (guesses.count > 0 ? 1 : 0);
    }
    /// store_time::max() when there is nothing.
    [[nodiscard]] store_time next_expiry() const noexcept;
    void drop_expired(store_time now);

    /// Every charge that the counters do not admit, and the guesses when they are used up.
    [[nodiscard]] std::vector<violation> violations(admission const& request, store_time now) const;
    /// Items that apply() adds.
    [[nodiscard]] std::size_t room_for(admission const& request) const noexcept;
    /// Writes the code and takes the charges of an admission without violations.
    void apply(admission& request, store_time now);

    settle_outcome settle(settlement& request, store_time now);
    check_outcome check_code(check const& request, store_time now);

private:
    [[nodiscard]] code_record* find_code(std::string_view purpose) noexcept;
    [[nodiscard]] counter* find_counter(std::string_view name) noexcept;
    [[nodiscard]] counter const* find_counter(std::string_view name) const noexcept;
    void drop(code_record* code);
    void take(charge const& c, store_time now);
    void give_back(charge const& c);
};

} // namespace otpd::store
