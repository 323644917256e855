#pragma once

/// The model of the service: what it must answer, and do next, after everything that has happened.
///
/// It learns of each step at the moment at which the store does it, in terms of the callers'
/// orders, and of each answer of the upstream. It never sees the service's requests to the store.
/// It is exact: if an outcome is unknown to a caller (its service died, an answer was lost), the
/// model still knows it, because it learns whether the step was done. It never deletes anything,
/// because expired states have no effect.
///
/// `now` is the time of the store, whose clock may go back; `issued`, and times outside of steps,
/// are the service's.

#include "answer.hpp"
#include "model_parts.hpp"
#include "orders.hpp"
#include "otpd/store/store.hpp"
#include "rules.hpp"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace otpd::simulation {

/// The progress of a send.
enum class phase : std::uint8_t {
    asking,   ///< waits for the store's admission
    sending,  ///< over the current route
    settling, ///< the upstream's last answer has arrived
    over      ///< its caller has an answer, or can get one
};

/// What the upstream's client reports of a send, which is true.
struct upstream_answer {
    enum class kind : std::uint8_t { accepted, rejected, not_sent, unknown };
    kind what = kind::accepted;
    std::optional<std::int64_t> cost; ///< of an accepted one, in millionths, if known
    std::int64_t retry_after = 0;     ///< s, for not_sent
};

/// A second message of a send, which the store has booked.
struct second_message {
    operation_id by = none; ///< which operation booked it
    int route = 0;
    std::vector<reservation> reserved; ///< the budgets that its price was taken from, at present
    bool price_known = false;
};
enum class booking : std::uint8_t { booked, over_budget, too_late };

class model {
public:
    explicit model(rules const& of);

    // --- a send ---
    void began(operation_id op, send_order order, instant now);
    /// The store did its admission, which was issued at `issued`.
    void admit(operation_id op, instant issued, instant now);
    /// ... by an instance that has not seen how full a limit is, and found that the send begins
    /// after a step that was tried before.
    void admit_elsewhere(operation_id op, instant now);
    [[nodiscard]] phase phase_of(operation_id op) const { return sends_.at(op).at; }
    /// The current route.
    [[nodiscard]] int route_of(operation_id op) const;
    /// The upstream receives the code; before that nobody can know it. Returns false if the send
    /// repeats a code and this is another one.
    [[nodiscard]] bool learn_code(operation_id op, std::string const& code);
    void upstream(operation_id op, upstream_answer what, instant now);
    /// The store replaced the reservation for its next route, or refused.
    void replace_reservation(operation_id op, instant issued, instant now);
    /// ... or did not answer: then no other route is tried.
    void replace_failed(operation_id op) { sends_.at(op).at = phase::settling; }
    void settle(operation_id op, instant now);
    /// The caller's answer at this time.
    [[nodiscard]] answer answer_of(operation_id op, instant now) const;
    /// That answer held a token of a challenge.
    void challenged(operation_id op, instant now);

    // --- its second message ---
    booking book_hedge(operation_id of, second_message what, instant issued, instant now);
    /// Returns false if there is none to settle. `is_undo`: the answer to its booking was lost.
    bool settle_hedge(operation_id of, upstream_answer what, bool is_undo, instant now);
    [[nodiscard]] std::optional<second_message> const& hedge_of(operation_id op) const {
        return sends_.at(op).hedge;
    }
    /// Whether the store may book one now.
    [[nodiscard]] bool may_be_hedged(operation_id op, instant now) const;
    /// The routes that a second message may take, in this order.
    [[nodiscard]] std::vector<int> routes_left(operation_id op) const;
    /// Its number in the plan, from 1 on.
    [[nodiscard]] int number_of(int route) const;

    // --- other operations, each at the moment at which the store does it ---
    [[nodiscard]] answer check(check_order const& order, instant now);
    [[nodiscard]] answer cancel(id_order const& order, instant now);
    [[nodiscard]] answer find(id_order const& order, instant now);
    [[nodiscard]] answer release(release_order const& order, instant now);
    /// Whether the store knows less of that message.
    [[nodiscard]] bool is_news(operation_id of, bool is_hedge, int state, instant now) const;
    /// More is known of the first message or the second: `state` as in store::delivery.
    /// `correction` is added to its spending.
    [[nodiscard]] answer update(operation_id of, bool is_hedge, int state, std::int64_t correction,
                                instant now);

