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
    audit(rules const& of, instant tolerance)
        : policy_(of.policy), rules_(of), tolerance_(tolerance) {}

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
    };
    struct budget {
        std::uint32_t with_id = 0;
        std::uint32_t without = 0;
    };
    struct row {
        std::uint32_t compared = 0;
        instant last{};
    };
    complaint too_soon(send_order const& order, instant now) const;

    otp::policy const& policy_;
    rules const& rules_;
    instant const tolerance_;
    std::unordered_map<operation_id, message> messages_;
    std::map<std::array<int, 3>, operation_id>
        last_admitted_; ///< by scope; removed after a right guess
    std::map<std::pair<int, int>, std::vector<operation_id>> keys_; ///< by client and key
    std::map<std::array<int, 3>, budget> compared_; ///< by scope, since its last code
    std::map<std::pair<int, int>, row>
        rows_; ///< of a client's consecutive wrong guesses at a number
    std::set<operation_id> verified_;
    std::unordered_map<operation_id, instant> canceled_;
    std::unordered_map<operation_id, int> certainty_;
};

} // namespace otpd::simulation
