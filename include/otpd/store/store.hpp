#pragma once

/// The store of verifications, limits and budgets, as atomic domain steps. There is no get and no
/// set, so no caller can check first and act later.
///
/// A store knows verifications, limits and times, but no policy, phone number or code. Limit keys
/// are keyed hashes, and codes are represented by the seeds they are derived from. Every call may
/// be awaited from any executor and resumes on the caller's. If the store cannot answer, the call
/// returns a `fault` and the service fails closed; there are no other errors. Requests contain
/// durations, never points in time: the store's clock decides.
///
/// test/contract/ has tests of these rules that every backend passes.

#include "otpd/store/admission.hpp"
#include "otpd/store/inspection.hpp"
#include "otpd/store/journal.hpp"
#include "otpd/store/overrides.hpp"
#include "otpd/store/scores.hpp"
#include "otpd/store/verification.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <stdexcept>
#include <variant>
#include <vector>

namespace otpd::store {

enum class fault : std::uint8_t {
    not_executed, ///< nothing was changed
    unknown       ///< the step may have been done
};

template <class T>
using result = boost::system::result<T, fault>;

class store {
public:
    virtual ~store() = default;

    /// Checks all limits of a send together. Then it counts the send in every limit and writes the
    /// verification as `pending`, or it changes nothing.
    virtual boost::asio::awaitable<result<admit_outcome>> admit(admission request) = 0;

    /// Records the result of an admitted send.
    virtual boost::asio::awaitable<result<settle_outcome>> settle(settlement request) = 0;

    /// Between `admit` and `settle`: moves the reservation to another route and price.
    virtual boost::asio::awaitable<result<replace_outcome>>
    replace_reservation(reservation_replacement request) = 0;

    /// Records what became known of the message after its send was settled.
    virtual boost::asio::awaitable<result<update_outcome>> update(delivery_update request) = 0;

    /// Compares a guess and counts it, in one step; a right code is consumed in that step. Of any
    /// number of concurrent checks at one code, at most `attempts_max` of one requester are
    /// evaluated, and one more with each id of a stranger's send, and at most one is `verified`.
    virtual boost::asio::awaitable<result<check_outcome>> check_code(check request) = 0;

    /// Returns one verification; nullopt if it never existed or is forgotten. A verification is
    /// kept for admission::retention, whatever happens to its code.
    virtual boost::asio::awaitable<result<std::optional<verification>>>
    find(verification_address at) = 0;

    /// Ends a verification whose code is still usable: it never verifies again. Limits stay
    /// counted.
    virtual boost::asio::awaitable<result<cancel_outcome>> cancel(cancellation request) = 0;

    /// Forgets what keeps guesses at one number of one client from being evaluated, or its known
    /// devices. Sends, limits and codes stay as they are.
    virtual boost::asio::awaitable<result<released>> release_number(release request) = 0;

    /// Returns what is known of a number of one client, and what its limits say. Counts nothing.
    virtual boost::asio::awaitable<result<inspected>> inspect(inspection request) = 0;

    /// Returns the sum reserved in each budget; 0 for a forgotten one.
    virtual boost::asio::awaitable<result<std::vector<std::int64_t>>>
    spent(std::vector<budget_key> budgets) = 0;

    /// Returns the countries that were counted in hours, and the counts of slots; nothing of hours
    /// that are forgotten.
    virtual boost::asio::awaitable<result<score_answer>> scores(score_read request) = 0;

    /// Returns the number of codes that can still be verified; may briefly include expired ones.
    virtual boost::asio::awaitable<result<std::uint64_t>> live_codes() = 0;

    /// Checks whether the store answers, for readiness.
    virtual boost::asio::awaitable<result<std::monostate>> ping() = 0;
};

/// The journals of all instances of a store.
class journal_store {
public:
    virtual ~journal_store() = default;

    /// Renews the holder's leases, and takes over at most one journal whose lease is over.
    virtual boost::asio::awaitable<result<journals_held>> claim_journals(journal_claim request) = 0;

    /// Writes and erases entries in one step. All places differ; at most journal_page_max.
    virtual boost::asio::awaitable<result<std::monostate>>
    write_journal(std::vector<journal_write> writes) = 0;

    /// Returns the entries of some slots.
    virtual boost::asio::awaitable<result<std::vector<journal_entry>>>
    read_journal(journal_page page) = 0;
};

/// The overrides of destinations, of all instances of a store.
class override_store {
public:
    virtual ~override_store() = default;

    /// Returns those that have not ended, in the order in which they were made.
    virtual boost::asio::awaitable<result<std::vector<destination_override>>> overrides() = 0;

    /// Makes, replaces or ends one.
    virtual boost::asio::awaitable<result<override_outcome>>
    change_override(override_change request) = 0;
};

/// Required by boost::system::result. Using a fault as an answer is a bug.
[[noreturn]] inline void throw_exception_from_error(fault, boost::source_location const&) {
    throw std::logic_error("a failed store operation was used as a good one");
}

} // namespace otpd::store
