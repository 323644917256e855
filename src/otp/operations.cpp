#include "otpd/otp/operations.hpp"

#include "delivery/message_ownership.hpp"
#include "otpd/otp/admission_undo.hpp"
#include "send/challenges.hpp"
#include "send/code_factory.hpp"
#include "send/draft_factory.hpp"
#include "send/followup.hpp"
#include "send/hedge_operation.hpp"
#include "send/send_entries.hpp"
#include "send/send_operation.hpp"
#include "verify/guess_checks.hpp"
#include "verify/guess_reports.hpp"
#include "verify/guess_step.hpp"

#include <utility>

namespace otpd::otp {

namespace {

std::shared_ptr<admission_undo> undo_of(operations_dependencies const& deps, policy const& rules) {
    if (deps.undo) return deps.undo;
    return std::make_shared<admission_undo>(deps.store, deps.log, rules.undo_pause,
                                            rules.idempotency_retention);
}

/// Declared in the order of their dependencies.
struct parts {
    parts(policy chosen, operations_dependencies const& deps)
        : rules(std::move(chosen)), texts(rules.templates), spending(rules, deps.keys),
          tests(rules, deps.now), destinations(rules.destinations, deps.plan, deps.overrides),
          limits(rules, deps.keys, deps.overrides), solved(deps.keys, deps.random),
          codes(rules, deps.keys, deps.random, tests), best(rules, deps.stats, deps.random),
          routes(rules, deps.price_list, best, spending, deps.now),
          of_sends(deps.events, deps.log, deps.metrics, deps.now),
          outbox(deps.events_kept_in, deps.webhooks, deps.random),
          entries(deps.open_sends, of_sends, outbox, deps.now),
          follow_up(entries, deps.deliveries, deps.owners, deps.on_balance),
          checks(rules, texts, destinations, limits, solved),
          drafts(rules, deps.keys, codes, routes, checks), undo(undo_of(deps, rules)),
          steps(rules, deps.store, *undo, entries, deps.now),
          upstream(rules, texts, deps.sends, deps.log, deps.now), results(rules, solved, deps.now),
          sends{codes, routes, steps, upstream, results, of_sends},
          second_message(sends, follow_up, deps.hedges),
          sender(drafts, deps.now, sends, follow_up, second_message),
          guesses(rules, deps.keys, limits, tests, destinations),
          of_guesses(deps.events, deps.keys, deps.log, deps.metrics, deps.now),
          guess(deps.store, of_guesses, outbox),
          verifier(rules, guesses, guess, of_guesses, deps.now),
          outcomes(deps.store, deps.keys, deps.now, deps.events, deps.log),
          verifications(rules, deps.store, deps.keys, follow_up, outcomes),
          long_polls(verifications, deps.waiters, deps.now, rules.hears_everything),
          owners(deps.owners, deps.store, deps.keys),
          deliveries(owners, deps.deliveries, deps.questions, deps.now, rules.send_timeout),
          estimator(rules, drafts, texts, deps.questions),
          releaser(deps.clients, deps.store, deps.keys, deps.log, deps.metrics),
          numbers(rules, deps.store, deps.keys, limits, destinations) {}

    policy const rules;
    messages const texts;
    ledger const spending;
    test_numbers const tests;
    destination_check const destinations;
    limiter const limits;
    challenges const solved;
    code_factory const codes;
    best_route const best;
    route_selector const routes;
    send_reports const of_sends;
    event_outbox const outbox;
    send_entries const entries;
    followup const follow_up;

    send_checks const checks;
    draft_factory const drafts;
    std::shared_ptr<admission_undo> const undo;
    store_steps const steps;
    transmission const upstream;
    send_results const results;
    send_parts const sends;
    hedge_operation const second_message;
    otp::sender sender;

    guess_checks const guesses;
    guess_reports const of_guesses;
    guess_step const guess;
    otp::verifier verifier;

    otp::outcomes const outcomes;
    otp::verifications verifications;
    otp::long_polls long_polls;

    message_ownership const owners;
    delivery_query deliveries;
    otp::estimator estimator;
    otp::releaser releaser;
    number_report const numbers;
};

} // namespace

operations make_operations(policy rules, operations_dependencies const& deps) {
    auto const all = std::make_shared<parts>(std::move(rules), deps);
    return {all->rules,
            all->spending,
            all->sender,
            all->verifier,
            all->verifications,
            all->long_polls,
            all->deliveries,
            all->estimator,
            all->releaser,
            all->numbers,
            all->outcomes,
            *all->undo,
            all};
}

} // namespace otpd::otp
