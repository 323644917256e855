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
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace otpd::simulation {

/// Each member returns the broken guarantee; empty: none.
class audit {
public:
    /// `tolerance`: how far the instances' estimate of the store's clock may be off.
    audit(rules const& of, instant tolerance) : policy_(of.policy), tolerance_(tolerance) {}

    using complaint = std::string;

    complaint admitted(operation_id op, send_order const& order, instant now);
    complaint transmitting(operation_id op, send_order const& order, std::string const& code);
    void answered(operation_id op, upstream_answer::kind what);
    /// The store's clock was changed: guarantees that refer to its earlier time do not apply any
    /// more.
    void clock_turned(instant before, instant now);
    /// A guess was compared, right or wrong.
    complaint evaluated(check_order const& order, bool right, instant now);
    /// A caller got the answer; the operation began at `began`.
    complaint heard(check_order const& order, answer const& said, instant began);
    void heard_cancel(operation_id of, instant now) { canceled_.emplace(of, now); }
    /// The message is known not to have arrived.
    void lost(operation_id of) { messages_.at(of).is_lost = true; }
    /// The delivery of a message, in the order of the reads from the store.
    complaint seen(operation_id of, std::string const& delivery);

private:
    struct message {
        send_order order;
        instant admitted{};
        int transmissions_open = 0; ///< passed to the upstream, without an answer yet
        bool perhaps_sent = false;
        bool is_lost = false; ///< known not to have arrived
        std::string code;
        std::map<int, std::uint32_t> compared_before; ///< budget::compared at its admission
        bool is_guessed = false;                      ///< a guess with its id was evaluated
    };
    /// What happened in a scope since its newest code began.
    struct budget {
        std::map<int, std::uint32_t> compared; ///< guesses, by requester
        /// Codes that may have begun. Each send counts as one, until it is seen to repeat a code.
        std::uint32_t codes = 0;
        bool is_seen = false; ///< the newest code was transmitted
    };
    struct wrong_guess {
        int by = -1;
        instant at{};
    };
    void begin_or_repeat(message const& sent, std::string const& code);
    complaint heard_right(check_order const& order, instant began);
    void forget(std::vector<wrong_guess>& list, instant now) const;
    complaint too_soon(send_order const& order, instant now) const;

    otp::policy const& policy_;
    instant const tolerance_;
    std::unordered_map<operation_id, message> messages_;
    std::map<std::array<int, 3>, operation_id>
        last_admitted_; ///< by scope; removed after a right guess
    std::map<std::pair<int, int>, std::vector<operation_id>> keys_; ///< by client and key
    std::map<std::array<int, 3>, budget> compared_;                 ///< by scope
    std::map<std::array<int, 3>, instant> last_send_; ///< the last admission, by scope
    using scope_code = std::pair<std::array<int, 3>, std::string>;
    std::map<scope_code, instant> codes_; ///< when each was first admitted, as far as is known
    std::set<scope_code> right_;          ///< codes that were verified
    /// By client and number. Without the guesses of a requester who was right later.
    std::map<std::pair<int, int>, std::vector<wrong_guess>> wrong_;
    std::set<operation_id> verified_;
    std::unordered_map<operation_id, instant> canceled_;
    std::unordered_map<operation_id, int> certainty_;
};

} // namespace otpd::simulation
