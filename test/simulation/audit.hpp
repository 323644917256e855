#pragma once

/// The guarantees of the service as an outsider can check them, each on its own and without the
/// model: what the upstream received, which guesses were compared, and what callers got. The model
/// says what must happen; the audit says what must never happen.

#include "answer.hpp"
#include "model.hpp"
#include "orders.hpp"
#include "rules.hpp"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace otpd::simulation {

/// Each member returns the broken guarantee; empty: none.
class audit {
public:
    /// `tolerance`: how far the instances' estimate of the store's clock may be off.
    /// `compares_all`: a guess is compared with the codes of one state only. Where instances cache
    /// states, it may have been compared with those of an outdated one first, which tells nobody
    /// anything.
    audit(rules const& of, instant tolerance, bool compares_all)
        : policy_(of.policy), tolerance_(tolerance), compares_all_(compares_all) {}

    using complaint = std::string;

    /// `code`: of its message.
    complaint admitted(operation_id op, send_order const& order, store::code_seed const& code,
                       instant now);
    complaint transmitting(operation_id op, send_order const& order, std::string const& code);
    void answered(operation_id op, upstream_answer::kind what);
    /// The store's clock was changed: guarantees that refer to its earlier time do not apply any
    /// more.
    void clock_turned(instant before, instant now);
    using seeds = std::vector<store::code_seed>;
    /// A guess was compared with the codes of these seeds.
    complaint compared(check_order const& order, seeds const& with) const;
    /// ... and was right or wrong.
    complaint evaluated(check_order const& order, seeds const& with, bool right, instant now);
    /// A caller got the answer; the operation began at `began`.
    complaint heard(check_order const& order, answer const& said, instant began);
    /// The operator unlocked a number, or had its devices forgotten.
    void released(release_order const& order);
    void heard_cancel(operation_id of, instant now) { canceled_.emplace(of, now); }
    /// The store learned what became of one of the messages.
    void reported(operation_id of, bool is_hedge, store::delivery what);

    /// `by` booked a second message of `of`.
    complaint hedged(operation_id of, operation_id by);
    /// ... and passes it to the upstream.
    complaint transmitting_hedge(operation_id of, operation_id by, std::string const& code);
    /// ... which was not sent.
    void hedge_refused(operation_id of) {
        if (auto& second = messages_.at(of).second) second->has_failed = true;
    }
    /// The delivery of a message, in the order of the reads from the store.
    complaint seen(operation_id of, std::string const& delivery);

private:
    struct hedge {
        operation_id by = none; ///< which operation booked it
        bool is_transmitted = false;
        bool has_failed = false; ///< known not to have arrived
    };
    struct message {
        send_order order;
        requester who;
        instant admitted{};
        int transmissions_open = 0; ///< passed to the upstream, without an answer yet
        bool perhaps_sent = false;
        bool is_accepted = false; ///< that is known
        bool has_arrived = false; ///< as far as is known
        bool has_failed = false;  ///< known not to have arrived
        std::optional<hedge> second;
        std::string code;
        std::map<int, std::uint32_t> compared_before; ///< budget::compared at its admission
        std::uint32_t successes_before = 0;           ///< budget::successes at its admission
        bool is_guessed = false;                      ///< a guess with its id was evaluated

        /// No message of it has arrived, nor will.
        [[nodiscard]] bool is_lost() const { return has_failed && (!second || second->has_failed); }
    };
    /// A scope and a class of requesters.
    using session = std::array<int, 4>;
    [[nodiscard]] static session session_of(scope const& of, bool is_known) {
        return {of.client, of.number, of.purpose, is_known ? 1 : 0};
    }
    /// What happened in a session since its newest code began.
    struct budget {
        std::map<int, std::uint32_t> compared; ///< guesses, by requester
        /// Codes that may have begun. Each send counts as one, until it is seen to repeat a code.
        std::uint32_t codes = 0;
        bool is_seen = false;        ///< the newest code was transmitted
        std::uint32_t successes = 0; ///< each one ended all codes before it
    };
    struct wrong_guess {
        int by = -1;
        instant at{};
        std::size_t codes = 0; ///< that it was compared with
    };
    /// The wrong guesses of strangers at a number in a row.
    struct failure_count {
        std::uint32_t count = 0;
        instant last{};
    };
    /// Sends and typed codes of an address, a prefix or a country in an hour of the clock.
    struct hour_of_place {
        std::set<operation_id> sent; ///< without those that may pass the guard
        std::int64_t typed = 0;
    };
    /// Which kind of place, which of them, and the hour.
    using place_and_hour = std::array<std::int64_t, 3>;
    struct guarded_place {
        std::array<int, 2> which;
        std::uint32_t out_max;
    };
    /// A challenge, and the client, number and address of a send that names it. At most one of them
    /// is right.
    using solved_challenge = std::array<std::int64_t, 4>;
    [[nodiscard]] static solved_challenge solved_by(send_order const& order) {
        return {order.challenge, order.to.client, order.to.number, order.end_user};
    }
    [[nodiscard]] std::vector<guarded_place> guarded(scope const& of, int end_user) const;
    complaint pumped(operation_id op, instant now);
    void typed(check_order const& order, instant now);
    complaint wrong(check_order const& order, requester const& who, std::size_t codes, instant now);
    void begin_or_repeat(message const& sent, std::string const& code);
    complaint heard_right(check_order const& order, instant began);
    [[nodiscard]] requester who_asks(scope const& of, int end_user, int device, instant now);
    [[nodiscard]] bool is_of_known(store::code_seed const& code) const {
        return of_known_.contains(code.nonce);
    }
    [[nodiscard]] bool may_be_known(scope const& of, int device) const {
        return named_.contains({of.client, of.number, device});
    }
    [[nodiscard]] bool is_requester_of(check_order const& order, message const& sent) const;
    void forget(std::vector<wrong_guess>& list, instant now) const;
    complaint too_soon(session const& in, instant now) const;

    otp::policy const& policy_;
    instant const tolerance_;
    bool const compares_all_;
    std::unordered_map<operation_id, message> messages_;
    std::map<session, operation_id> last_admitted_;                 ///< removed after a right guess
    std::map<std::pair<int, int>, std::vector<operation_id>> keys_; ///< by client and key
    std::map<session, operation_id> newest_;                        ///< the last admission
    std::map<session, budget> compared_;
    std::map<session, instant> last_send_; ///< the last admission
    using session_code = std::pair<session, std::string>;
    std::map<session_code, instant> codes_; ///< when each was first admitted, as far as is known
    std::set<session_code> right_;          ///< codes that were verified
    /// By client, number and class. Without the guesses of a requester who was right later.
    std::map<std::array<int, 3>, std::vector<wrong_guess>> wrong_;
    /// The devices that a right guess with an id and its send named, by client and number. No other
    /// device can be known.
    std::set<std::array<int, 3>> named_;
    std::map<std::pair<int, int>, known_devices> devices_; ///< by client and number
    /// The codes that were sent for known devices, by the nonce of their seed.
    std::set<std::array<std::byte, 16>> of_known_;
    std::map<std::array<int, 2>, failure_count> failures_; ///< by client and number
    std::map<place_and_hour, hour_of_place> hours_;
    std::set<std::array<int, 2>> verified_numbers_; ///< by client; the guard may pass their sends
    std::set<solved_challenge> challenges_used_;    ///< by sends that are not known to be refused
    std::set<operation_id> verified_;
    std::unordered_map<operation_id, instant> canceled_;
    std::unordered_map<operation_id, int> certainty_;
};

} // namespace otpd::simulation
