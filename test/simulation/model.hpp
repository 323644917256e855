#pragma once

/// The reference: what the service must answer, and do next, after everything that happened so far.
///
/// It is told of each step at the moment at which the store does it, in the words of the callers'
/// orders, and of each answer of the upstream; it never sees what the service asks of the store. It
/// is exact: where the outcome of something is not known to a caller (its service died, an answer
/// was lost), the model knows which of both it was, because it was told whether the step was done.
/// Nothing is ever swept, because what is over has no effect.
///
/// `now` is the store's, whose clock may go back; `issued`, and the times of what is no step, are
/// the service's.

#include "answer.hpp"
#include "model_parts.hpp"
#include "orders.hpp"
#include "otpd/store/store.hpp"
#include "rules.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace otpd::simulation {

/// How far a send is.
enum class phase : std::uint8_t {
    asking,   ///< the store, for its admission
    sending,  ///< by the route
    settling, ///< the upstream's last answer is there
    over      ///< its caller has been, or can be, answered
};

/// What the upstream's client says of a send, and what is true.
struct upstream_answer {
    enum class kind : std::uint8_t { accepted, rejected, not_sent, unknown };
    kind what = kind::accepted;
    std::optional<std::int64_t> cost; ///< of an accepted one, in millionths, if it says so
    std::int64_t retry_after = 0;     ///< s, of not_sent
};

class model {
public:
    explicit model(rules const& of);

    // --- a send ---
    void began(operation_id op, send_order order, instant now);
    /// The store did its admission, which was asked for at `issued`.
    void admit(operation_id op, instant issued, instant now);
    [[nodiscard]] phase phase_of(operation_id op) const { return sends_.at(op).at; }
    /// That it is sent by.
    [[nodiscard]] int route_of(operation_id op) const;
    /// The upstream was given the code: until then nobody can know it.
    void learn_code(operation_id op, std::string code) { sends_.at(op).code = std::move(code); }
    void upstream(operation_id op, upstream_answer what, instant now);
    /// The store booked it over to its next route, or would not.
    void replace_reservation(operation_id op, instant issued, instant now);
    /// ... or did not answer: then there is no further try.
    void replace_failed(operation_id op) { sends_.at(op).at = phase::settling; }
    void settle(operation_id op, instant now);
    /// What its caller is told now.
    [[nodiscard]] answer answer_of(operation_id op, instant now) const;

    // --- others; each at the moment at which the store does it ---
    [[nodiscard]] answer check(check_order const& order, instant now);
    [[nodiscard]] answer cancel(id_order const& order, instant now);
    [[nodiscard]] answer find(id_order const& order, instant now);
    /// More became known of a message: `state` as in store::delivery. `correction` is added to what
    /// was booked for it.
    [[nodiscard]] answer update(operation_id of, int state, std::int64_t correction, instant now);

    // --- what is kept, to be compared ---
    [[nodiscard]] std::int64_t taken(account const& of, instant now) const {
        return money_.taken(of, now);
    }
    /// Of a send: where its price was taken from, as of now.
    [[nodiscard]] std::vector<booking> const& booked(operation_id op) const {
        return sends_.at(op).booked;
    }
    /// What a send by the route takes from which sums.
    [[nodiscard]] std::vector<booking> bookings_of(slot const& of, int route, instant at) const;
    /// Whether the upstream has said what the send cost, or that it was none, and that is in the
    /// books.
    [[nodiscard]] bool price_known_of(operation_id op) const { return sends_.at(op).price_known; }
    /// Whether it was settled as unknown or accepted, and is kept: then the upstream can be asked
    /// for more.
    [[nodiscard]] std::optional<int> delivery_of(operation_id op, instant now) const;
    /// Codes of the slot that can be verified, the newest last; those that nobody knows are left
    /// out.
    [[nodiscard]] std::vector<operation_id> live(slot const& of, instant now) const;
    [[nodiscard]] std::string const& code_of(operation_id op) const { return sends_.at(op).code; }
    [[nodiscard]] slot const& slot_of(operation_id op) const { return sends_.at(op).order.to; }

private:
    enum class progress : std::uint8_t { live, verified, canceled, expired };
    /// A code from its admission on. What a newer one replaced is canceled.
    struct record {
        operation_id op = none;
        slot of;
        bool settled = false;
        progress state = progress::live;
        int delivery = 0; ///< store::delivery
        instant admitted{};
        instant expires{};
        instant forgotten{};
        instant in_flight_until{};
        std::uint32_t held = 0; ///< wrong guesses with the id
        std::uint32_t open = 0; ///< and without