    // --- stored values, for comparison ---
    [[nodiscard]] std::int64_t taken(account const& of, instant now) const {
        return money_.taken(of, now);
    }
    /// Of a send: the budgets that its price was taken from, at present.
    [[nodiscard]] std::vector<reservation> const& reserved(operation_id op) const {
        return sends_.at(op).reserved;
    }
    /// What a send over the route takes from which budgets.
    [[nodiscard]] std::vector<reservation> reservations_of(scope const& of, int route,
                                                           instant at) const;
    /// Whether the cost of the send, which may be zero, is known and recorded.
    [[nodiscard]] bool price_known_of(operation_id op) const { return sends_.at(op).price_known; }
    /// Its delivery if it was settled as unknown or accepted and is still stored, so that the
    /// upstream may report more.
    [[nodiscard]] std::optional<int> delivery_of(operation_id op, instant now) const;
    /// ... of its second message, if one is booked.
    [[nodiscard]] std::optional<int> hedge_delivery_of(operation_id op, instant now) const;
    /// The sends of the scope whose code can be verified, the newest last; without codes that
    /// nobody knows.
    [[nodiscard]] std::vector<operation_id> live(scope const& of, instant now) const;
    [[nodiscard]] std::string const& code_of(operation_id op) const {
        static std::string const unknown;
        auto const& code = sends_.at(op).code;
        return code ? code->text : unknown;
    }
    [[nodiscard]] scope const& scope_of(operation_id op) const { return sends_.at(op).order.to; }

private:
    enum class progress : std::uint8_t { live, verified, canceled, expired };
    /// One code. All sends that repeat it share it.
    struct code {
        std::string text; ///< empty: nobody knows it yet
        instant begun{};
        instant expires{};
        std::map<int, std::uint32_t> used; ///< wrong guesses, by requester
    };
    using codes = std::vector<std::shared_ptr<code>>;
    /// A send since its admission. A replaced one is canceled.
    struct verification {
        operation_id op = none;
        scope of;
        requester who;
        int device = -1;      ///< that its send named
        bool guessed = false; ///< a guess with its id was wrong
        std::shared_ptr<model::code> code;
        bool settled = false;
        progress state = progress::live;
        int delivery = 0;         ///< store::delivery
        std::optional<int> hedge; ///< of its second message
        instant admitted{};
        instant forgotten{};
        instant in_flight_until{};
        bool typed = false; ///< a success ended it
        int step = 0; ///< of the plan, from 1 on, that its first message took; 0: it had no plan
        int hedge_step = 0;
        instant hedged{}; ///< when the second message was booked

        /// Of both messages: one that arrives is enough.
        [[nodiscard]] int delivered() const;
        [[nodiscard]] bool is_live(instant now) const {
            return state == progress::live && now < code->expires;
        }
    };
    struct number {
        explicit number(store::guess_budget const& rule)
            : guesses(rule), failures(rule.consecutive_max) {}
        std::vector<verification> verifications;
        std::map<std::pair<int, bool>, pause> pauses; ///< by purpose and class
        tally guesses;
        failures_in_a_row failures;
        known_devices devices;
        std::vector<instant> escalations; ///< sends that began after a step tried before
        trust trusted;
        std::map<std::pair<std::size_t, bool>, meter> meters; ///< by limit and class

        /// A step reads it: times that a fast clock wrote become `now`, permanently.
        void refresh(instant now);
        /// A step changes it: what has expired stays expired, whatever a clock says later.
        void change(instant now);
        /// How long until the class has a guess again, however its pauses are.
        [[nodiscard]] instant out_of_guesses(bool is_known, instant now) const;
    };
    struct violation {
        std::string_view name;
        instant wait{};
        int budget = -1;
        bool is_named = true;
        bool is_of_guard = false;
    };
    /// A place with a guard against pumped SMS, and which address, prefix or country it is.
    struct guarded_place {
        std::string_view name; ///< of its guard
        int whose = 0;
        std::uint32_t out_max = 0;
    };
    struct challenge {
        instant end{};            ///< of its token, by the service's clock
        instant used_until{};     ///< then the store has forgotten that it was used
        operation_id used = none; ///< by this send
    };
    struct limit_use {
        std::size_t limit = 0;
        int whose = 0;
        instant busy{};
    };
    struct send {
        send_order order;
        requester who; ///< at the last admission
        instant began{};
        phase at = phase::asking;
        std::size_t next_route = 0;
        int begins_after = 0; ///< so many steps of the plan were tried before, and come last
        int beginnings = 0;
        std::shared_ptr<model::code> code; ///< set by the admission
        instant code_end{};                ///< how long the code was valid then
        answer said;
        std::vector<violation> violations; ///< of the last refusal
        instant own_code{}; ///< then: how long the requester's code can be verified; 0: he has none
        bool admitted = false;
        instant pause{};
        std::vector<limit_use> rate_limit_checks;
        std::vector<reservation> reserved;
        upstream_answer outcome;
        bool price_known = false;
        std::optional<second_message> hedge;
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
    [[nodiscard]] std::vector<violation> violations_of(send const& s, instant now);
    [[nodiscard]] std::vector<violation> over_guards(send const& s, instant now);
    [[nodiscard]] bool is_solved(send const& s, instant now) const;
    [[nodiscard]] bool is_in_flight(send const& s, instant now) const;
    [[nodiscard]] int tried_before(send const& s, instant now) const;
    void begin_after(send& s, int step) const;
    [[nodiscard]] static int step_of(send const& s);
    [[nodiscard]] instant own_code_of(send const& s, instant now);
    void take_everything(send& s, operation_id op, instant now);
    static void give_way(verification& older);
    /// The code that the send repeats; null if it begins one.
    [[nodiscard]] std::shared_ptr<code> repeated_by(send const& s, instant now);
    [[nodiscard]] std::shared_ptr<code> code_for(send const& s, instant now);
    [[nodiscard]] std::vector<violation> over_budget(std::vector<reservation> const& what,
                                                     std::vector<reservation> const& given_back,
                                                     instant now) const;
    void settle_key(send const& s, operation_id op, instant now);
    void settle_refused(send& s, verification const& verification, instant now);
    [[nodiscard]] std::int64_t back_off() const;
    [[nodiscard]] answer refusal_of(send const& s, instant now) const;
    void conclude_sent(send& s, instant now) const;

