#pragma once

/// The life of a one-time code: sent once, checked a few times, used once.
///
/// The service owns no state of its own: what must be remembered is in the store, changed by its atomic
/// steps. It may be used from any executor; calls continue on the caller's.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/numbering_plan.hpp"
#include "otpd/core/passcode.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/core/random.hpp"
#include "otpd/net/single_flight.hpp"
#include "otpd/otp/changes.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/ledger.hpp"
#include "otpd/otp/message_owners.hpp"
#include "otpd/otp/occurrence.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/prices.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/otp/timeline.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::telemetry {
class logger;
class metrics;
} // namespace otpd::telemetry

namespace otpd::otp {

class admission_undo;

/// Who asks, and for whom. Addresses are written so that all of one household are one text: IPv4 whole,
/// IPv6 by its first 64 bits.
struct caller {
    client const* from = nullptr;                ///< outlives the call
    std::string address;                         ///< of the client's machine
    std::optional<std::string> end_user_address; ///< as the client says
    std::string request_id;                      ///< for the log
};

struct sent;

/// The same key again, within policy::idempotency_keep, is answered with what was answered first.
struct idempotency {
    static constexpr std::size_t max_key_length = 255;

    std::string key;
    std::array<std::byte, 16> fingerprint{}; ///< of what was asked for
    /// The answer to a send that was done, as it is to be remembered: at most 4096 bytes.
    std::function<std::string(sent const&)> write;
};

struct send_request {
    caller who;
    phone_number to;
    purpose what;
    /// One explicit route, or a plan's name; with neither the client's plan, the purpose's plan, the client's
    /// route and the policy's route are taken, the first that there is.
    std::optional<int> route_id = std::nullopt;
    std::optional<std::string> plan = std::nullopt;
    std::optional<money> max_price = std::nullopt; ///< of the SMS; the client's own limit holds too
    locale_tag locale = {};
    std::optional<message_tail> tail = std::nullopt; ///< the client's when not given
    std::optional<idempotency> once = std::nullopt;
};

/// How much of a limit is left after a send.
struct standing {
    std::string name;
    std::uint64_t quota = 0;
    std::chrono::seconds window{};
    std::uint64_t remaining = 0;
    std::chrono::seconds resets_in{}; ///< until all of it is there again
};

struct sent {
    std::string id; ///< of the verification (key_ring::seal)
    int route_id = 0;
    std::string plan; ///< empty: a route was asked for, or is the default
    std::vector<step_report>
        steps; ///< the routes that were looked at, the last is the one that was taken
    std::chrono::seconds expires_in{};  ///< what is left of the code's life, rounded up
    std::chrono::seconds cooldown{};    ///< what is left until the next send, rounded up
    std::optional<passcode> debug_code; ///< only when the policy reveals codes
    bool test = false;                  ///< a test number: nothing was sent
    bridgexapi::accepted message;
    std::vector<standing> limits; ///< those that were charged, the tightest first
    /// Not empty: what idempotency::write made of the first send. Nothing else here means anything then.
    std::string replayed;
};

/// POST /estimate
struct estimate_request {
    caller who;
    phone_number to;
    purpose what;
    std::optional<int> route_id = std::nullopt; ///< as send_request's; a plan has no single price
};

struct verify_request {
    caller who;
    phone_number number;
    purpose what;
    passcode code;
    std::optional<std::string> id = std::nullopt; ///< of a verification: the guess is its holder's
};

struct verified {
    store::verification_id id{};
};

/// A verification as its client sees it. States of the code and of the message are two things.
struct verification_view {
    struct event {
        std::string_view what;
        wall_time at;
        std::vector<detail> details;
    };
    std::string id;
    std::string purpose;
    std::string_view state;    ///< pending, active, exhausted, verified, expired or canceled
    std::string_view delivery; ///< queued, accepted, unknown, delivered or failed
    wall_time created_at;
    std::chrono::seconds expires_in{}; ///< of the code, rounded up; 0 when it is over
    unsigned attempts_left = 0;        ///< with the id; 0 when it is over
    unsigned attempts_left_without_id = 0;
    std::optional<store::receipt> sent;
    std::vector<event> events;
};

class service {
public:
    /// Everything must outlive the service and the calls it has running.
    struct dependencies {
        store::store& store;
        bridgexapi::gateway& gateway;
        key_ring const& keys;
        numbering_plan const& plan;
        clock const& now;
        random_source& random;
        telemetry::logger& log;
        telemetry::metrics& metrics;
        prices const& price_list;
        route_figures& figures;
        delivery_follower& deliveries;
        changes& news;
        observer& tell; ///< of everything that happens; it passes it on to `news`, too
        /// The balance after an accepted send, in whatever thread that was; must be quick.
        std::function<void(money)> saw_balance = [](money) {};
        message_owners* owners = nullptr; ///< null: tenants have to name the verification
    };

