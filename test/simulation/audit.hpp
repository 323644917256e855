#pragma once

/// The promises of the service as anybody outside could hold it to them, each by itself and without
/// the model's books: what the upstream was given, which guesses were compared and what callers
/// heard. The model says what must happen; this says what must never.

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

/// Each member returns what promise was broken; empty: none.
class audit {
public:
    /// `tolerance`: of the store's clock, as its instances know it.
    audit(rules const& of, instant tolerance)
        : policy_(of.policy), rules_(of), tolerance_(tolerance) {}

    using complaint = std::string;

    complaint admitted(operation_id op, send_order const& order, instant now);
    complaint transmitting(operation_id op, send_order const& order, std::string const& code);
    void answered(operation_id op, upstream_answer::kind what);
    /// The store's clock was turned: what was promised by the time that it was before, nobody can
    /// be held to.
    void clock_turned(instant before, instant now);
    /// A guess was compared, right or wrong.
    complaint evaluated(check_order const& order, bool right, instant now);
    /// A caller heard it; the operation began at `began`.
    complaint heard(check_order const& order, answer const& said, instant began);
    void heard_cancel(operation_id of, instant now) { canceled_.emplace(of, now); }
    /// It is known not to have arrived.
    void lost(operation_id of) { messages_.at(of).is_lost = true; }
    /// What a message was seen to be, in the order in which the store was asked.
    complaint seen(operation_id of, std::string const& delivery);

private:
    struct message {
        send_order order;
        instant admitted{};
        int transmissions_open = 0; ///< given to the upstream, and nothing heard
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
        last_admitted_; ///< by slot; none after a right guess
    std::map<std::pair<int, int>, std::vector<operation_id>> keys_; ///< by client and key
    std::map<std::array<int, 3>, budget> compared_; ///< by slot, since its last code
    std::map<std::pair<int, int>, row>
        rows_; ///< of compared guesses of a client at a number, none of them right
    std::set<operation_id> verified_;
    std::unordered_map<operation_id, instant> canceled_;
    std::unordered_map<operation_id, int> certainty_;
};

} // namespace otpd::simulation
