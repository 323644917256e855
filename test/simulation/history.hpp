#pragma once

/// The events of a run, in order. Two runs of a seed have the same history, to the last entry.

#include "answer.hpp"
#include "fnv.hpp"
#include "orders.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace otpd::simulation {

enum class happening : std::uint8_t {
    send,     ///< number, client and purpose, idempotency key
    check,    ///< number, client and purpose, the verification whose code it is (-1: none)
    find,     ///< client, verification
    cancel,   ///< client, verification
    update,   ///< verification, delivery (of a second message, 10 more), correction
    hedge,    ///< verification, whether it is booked (1) or only settled (0)
    release,  ///< number, client, whether locks (1) or devices (0) are forgotten
    time,     ///< by this many microseconds
    give_up,  ///< the caller of the operation
    crash,    ///< instance
    sweep,    ///< expired states are deleted
    jump,     ///< of the store's clock: how far it is ahead now, in microseconds
    forget,   ///< the server has lost its last writes
    step,     ///< store_step: the store did it
    fault,    ///< store_step: the service learns that the store does not answer
    route,    ///< the upstream receives the message over this route
    upstream, ///< upstream_answer::kind, cost
    answer,   ///< word, retry_after and attempts_left, digest of the whole answer
};

struct entry {
    instant at{};
    operation_id op = none;
    happening what = happening::send;
    std::int64_t a = 0;
    std::int64_t b = 0;
    std::int64_t c = 0;
};

class history {
public:
    void add(entry const& what) {
        entries_.push_back(what);
        hash_.add(what.at.count()).add(what.op).add(what.what);
        hash_.add(what.a).add(what.b).add(what.c);
    }
    /// Of all events and their answers.
    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_.value(); }
    [[nodiscard]] std::vector<entry> const& entries() const noexcept { return entries_; }
    /// The last entries, one per line.
    void write(std::ostream& out, std::size_t last) const;

private:
    std::vector<entry> entries_;
    fnv hash_;
};

} // namespace otpd::simulation