    service(policy rules, dependencies uses);
    ~service();

    /// Admits, sends, settles. Cancelling the caller does not stop it: a send that was admitted is always
    /// settled, at the latest when `until` or the policy's send timeout has passed.
    boost::asio::awaitable<outcome<sent>> send(send_request request, deadline until);

    /// One guess. Counted before it is compared, right once at most.
    boost::asio::awaitable<outcome<verified>> verify(verify_request request);

    boost::asio::awaitable<outcome<verification_view>> find(caller who, std::string id);
    /// The same after the next change of it, at `until` at the latest, or within a second after `has_left`
    /// says that nobody waits any more. `has_left` is asked on the caller's executor.
    boost::asio::awaitable<outcome<verification_view>>
    find_changed(caller who, std::string id, deadline until, std::function<bool()> has_left);
    boost::asio::awaitable<outcome<verification_view>> cancel(caller who, std::string id);

    /// What goes on behind the requests tries once more and ends, at the limit at the latest.
    boost::asio::awaitable<void> drain(deadline limit);

    /// From the last report, or asked now when there is none or it is not final. To a tenant any message
    /// looks absent that is not known here to be its own (message_owners) and not that of the verification it
    /// names.
    boost::asio::awaitable<outcome<delivery_view>>
    delivery(caller who, std::string bx_message_id, std::optional<std::string> verification_id,
             deadline until);
    /// What the SMS would cost, asked now. Nothing is sent or charged; the route must be allowed.
    boost::asio::awaitable<outcome<bridgexapi::estimate>> estimate(estimate_request request,
                                                                   deadline until);

    [[nodiscard]] policy const& rules() const noexcept { return rules_; }
    [[nodiscard]] ledger const& spending() const noexcept { return spending_; }

private:
    struct attempt;
    struct route_choice;
    class limiter;

    // send.cpp: before the upstream
    boost::asio::awaitable<outcome<sent>> send_to_the_end(send_request request, deadline until);
    [[nodiscard]] attempt prepare(send_request request);
    [[nodiscard]] std::optional<errc> fault_of(attempt& send) const;
    [[nodiscard]] std::optional<errc> fault_of_destination(attempt& send) const;
    [[nodiscard]] test_number const* find_test_number(phone_number const& number) const;
    /// Nothing when it was admitted, and is to be transmitted.
    boost::asio::awaitable<std::optional<outcome<sent>>> admit(attempt& send);
    [[nodiscard]] std::optional<outcome<sent>> decide(attempt& send,
                                                      store::admit_outcome const& answer);
    [[nodiscard]] store::admission admission_of(attempt const& send) const;
    [[nodiscard]] std::optional<store::idempotency_key> once_of(send_request const& request) const;
    [[nodiscard]] failure refusal(attempt const& send, store::refused const& answer) const;
    boost::asio::awaitable<outcome<sent>> refuse_all_routes(attempt& send,
                                                            std::optional<failure> because);
    [[nodiscard]] bool only_this_route_is_too_dear(store::refused const& answer) const;
    /// In the background, whatever becomes of the request.
    boost::asio::awaitable<void> undo(attempt const& send, store::admission const& perhaps_made);

