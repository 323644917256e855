#include "otpd/otp/operations.hpp"

#include "delivery/message_ownership.hpp"
#include "send/code_factory.hpp"
#include "send/followup.hpp"
#include "send/send_checks.hpp"
#include "send/send_operation.hpp"
#include "verifications/cancel_reports.hpp"
#include "verify/guess_checks.hpp"
#include "verify/guess_reports.hpp"

#include <utility>

namespace otpd::otp {

/// In the order in which they need one another.
struct operations::parts {
    parts(policy chosen, dependencies const& deps)
        : rules(std::move(chosen)), texts(rules.templates, rules.ttl), spending(rules, deps.keys),
          tests(rules, deps.now), destinations(rules.destinations, deps.plan),
          limits(rules, deps.keys), codes(rules.code_length, deps.keys, deps.random, tests),
          routes(rules, deps.price_list, deps.stats, spending, deps.now),
          follow_up(rules, deps.deliveries, deps.owners, deps.on_balance, deps.now),
          checks(rules, texts, {deps.keys, codes, destinations, limits, routes}),
          undo(deps.store, deps.log, rules.undo_pause, rules.idempotency_retention),
          upstream(rules, texts, deps.gateway, deps.log),
          of_sends(deps.events, deps.log, deps.metrics, deps.now),
          sends{rules, deps.now, routes, deps.store, undo, upstream, of_sends},
          sender(checks, sends, follow_up), guesses(rules, deps.keys, limits, tests, destinations),
          of_guesses(deps.events, deps.keys, deps.log, deps.metrics, deps.now),
          verifier(rules, guesses, deps.store, of_guesses),
          of_cancellations(deps.events, deps.log, deps.now),
          verifications(
              rules, {deps.store, deps.keys, deps.waiters, follow_up, of_cancellations, deps.now}),
          owners(deps.owners, deps.store, deps.keys),
          deliveries(owners, deps.deliveries, deps.gateway, deps.now, rules.send_timeout),
          estimator(rules, checks, texts, deps.gateway) {}

    policy const rules;
    messages const texts;
    ledger const spending;
    test_numbers const tests;
    destination_check const destinations;
    limiter const limits;
    code_factory const codes;
    route_selector const routes;
    followup follow_up;

    send_checks const checks;
    admission_undo undo;
    transmission const upstream;
    send_reports const of_sends;
    send_parts const sends;
    otp::sender sender;

    guess_checks const guesses;
    guess_reports const of_guesses;
    otp::verifier verifier;

    cancel_reports const of_cancellations;
    otp::verifications verifications;

    message_ownership const owners;
    delivery_query deliveries;
    otp::estimator estimator;
};

operations::operations(policy rules, dependencies deps)
    : parts_(std::make_unique<parts>(std::move(rules), deps)) {}

operations::~operations() = default;

sender& operations::sender() noexcept {
    return parts_->sender;
}
verifier& operations::verifier() noexcept {
    return parts_->verifier;
}
verifications& operations::verifications() noexcept {
    return parts_->verifications;
}
delivery_query& operations::deliveries() noexcept {
    return parts_->deliveries;
}
estimator& operations::estimator() noexcept {
    return parts_->estimator;
}
policy const& operations::rules() const noexcept {
    return parts_->rules;
}
ledger const& operations::spending() const noexcept {
    return parts_->spending;
}

boost::asio::awaitable<void> operations::drain(deadline limit) {
    return parts_->undo.drain(limit);
}

} // namespace otpd::otp