    // model_hedge.cpp
    [[nodiscard]] bool can_be_hedged(verification const& of, instant now) const;
    void end_pause_if_failed(number& in, verification const& of);

    // model_check.cpp
    /// Limits, and the key of each.
    using limit_list = std::vector<std::pair<std::size_t, int>>;
    void mend_limits(limit_list const& limits, instant now);
    [[nodiscard]] answer unpaid(limit_list const& limits, instant now) const;
    /// What the guess is made at, by guesser_.
    [[nodiscard]] std::vector<verification*> candidates_for(check_order const& order, instant now);
    [[nodiscard]] answer guess(check_order const& order,
                               std::vector<verification*> const& candidates, instant now);
    [[nodiscard]] answer right(check_order const& order,
                               std::vector<verification*> const& candidates, instant now);
    [[nodiscard]] answer wrong(check_order const& order, codes const& compared, tally::kind what,
                               instant now);

    [[nodiscard]] requester who_asks(scope const& of, int end_user, int device, instant now) const;
    [[nodiscard]] limit_list limits_of(otp::limit_step step, scope const& of, int end_user,
                                       bool is_known) const;
    [[nodiscard]] std::vector<guarded_place> guarded(scope const& of, int end_user) const;
    [[nodiscard]] place& place_at(guarded_place const& which) {
        return places_.try_emplace({which.name, which.whose}, policy_.pumping.typing).first->second;
    }
    /// A step writes what is kept of the limit's key, and with it the place.
    void change_place_of(std::size_t limit, int whose, instant now);
    [[nodiscard]] meter::rule rule_of(std::size_t limit) const;
    /// Whether callers see it: no client learns of another's sends.
    [[nodiscard]] bool is_named(std::size_t limit) const {
        return policy_.limits[limit].key != otp::limit_key::number_of_all_clients;
    }
    [[nodiscard]] bool is_of_number(std::size_t limit) const {
        return policy_.limits[limit].key == otp::limit_key::number;
    }
    [[nodiscard]] meter const& meter_at(std::size_t limit, int whose) const;
    [[nodiscard]] meter& meter_of(std::size_t limit, int whose);
    [[nodiscard]] std::size_t place_of(scope const& of) const {
        return static_cast<std::size_t>(of.client) * rules_.numbers.size() +
               static_cast<std::size_t>(of.number);
    }
    [[nodiscard]] number& at(scope const& of) { return numbers_[place_of(of)]; }
    [[nodiscard]] number const& at(scope const& of) const { return numbers_[place_of(of)]; }
    /// Of a verification, in a step that reads it.
    number* refreshed(operation_id op, instant now);
    [[nodiscard]] answer shown_to(id_order const& order, instant now) const;
    [[nodiscard]] verification* find_verification(operation_id op, instant now);
    [[nodiscard]] verification const* find_verification(operation_id op, instant now) const;
    /// Of one class.
    [[nodiscard]] std::vector<verification*> live_verifications(scope const& of, bool is_known,
                                                                instant now);
    /// The live codes of one class, in the order in which they began.
    [[nodiscard]] codes live_codes(scope const& of, bool is_known, instant now);

    rules const& rules_;
    otp::policy const& policy_;
    std::vector<number> numbers_; ///< each once per client
    std::unordered_map<operation_id, send> sends_;
    std::map<meter_key, meter> meters_;
    std::map<std::pair<int, int>, kept_key> keys_;             ///< by client and key
    std::map<std::pair<std::string_view, int>, place> places_; ///< by guard and whose
    std::unordered_map<operation_id, challenge> challenges_;   ///< by the send that was refused
    sums money_;
    requester guesser_; ///< whose guess the last one was
};

} // namespace otpd::simulation