    // routing.cpp: which route, and from one to the next
    void plan_routes(attempt& send) const;
    /// False when no route of the plan is left.
    boost::asio::awaitable<bool> choose_route(attempt& send);
    boost::asio::awaitable<route_choice> choice_of(route_step const& step, attempt const& send);
    [[nodiscard]] std::string_view why_not(route_step const& step, attempt const& send,
                                           int route_id, std::optional<money> price) const;
    void leave_route(attempt& send, step_report what);
    void reserve(attempt& send) const;
    /// To the next route, after one that did not send. False when that was the last.
    [[nodiscard]] store::rebooking
    rebooking_of(attempt const& send, std::vector<store::reservation> const& before) const;
    [[nodiscard]] std::vector<store::note> notes_of(attempt const& send) const;
    boost::asio::awaitable<bool> go_on(attempt& send);
    boost::asio::awaitable<bridgexapi::send_outcome> transmit(attempt& send, deadline until);
    boost::asio::awaitable<bridgexapi::send_outcome> transmit_once(attempt& send, deadline until);

    // settle.cpp: after the upstream
    [[nodiscard]] outcome<sent> conclude(attempt const& send,
                                         bridgexapi::send_outcome const& message) const;
    [[nodiscard]] store::settlement settlement_of(attempt const& send,
                                                  bridgexapi::send_outcome const& message,
                                                  outcome<sent> const& result) const;
    void settle_accepted(store::settlement& request, attempt const& send,
                         bridgexapi::accepted const& message) const;
    void settle_refused(store::settlement& request, attempt const& send) const;
    boost::asio::awaitable<void> settle(attempt const& send,
                                        bridgexapi::send_outcome const& message,
                                        outcome<sent> const& result);
    void follow(attempt const& send, bridgexapi::send_outcome const& message,
                occurrence told) const;
    [[nodiscard]] std::chrono::seconds back_off() const;

    // upstream.cpp
    /// Of a tenant.
    boost::asio::awaitable<void> remember_owner(client const& from,
                                                std::optional<std::string> bx_message_id);
    boost::asio::awaitable<outcome<bool>> is_own_message(client const& from,
                                                         std::string bx_message_id,
                                                         std::optional<std::string> verification);

    // send_report.cpp
    [[nodiscard]] occurrence occurrence_of(attempt const& send, occurrence_kind what) const;
    [[nodiscard]] occurrence occurrence_of(attempt const& send,
                                           bridgexapi::send_outcome const& message) const;
    void tell_left(attempt const& send, step_report const& step) const;
    void tell_admitted(attempt const& send) const;
    void report(attempt const& send, outcome<sent> const& result) const;
    void report_violations(std::vector<store::violation> const& violations, limit_mode mode,
                           attempt const& send) const;
    void report(verify_request const& request, std::string_view word,
                store::result<store::check_outcome> const& answer) const;

    boost::asio::awaitable<outcome<verified>> guess(verify_request request);
    boost::asio::awaitable<outcome<verified>> guess_uniformly(verify_request request);
    void tell(verify_request const& request, store::check_outcome const& answer) const;
    [[nodiscard]] store::check check_of(verify_request const& request) const;
    [[nodiscard]] verification_view view_of(std::string id, store::verification const& found) const;
    boost::asio::awaitable<outcome<verification_view>> look_for_all(caller who, std::string id,
                                                                    std::uint64_t seen);
    boost::asio::awaitable<std::optional<outcome<verification_view>>> find_if_there(caller who,
                                                                                    std::string id);
    boost::asio::awaitable<void> follow_again(caller who, store::verification_address at,
                                              store::verification found);
    void tell_canceled(caller const& who, store::verification_address const& at) const;

    /// A verification's id, and what was heard of it when it was looked at.
    using look_key = std::pair<std::string, std::uint64_t>;
    using shared_looks = net::single_flight<look_key, std::optional<outcome<verification_view>>>;

    policy rules_;
    dependencies uses_;
    shared_looks looks_;
    messages texts_;
    ledger spending_;
    std::unique_ptr<limiter const> limiter_;
    std::unique_ptr<admission_undo> undo_;
};

} // namespace otpd::otp