        [[nodiscard]] bool is_live(instant now) const {
            return state == progress::live && now < expires;
        }
    };
    struct number {
        explicit number(store::guess_budget const& rule) : guesses(rule) {}
        std::vector<record> records;
        std::map<int, pause> pauses; ///< by purpose
        tally guesses;

        /// A step looks at it: what a clock wrote that was ahead is taken for now's, and kept so.
        void look(instant now);
        /// A step changes it: what is over then is over, whatever a clock says later.
        void change(instant now);
    };
    struct objection {
        std::string_view name;
        instant wait{};
        int budget = -1;
    };
    struct charged {
        std::size_t limit = 0;
        int whose = 0;
        instant busy{};
    };
    struct send {
        send_order order;
        instant began{};
        phase at = phase::asking;
        std::size_t next_route = 0;
        std::string code;
        answer said;
        std::vector<objection> objections; ///< of the last refusal
        bool admitted = false;
        instant pause{};
        std::vector<charged> rate_limit_checks;
        std::vector<booking> booked;
        upstream_answer outcome;
        bool price_known = false;
    };
    struct kept_key {
        int content = 0;
        instant in_flight_until{};
        instant forgotten{};
        bool settled = false;
        operation_id by = none;
        bool has_reply = false;
    };
    struct meter_key {
        std::size_t limit;
        int whose;
        friend auto operator<=>(meter_key const&, meter_key const&) = default;
    };

    // model_send.cpp
    [[nodiscard]] std::optional<answer> said_before(send_order const& order, instant now);
    [[nodiscard]] std::vector<objection> objections_to(send const& s, instant now) const;
    [[nodiscard]] bool is_in_flight(slot const& of, instant now) const;
    void take_everything(send& s, operation_id op, instant now);
    void make_room(send const& s, record& fresh, instant now);
    [[nodiscard]] std::vector<objection> too_dear(std::vector<booking> const& what,
                                                  std::vector<booking> const& given_back,
                                                  instant now) const;
    void settle_key(send const& s, operation_id op, instant now);
    void settle_refused(send& s, record const& record, instant now);
    [[nodiscard]] std::int64_t back_off() const;
    [[nodiscard]] answer refusal_of(send const& s, instant now) const;
    void conclude_sent(send& s, instant now) const;

    void mend_limits(otp::limit_step step, slot const& of, int end_user, instant now);

    // model_check.cpp
    [[nodiscard]] answer unpaid(check_order const& order, instant now) const;
    [[nodiscard]] answer guess(check_order const& order, std::vector<record*> const& candidates,
                               instant now);
    [[nodiscard]] answer right(record& found, std::vector<record*> const& candidates, instant now);
    [[nodiscard]] answer wrong(check_order const& order, record const& at,
                               std::vector<record*> const& candidates, instant now);

    [[nodiscard]] std::vector<std::pair<std::size_t, int>>
    limits_of(otp::limit_step step, slot const& of, int end_user) const;
    [[nodiscard]] meter::rule rule_of(std::size_t limit) const;
    [[nodiscard]] meter const& meter_at(std::size_t limit, int whose) const;
    [[nodiscard]] std::size_t place_of(slot const& of) const {
        return static_cast<std::size_t>(of.client) * rules_.numbers.size() +
               static_cast<std::size_t>(of.number);
    }
    [[nodiscard]] number& at(slot const& of) { return numbers_[place_of(of)]; }
    [[nodiscard]] number const& at(slot const& of) const { return numbers_[place_of(of)]; }
    /// Of a verification, in a step that looks at it.
    number* look_at(operation_id op, instant now);
    [[nodiscard]] answer shown_to(id_order const& order, instant now) const;
    [[nodiscard]] record* find_record(operation_id op, instant now);
    [[nodiscard]] record const* find_record(operation_id op, instant now) const;
    [[nodiscard]] std::vector<record*> live_records(slot const& of, instant now);

    rules const& rules_;
    otp::policy const& policy_;
    std::vector<number> numbers_; ///< each as each client's
    std::unordered_map<operation_id, send> sends_;
    std::map<meter_key, meter> meters_;
    std::map<std::pair<int, int>, kept_key> keys_; ///< by client and key
    sums money_;
};

} // namespace otpd::simulation
