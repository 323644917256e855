#pragma once

/// The rules for sending and checking codes: the operator's settings, already validated
/// (app/settings.hpp).

#include "otpd/core/money.hpp"
#include "otpd/otp/budgets.hpp"
#include "otpd/otp/destinations.hpp"
#include "otpd/otp/limits.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/otp/route_plan.hpp"
#include "otpd/store/admission.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

struct client;

/// The rules of one verification scope: those of its purpose, as its client narrows them.
struct scope_rules {
    std::size_t code_length = 6;   ///< digits of new codes, passcode::min_length..max_length
    std::chrono::seconds ttl{300}; ///< <= 10 minutes (NIST SP 800-63B-4 3.1.3.2)
    /// Between two sends of a session (store::cooldown_rule). 0: off.
    store::cooldown_rule cooldown{std::chrono::seconds(45), std::chrono::seconds(45),
                                  std::chrono::hours(1)};
    std::uint32_t attempts_max = 5;       ///< wrong guesses of one requester at one code
    bool require_verification_id = false; ///< for its checks (OWASP ASVS 6.6.2)
    /// The route plan of sends that name neither a plan nor a route; empty: the default route.
    std::string plan{};
    /// The names that a send and its check must bring values of, in order.
    std::vector<std::string> variables{};
};

/// Its base holds the rules of every scope without its own.
struct policy : scope_rules {
    /// By scope_of(client, purpose) or, for all other clients, ":purpose".
    std::map<std::string, scope_rules, std::less<>> scopes;
    store::repeat_rule repeat;           ///< without attempts and keys, which each send fills in
    std::chrono::seconds retention{600}; ///< how long a verification can be queried, >= ttl
    std::chrono::seconds rejected_backoff{5}; ///< replaces the cooldown when nothing was sent
    store::guess_budget guesses{
        20, std::chrono::hours(24), 10, 10, 10, std::chrono::seconds(30), std::chrono::hours(1)};
    std::vector<int> allowed_routes{1, 2, 3, 4, 5, 7, 8};
    int default_route_id = 3;
    std::vector<route_plan> plans;
    /// Of the sends in a step with `best`: those that go to a route with too few samples.
    std::uint32_t explore_percent = 5;
    std::vector<spending_budget> budgets;
    /// The price of an SMS without a known price, for budgets and price limits.
    money assumed_price = money::from_micros(100'000);
    std::string caller_id = "BRIDGEXAPI";
    std::vector<message_template> templates{{"", {}, "Your verification code is {code}."}};
    std::vector<limit> limits;
    pumping_rules pumping;
    destination_rules destinations;
    std::vector<test_number> test_numbers;
    std::chrono::hours idempotency_retention{24};
    std::chrono::milliseconds undo_pause{
        1000}; ///< before an admission that may have been made is undone
    std::chrono::milliseconds send_timeout{20'000};
    /// Failed checks all look alike, and their responses take at least this long (OWASP ASVS
    /// 6.3.8). 0: each states its reason.
    std::chrono::milliseconds uniform_failures{0};
    /// Only this process changes the store, so it sees all events itself.
    bool hears_everything = false;
    bool writes_pseudonyms = false; ///< there is a timeline's file
    bool reveal_codes = false;      ///< for development on a loopback address

    /// The rules of a request, including what the client's own settings say. A request keeps them
    /// as they are.
    [[nodiscard]] scope_rules for_scope(client const& client, std::string_view purpose) const;

    /// Settings keys of [otp].
    template <class Keys>
    static void declare(Keys keys) {
        using o = policy;
        keys.whole("length", &o::code_length, passcode::min_length, passcode::max_length,
                   "Digits of a code; fewer than 6 need a higher accepted_guess_risk.", "digits")
            .known_as("OTP_LENGTH");
        keys.whole("ttl_seconds", &o::ttl, 30, 600, "How long a code can be verified.")
            .known_as("OTP_TTL_SECONDS");
        keys.whole("record_seconds", &o::retention, 30, 86'400,
                   "How long a verification can be queried, from its send on.");
        auto const cooldown = keys.part(&o::cooldown);
        cooldown
            .whole("cooldown_seconds", &store::cooldown_rule::base, 0, 3600,
                   "Least time between two sends to one number for one purpose; 0: none.")
            .known_as("OTP_SEND_COOLDOWN_SECONDS");
        cooldown.whole("cooldown_memory_seconds", &store::cooldown_rule::memory, 0, 86'400,
                       "With cooldown_doubles: after this time without a send, the cooldown starts "
                       "again at cooldown_seconds.");
        keys.whole("max_attempts", &o::attempts_max, 1, 100,
                   "Most wrong guesses of one requester at one code.")
            .known_as("OTP_MAX_ATTEMPTS");
        auto const guesses = keys.part(&o::guesses);
        guesses.whole("guesses_per_day", &store::guess_budget::quota, 1,
                      100, // NIST SP 800-63B-4 3.2.2
                      "Most wrong guesses of strangers at one number in 24 hours; then it is "
                      "locked for them. Each verification_id has one more, ten a day in all.");
        guesses.whole("guess_wait_seconds", &store::guess_budget::wait_base, 0, 3600,
                      "Wait after half of those guesses. It doubles with each further one, up to "
                      "an hour; 0: none.");
        guesses.whole("device_guesses_per_day", &store::guess_budget::of_devices, 1, 100,
                      "Most wrong guesses of all known devices at one number in 24 hours; "
                      "strangers cannot use them up.");
        guesses.whole("consecutive_failures_max", &store::guess_budget::consecutive_max, 0,
                      100, // NIST SP 800-63B-4 3.2.2
                      "Wrong guesses of strangers in a row, over any time, after which a number is "
                      "locked for them; 0: never.");
        keys.add(
            "message_template", [](auto& all) -> auto& { return all.templates.front().text; },
            keys.message_template(), "Text of the SMS.");
        keys.add("default_route_id", &o::default_route_id, keys.route(),
                 "Route of sends that name none.")
            .known_as("DEFAULT_ROUTE_ID");
        keys.add("allowed_routes", &o::allowed_routes, keys.routes(1),
                 "Routes that sends may name.");
        keys.add("default_caller_id", &o::caller_id, keys.caller_id(), "Sender that the SMS shows.")
            .known_as("DEFAULT_CALLER_ID");
        keys.flag("debug", &o::reveal_codes,
                  "Whether responses contain the code; on loopback addresses only.")
            .known_as("DEBUG_OTP");
        keys.whole("rejected_backoff_seconds", &o::rejected_backoff, 0, 300,
                   "How long a number must wait for its next send after the upstream refused one.");
        keys.flag("require_verification_id", &o::require_verification_id,
                  "Whether every check must name its verification_id.");
        keys.whole("uniform_failures_ms", &o::uniform_failures, 0, 10'000,
                   "Failed checks all look alike and take at least this long; 0: each says why it "
                   "failed.");
    }
};

/// Returns the names of all limits that may refuse or observe a request, for metrics.
[[nodiscard]] std::vector<std::string> names_of_limits(policy const& rules);

} // namespace otpd::otp
