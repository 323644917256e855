// Group commit: which steps wait, run together and run again, and the results after a lost answer.

#include "map_backend.hpp"
#include "state/number_state.hpp"

#include <optional>
#include <set>

using namespace otpd::store;
using namespace otpd::test;

namespace {

batch_options options(std::size_t flights = 1) {
    batch_options chosen;
    chosen.flights_max = flights;
    chosen.cached_max = 1000;
    return chosen;
}

/// One of several instances of a store.
struct instance {
    explicit instance(map_backend& io, batch_options chosen = options()) : steps(io, chosen) {}
    batch steps;
};

template <auto Rules, class Request>
struct pending {
    explicit pending(Request request) : asked(std::move(request)), step(asked) {}
    Request asked;
    engine_step<Rules, Request> step;
};
using pending_send = pending<engine::admit, admission>;
using pending_guess = pending<engine::check_code, check>;

admission limited_send(std::uint32_t number, std::uint64_t quota) {
    auto request = send_of(number, number);
    request.rate_limit_checks = {rate_limit_check{key_of(everybody), "limit", quota, 24h}};
    return request;
}

} // namespace

BOOST_AUTO_TEST_SUITE(batches)

BOOST_AUTO_TEST_CASE(steps_wait_while_a_commit_is_on_its_way_and_go_together) {
    map_backend io(false);
    io.holds = true;
    instance one(io);
    std::deque<pending_send> sends;
    for (std::uint32_t n = 1; n <= 5; ++n)
        one.steps.submit(sends.emplace_back(send_of(n, n)).step);
    BOOST_TEST(io.waiting() == 1U);
    io.deliver();
    BOOST_TEST(sends[0].step.is_done());
    BOOST_TEST(!sends[1].step.is_done());
    BOOST_TEST(io.waiting() == 1U); // the other four
    io.deliver();
    for (auto& send : sends)
        BOOST_TEST(is<admitted>(send.step.take().value()));
    BOOST_TEST(io.commits == 2U);
}

BOOST_AUTO_TEST_CASE(who_pumps_later_has_all_that_came_together_in_one_batch) {
    map_backend io(false);
    io.holds = true;
    auto chosen = options(4);
    int asked = 0;
    chosen.pump_later = [&asked] { ++asked; };
    instance one(io);
    instance two(io, chosen);
    pending_send known(send_of(9, 9));
    one.steps.submit(known.step);
    io.deliver();
    pending_guess unknown(guess_of(9, 1)); // unknown to this instance, so it runs again
    two.steps.submit(unknown.step);
    std::deque<pending_send> sends;
    for (std::uint32_t n = 1; n <= 5; ++n)
        two.steps.submit(sends.emplace_back(send_of(n, n)).step);
    BOOST_TEST(asked > 0);
    BOOST_TEST(io.waiting() == 0U);
    two.steps.pump();
    BOOST_TEST(io.waiting() == 1U);
    asked = 0;
    io.deliver();
    for (auto& send : sends)
        BOOST_TEST(is<admitted>(send.step.take().value()));
    BOOST_TEST(asked == 1); // for the step that runs again
    BOOST_TEST(io.waiting() == 0U);
    two.steps.pump();
    asked = 0;
    io.deliver();
    BOOST_TEST(is<verified>(unknown.step.take().value()));
    BOOST_TEST(asked == 0); // nothing waits
}

BOOST_AUTO_TEST_CASE(a_batch_has_so_many_steps) {
    map_backend io(false);
    io.holds = true;
    auto chosen = options();
    chosen.steps_max = 3;
    instance one(io, chosen);
    std::deque<pending_send> sends;
    for (std::uint32_t n = 1; n <= 5; ++n)
        one.steps.submit(sends.emplace_back(send_of(n, n)).step);
    io.deliver();
    io.deliver();
    BOOST_TEST(sends[3].step.is_done());
    BOOST_TEST(!sends[4].step.is_done());
    io.deliver();
    BOOST_TEST(sends[4].step.is_done());
}

BOOST_AUTO_TEST_CASE(steps_of_one_number_see_each_other) {
    map_backend io(false);
    io.holds = true;
    instance one(io);
    pending_send other(send_of(2, 2));
    one.steps.submit(other.step);
    pending_send send(send_of(1, 1));
    std::deque<pending_guess> guesses;
    one.steps.submit(send.step);
    for (int n = 0; n < 10; ++n)
        one.steps.submit(guesses.emplace_back(guess_of(1, 9)).step);
    io.deliver();
    io.deliver();
    int evaluated = 0;
    for (auto& guess : guesses)
        evaluated += is<wrong>(guess.step.take().value()) ? 1 : 0;
    BOOST_TEST(evaluated == 5);
    BOOST_TEST(io.commits == 2U);
}

BOOST_AUTO_TEST_CASE(a_step_that_met_a_conflict_runs_again) {
    map_backend io(false);
    instance one(io);
    instance two(io);
    pending_send first(send_of(1, 1));
    one.steps.submit(first.step);
    pending_guess guess(guess_of(1, 1)); // `two` has never seen the number
    two.steps.submit(guess.step);
    BOOST_TEST(is<verified>(guess.step.take().value()));
    BOOST_TEST(two.steps.stats().conflicts == 1U);
    pending_guess again(guess_of(1, 1)); // `one` does not know of it
    one.steps.submit(again.step);
    BOOST_TEST(is<absent>(again.step.take().value()));
    BOOST_TEST(one.steps.stats().conflicts == 1U);
}

BOOST_AUTO_TEST_CASE(guesses_of_several_instances_are_counted_exactly) {
    map_backend io(false);
    io.holds = true;
    std::deque<instance> all;
    for (int n = 0; n < 4; ++n)
        all.emplace_back(io);
    pending_send send(send_of(1, 1));
    all[0].steps.submit(send.step);
    io.deliver();
    std::deque<pending_guess> guesses;
    for (std::size_t n = 0; n < 100; ++n)
        all[n % 4].steps.submit(guesses.emplace_back(guess_of(1, 9)).step);
    while (io.waiting() > 0)
        io.deliver();
    int evaluated = 0;
    for (auto& guess : guesses)
        evaluated += is<wrong>(guess.step.take().value()) ? 1 : 0;
    BOOST_TEST(evaluated == 5);
}

BOOST_AUTO_TEST_CASE(scores_are_counted_exactly_over_several_instances) {
    for (bool const reads_first : {true, false}) {
        map_backend io(reads_first);
        std::deque<instance> all;
        for (int n = 0; n < 3; ++n)
            all.emplace_back(io);
        score_slot const slot{"NL", 500'000};
        std::uint32_t number = 0;
        for (int round = 0; round < 10; ++round)
            for (auto& by : all) {
                ++number;
                pending_send sent(send_of(number, number));
                by.steps.submit(sent.step);
                BOOST_REQUIRE(is<admitted>(sent.step.take().value()));
                auto request = settlement_of(number, number, send_result::accepted);
                request.score = send_score{
                    key_of(everybody + number), slot, {{3 + round % 2, true, std::nullopt}}};
                pending<engine::settle, settlement> settled(request);
                by.steps.submit(settled.step);
                BOOST_TEST((settled.step.take().value() == settle_outcome::settled));
            }
        for (auto& by : all) {
            pending<engine::scores, score_read> asked(score_read{{500'000}, {slot}});
            by.steps.submit(asked.step);
            auto const found = asked.step.take().value();
            BOOST_TEST((found.countries.at(0) == std::vector<std::string>{"NL"}));
            BOOST_REQUIRE(found.counts.at(0).size() == 2U);
            for (auto const& count : found.counts.at(0)) {
                BOOST_TEST(count.sent == 15);
                BOOST_TEST(count.accepted == 15);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_quota_is_exact_over_several_instances) {
    for (std::uint64_t const quota : {1U, 7U, 63U, 64U, 65U}) {
        map_backend io(false);
        io.holds = true;
        std::deque<instance> all;
        for (int n = 0; n < 4; ++n)
            all.emplace_back(io);
        std::deque<pending_send> sends;
        for (std::uint32_t n = 0; n < 64; ++n)
            all[n % 4].steps.submit(sends.emplace_back(limited_send(n, quota)).step);
        while (io.waiting() > 0)
            io.deliver();
        std::size_t passed = 0;
        for (auto& send : sends)
            passed += is<admitted>(send.step.take().value()) ? 1U : 0U;
        BOOST_TEST(passed == std::min<std::uint64_t>(quota, 64), quota);
    }
}

// Sends that share a limit do not wait for one another, and no addition is lost.
BOOST_AUTO_TEST_CASE(what_many_add_to_is_no_conflict) {
    map_backend io(false);
    instance one(io);
    instance two(io);
    pending_send first(limited_send(1, 100));
    one.steps.submit(first.step); // creates the field
    pending_send second(limited_send(2, 100));
    two.steps.submit(second.step); // does not know it
    auto const before = two.steps.stats().conflicts;
    for (std::uint32_t n = 3; n < 23; ++n) {
        pending_send next(limited_send(n, 100));
        (n % 2 == 0 ? one : two).steps.submit(next.step);
        BOOST_TEST(is<admitted>(next.step.take().value()));
    }
    BOOST_TEST(one.steps.stats().conflicts + two.steps.stats().conflicts == before);
    state::shared_state kept;
    auto const blob = io.blob(state::limit_state_key(key_of(everybody)));
    BOOST_REQUIRE(state::decode(blob, kept));
    BOOST_TEST(kept.value("limit") ==
               (some_time + 22 * counter_time(24h) / 100).time_since_epoch().count());
}

BOOST_AUTO_TEST_CASE(an_hour_that_ends_loses_no_count) {
    map_backend io(false);
    instance one(io);
    instance two(io);
    conversion_guard rule;
    rule.key = key_of(everybody);
    rule.out_max = 1000;
    std::uint32_t id = 0;
    auto send = [&](instance& by) {
        ++id;
        auto request = send_of(id, id);
        request.guards = {rule};
        pending_send next(std::move(request));
        by.steps.submit(next.step);
        BOOST_TEST(is<admitted>(next.step.take().value()));
    };
    for (int n = 0; n < 6; ++n)
        send(n % 2 == 0 ? one : two);
    send(two); // `one` does not know of it
    io.time += 1h;
    send(one); // and rolls its periods
    send(two);
    state::shared_state kept;
    auto const blob = io.blob(state::limit_state_key(key_of(everybody)));
    BOOST_REQUIRE(state::decode(blob, kept));
    BOOST_TEST(kept.value(state::field_name::hour.sent_before) == 7);
    BOOST_TEST(kept.value(state::field_name::hour.sent) == 2);
}

// The first send of a period depends on how many others sent in the one before.
BOOST_AUTO_TEST_CASE(who_begins_an_hour_counts_what_others_sent_in_the_one_before) {
    map_backend io(false);
    instance one(io);
    instance two(io);
    conversion_guard rule;
    rule.key = key_of(everybody);
    rule.out_max = 5;
    std::uint32_t id = 0;
    auto const is_admitted = [&](instance& by, bool observed) {
        ++id;
        auto request = send_of(id, id);
        request.guards = {rule};
        request.guards.front().observed = observed;
        pending_send next(std::move(request));
        by.steps.submit(next.step);
        return is<admitted>(next.step.take().value());
    };
    BOOST_TEST(is_admitted(one, true));
    for (int n = 0; n < 20; ++n)
        BOOST_TEST(is_admitted(two, true)); // `one` does not know of them
    io.time += 1h;
    BOOST_TEST(!is_admitted(one, false));
}

// What was refused on an outdated state may be admitted on the current one.
BOOST_AUTO_TEST_CASE(a_refusal_is_final_only_on_states_read_after_the_step_came) {
    map_backend io(false);
    instance one(io);
    instance two(io);
    pending_send first(limited_send(1, 1));
    one.steps.submit(first.step);
    auto refusal = settlement_of(1, 1, send_result::refused);
    refusal.refund = first.asked.rate_limit_checks;
    pending<engine::settle, settlement> settle(refusal);
    two.steps.submit(settle.step); // refunds it, and `one` does not know of it
    BOOST_TEST((settle.step.take().value() == settle_outcome::settled));
    pending_send second(limited_send(2, 1));
    one.steps.submit(second.step);
    BOOST_TEST(is<admitted>(second.step.take().value()));
    pending_send third(limited_send(3, 1));
    one.steps.submit(third.step);
    BOOST_TEST(is<refused>(third.step.take().value()));
}

// A state that an instance has never seen may exist, so no decision is based on its absence alone.
BOOST_AUTO_TEST_CASE(what_another_instance_took_is_corrected_and_given_back) {
    map_backend io(false);
    instance one(io);
    instance two(io);
    budget_key const daily{key_of(everybody), "daily", "2026-05-04"};
    pending<engine::spent, std::vector<budget_key>> none(std::vector<budget_key>{daily});
    two.steps.submit(none.step); // it learns that there is none
    BOOST_TEST(none.step.take().value().at(0) == 0);
    conversion_guard rule;
    rule.key = key_of(everybody + 2);
    rule.out_max = 1;
    auto request = limited_send(1, 1);
    request.reservations = {reservation{daily, 10, 1000, 1h}};
    request.guards = {rule};
    pending_send send(request);
    one.steps.submit(send.step);
    BOOST_TEST(is<admitted>(send.step.take().value()));
    auto refusal = settlement_of(1, 1, send_result::refused);
    refusal.refund = request.rate_limit_checks;
    refusal.guarded = {rule.key};
    refusal.adjustments = {{daily, -10}};
    pending<engine::settle, settlement> settle(refusal);
    two.steps.submit(settle.step);
    BOOST_TEST((settle.step.take().value() == settle_outcome::settled));
    pending<engine::spent, std::vector<budget_key>> asked(std::vector<budget_key>{daily});
    one.steps.submit(asked.step);
    BOOST_TEST(asked.step.take().value().at(0) == 0);
    request.id = id_of(2);
    pending_send again(request);
    one.steps.submit(again.step);
    BOOST_TEST(is<admitted>(again.step.take().value()));
}

// A right guess is not counted, but it fails if the limit is used up.
BOOST_AUTO_TEST_CASE(a_right_guess_passes_a_limit_that_another_instance_used_up_no_more) {
    map_backend io(false);
    instance one(io);
    instance two(io);
    pending_send send(send_of(1, 1));
    one.steps.submit(send.step);
    auto priced = [](std::uint8_t code) {
        auto guess = guess_of(1, code);
        guess.rate_limit_checks = {rate_limit_check{key_of(everybody), "guesses", 1, 24h}};
        return guess;
    };
    pending_guess bad(priced(9));
    one.steps.submit(bad.step);
    BOOST_TEST(is<wrong>(bad.step.take().value()));
    pending_guess right(priced(1));
    two.steps.submit(right.step);
    BOOST_TEST(is<refused>(right.step.take().value()));
}

BOOST_AUTO_TEST_CASE(sums_are_returned_as_they_are_now) {
    map_backend io(false);
    instance one(io);
    instance two(io);
    budget_key const daily{key_of(everybody), "daily", "2026-05-04"};
    auto paid = [&](std::uint32_t n, instance& by) {
        auto request = send_of(n, n);
        request.reservations = {reservation{daily, 10, 1000, 1h}};
        pending_send next(std::move(request));
        by.steps.submit(next.step);
        BOOST_TEST(is<admitted>(next.step.take().value()));
    };
    paid(1, one);
    paid(2, two);
    pending<engine::spent, std::vector<budget_key>> asked(std::vector<budget_key>{daily});
    one.steps.submit(asked.step);
    BOOST_TEST(asked.step.take().value().at(0) == 20);
}

// --- bounds and deadlines -----------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_full_queue_takes_no_more_steps) {
    map_backend io(false);
    io.holds = true;
    auto chosen = options();
    chosen.queue_max = 2;
    instance one(io, chosen);
    std::deque<pending_send> sends;
    for (std::uint32_t n = 1; n <= 4; ++n) // one in flight, two waiting
        one.steps.submit(sends.emplace_back(send_of(n, n)).step);
    BOOST_TEST(!sends[2].step.is_done());
    BOOST_TEST((sends[3].step.take().error() == fault::not_executed));
}

BOOST_AUTO_TEST_CASE(who_waited_too_long_gets_what_is_known) {
    map_backend io(false);
    io.holds = true;
    instance one(io);
    pending_send sent(send_of(1, 1));
    pending_send waiting(send_of(2, 2));
    pending_send patient(send_of(3, 3));
    otpd::steady_time const deadline(5s);
    one.steps.submit(sent.step, deadline);
    one.steps.submit(waiting.step, deadline);
    one.steps.submit(patient.step, deadline + 1ns);
    one.steps.expire(deadline - 1ns);
    BOOST_TEST(!sent.step.is_done());
    BOOST_TEST(!waiting.step.is_done());
    one.steps.expire(deadline);
    BOOST_TEST((sent.step.take().error() == fault::unknown));
    BOOST_TEST((waiting.step.take().error() == fault::not_executed));
    BOOST_TEST(!patient.step.is_done());
    io.deliver(); // nobody waits for it
    io.deliver();
    BOOST_TEST(is<admitted>(patient.step.take().value()));
}

// Its changes are left out of the batch that it would have been part of.
BOOST_AUTO_TEST_CASE(who_waited_too_long_for_states_is_surely_not_executed) {
    map_backend io(true);
    io.holds_loads = true;
    instance one(io);
    pending_send late(send_of(1, 1));
    pending_send patient(send_of(2, 2));
    otpd::steady_time const deadline(5s);
    one.steps.submit(late.step, deadline);
    one.steps.expire(deadline);
    BOOST_TEST((late.step.take().error() == fault::not_executed));
    one.steps.submit(patient.step);
    io.deliver_load();
    io.deliver_load();
    BOOST_TEST(is<admitted>(patient.step.take().value()));
    BOOST_TEST(io.blob(state::number_state_key(key_of(1))).empty());
}

BOOST_AUTO_TEST_CASE(a_step_that_cannot_wait_is_ended_and_not_touched_again) {
    map_backend io(false);
    io.holds = true;
    instance one(io);
    std::optional<pending_send> sent(send_of(1, 1));
    std::optional<pending_send> waiting(send_of(2, 2));
    pending_send other(send_of(3, 3));
    one.steps.submit(sent->step);
    one.steps.submit(waiting->step);
    one.steps.submit(other.step);
    one.steps.withdraw(sent->step);
    one.steps.withdraw(waiting->step);
    BOOST_TEST((sent->step.take().error() == fault::unknown));
    BOOST_TEST((waiting->step.take().error() == fault::not_executed));
    sent.reset();
    waiting.reset();
    io.deliver();
    io.deliver();
    BOOST_TEST(is<admitted>(other.step.take().value()));
    BOOST_TEST(io.blob(state::number_state_key(key_of(2))).empty());

    auto chosen = options();
    chosen.pump_later = [] { throw std::bad_alloc(); };
    instance two(io, chosen);
    waiting.emplace(send_of(4, 4));
    BOOST_CHECK_THROW(two.steps.submit(waiting->step), std::bad_alloc);
    two.steps.withdraw(waiting->step);
    waiting.reset();
    two.steps.pump();
    BOOST_TEST(io.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(a_step_that_meets_conflicts_for_ever_is_not_executed) {
    map_backend io(false);
    io.holds = true;
    auto chosen = options();
    chosen.tries_max = 3;
    instance one(io, chosen);
    pending_send send(send_of(1, 1));
    one.steps.submit(send.step);
    for (int n = 1; n <= 3; ++n) {
        BOOST_TEST(!send.step.is_done());
        // another instance is always faster
        std::string other;
        encode(other, state::number_state(), static_cast<state::version>(n));
        io.blob(state::number_state_key(key_of(1))) = other;
        io.deliver();
    }
    BOOST_TEST((send.step.take().error() == fault::not_executed));
}

// --- lost answers -------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_commit_whose_answer_was_lost_is_unknown_and_one_that_was_not_made_is_not) {
    for (auto const& [as, done, expected] :
         {std::tuple{commit::outcome::unknown, true, fault::unknown},
          std::tuple{commit::outcome::unknown, false, fault::unknown},
          std::tuple{commit::outcome::not_executed, false, fault::not_executed}}) {
        map_backend io(false);
        io.holds = true;
        instance one(io);
        pending_send send(send_of(1, 1));
        one.steps.submit(send.step);
        io.lose(as, done);
        BOOST_TEST((send.step.take().error() == expected));
        io.holds = false;
        pending_guess guess(guess_of(1, 1)); // on the current state
        one.steps.submit(guess.step);
        BOOST_TEST(is<verified>(guess.step.take().value()) == done);
    }
}

// --- several on their way -----------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_number_is_on_its_way_once_and_others_pass_it) {
    map_backend io(false);
    io.holds = true;
    instance one(io, options(4));
    pending_send send(send_of(1, 1));
    pending_guess guess(guess_of(1, 1));
    pending_send other(send_of(2, 2));
    one.steps.submit(send.step);
    one.steps.submit(guess.step);
    one.steps.submit(other.step);
    BOOST_TEST(io.waiting() == 2U);
    io.deliver();
    BOOST_TEST(send.step.is_done());
    BOOST_TEST(io.waiting() == 2U);
    io.deliver();
    BOOST_TEST(other.step.is_done());
    io.deliver();
    BOOST_TEST(is<verified>(guess.step.take().value()));
    BOOST_TEST(one.steps.stats().conflicts == 0U);
}

BOOST_AUTO_TEST_CASE(a_quota_is_exact_over_batches_that_are_on_their_way) {
    map_backend io(false);
    io.holds = true;
    auto chosen = options(4);
    chosen.steps_max = 3;
    instance one(io, chosen);
    std::deque<pending_send> sends;
    for (std::uint32_t n = 0; n < 40; ++n)
        one.steps.submit(sends.emplace_back(limited_send(n, 17)).step);
    while (io.waiting() > 0)
        io.deliver();
    std::size_t passed = 0;
    for (auto& send : sends)
        passed += is<admitted>(send.step.take().value()) ? 1U : 0U;
    BOOST_TEST(passed == 17U);
}

// --- another server, which has lost writes ------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_a_backend_lost_is_merged_and_written_back) {
    map_backend io(false);
    instance one(io);
    auto const key = state::number_state_key(key_of(1));
    pending_send send(send_of(1, 1));
    one.steps.submit(send.step);
    auto const before = io.blob(key);
    for (int n = 0; n < 3; ++n) {
        pending_guess guess(guess_of(1, 9));
        one.steps.submit(guess.step);
        BOOST_TEST(is<wrong>(guess.step.take().value()));
    }
    io.blob(key) = before;
    one.steps.expect_lost_writes();
    // Even a step that only reads it writes it back.
    pending<engine::find, verification_address> look(verification_address{key_of(1), id_of(1)});
    one.steps.submit(look.step);
    BOOST_TEST(look.step.take().value().value().attempts == 3U);
    BOOST_TEST(state::version_of(io.blob(key)) > state::version_of(before));
    instance two(io);
    pending_guess guess(guess_of(1, 9));
    two.steps.submit(guess.step);
    BOOST_TEST(expect<wrong>(guess.step.take().value()).attempts_left == 1U);
}

BOOST_AUTO_TEST_CASE(a_number_that_a_backend_lost_altogether_keeps_its_counts_and_no_code) {
    map_backend io(false);
    instance one(io);
    auto const key = state::number_state_key(key_of(1));
    pending_send send(send_of(1, 1));
    one.steps.submit(send.step);
    pending_guess bad(guess_of(1, 9));
    one.steps.submit(bad.step);
    io.blob(key).clear();
    one.steps.expect_lost_writes();
    pending_guess right(guess_of(1, 1));
    one.steps.submit(right.step);
    BOOST_TEST(is<absent>(right.step.take().value()));
    state::number_state kept;
    BOOST_REQUIRE(state::decode(io.blob(key), kept));
    BOOST_REQUIRE(kept.guesses.size() == 1U);
    BOOST_TEST(kept.guesses.front().count == 1U);
}

// A refused send leaves nothing: the state that comes back was deleted.
BOOST_AUTO_TEST_CASE(what_was_deleted_is_not_revived) {
    map_backend io(false);
    instance one(io);
    auto const key = state::number_state_key(key_of(1));
    pending_send send(send_of(1, 1));
    one.steps.submit(send.step);
    auto const before = io.blob(key);
    pending<engine::settle, settlement> refusal(settlement_of(1, 1, send_result::refused));
    one.steps.submit(refusal.step);
    BOOST_TEST(io.blob(key).empty());
    io.blob(key) = before;
    one.steps.expect_lost_writes();
    pending_guess right(guess_of(1, 1));
    one.steps.submit(right.step);
    BOOST_TEST(is<absent>(right.step.take().value()));
}

// On the same server, nothing can get older: a missing state was deleted legitimately.
BOOST_AUTO_TEST_CASE(nothing_is_written_back_to_a_server_that_lost_nothing) {
    map_backend io(false);
    instance one(io);
    pending_send send(send_of(1, 1));
    one.steps.submit(send.step);
    one.steps.expect_lost_writes();
    pending_guess bad(guess_of(1, 9)); // the current server's version is known again
    one.steps.submit(bad.step);
    auto const key = state::number_state_key(key_of(1));
    io.blob(key).clear();
    pending_guess right(guess_of(1, 1));
    one.steps.submit(right.step);
    BOOST_TEST(is<absent>(right.step.take().value()));
    BOOST_TEST(io.blob(key).empty());
}

BOOST_AUTO_TEST_CASE(a_lost_state_that_cannot_be_read_is_not_merged) {
    map_backend io(false);
    instance one(io);
    auto const key = state::number_state_key(key_of(1));
    pending_send send(send_of(1, 1));
    one.steps.submit(send.step);
    std::string const foreign("\0\0\0\0\0\0\0\1\x7f from another release", 30);
    auto const good = std::exchange(io.blob(key), foreign);
    one.steps.expect_lost_writes();
    pending_guess right(guess_of(1, 1));
    one.steps.submit(right.step);
    BOOST_TEST((right.step.take().error() == fault::not_executed));
    BOOST_TEST((io.blob(key) == foreign));
    io.blob(key) = good;
    pending_guess again(guess_of(1, 1));
    one.steps.submit(again.step);
    BOOST_TEST(is<verified>(again.step.take().value()));
}

namespace {

budget_key const counted_budget{key_of(everybody), "daily", "2026-05-04"};

/// A send that a global limit, a guard and a budget count.
admission counted_send(std::uint32_t n, std::uint64_t quota) {
    auto request = limited_send(n, quota);
    conversion_guard rule;
    rule.key = key_of(everybody);
    rule.out_max = 1000;
    request.guards = {rule};
    request.reservations = {reservation{counted_budget, 10, 1000, 48h}};
    return request;
}

/// `one` makes 5 sends, of which its server loses the last `lost`.
struct lost_sends {
    lost_sends(bool reads_first, std::uint32_t lost) : io(reads_first), one(io) {
        for (std::uint32_t n = 1; n <= 5; ++n) {
            if (n == 6 - lost) before = io.blobs;
            pending_send next(counted_send(n, quota));
            one.steps.submit(next.step);
            BOOST_TEST(is<admitted>(next.step.take().value()));
        }
        io.blobs = before;
        one.steps.expect_lost_writes();
    }
    bool sends(instance& by, std::uint32_t n) {
        pending_send next(counted_send(n, quota));
        by.steps.submit(next.step);
        return is<admitted>(next.step.take().value());
    }
    std::int64_t spent(instance& by) {
        pending<engine::spent, std::vector<budget_key>> asked(
            std::vector<budget_key>{counted_budget});
        by.steps.submit(asked.step);
        return asked.step.take().value().at(0);
    }
    state::shared_state kept(state::state_key const& key) {
        state::shared_state found;
        BOOST_TEST(state::decode(io.blob(key), found));
        return found;
    }

    static constexpr std::uint64_t quota = 7;
    map_backend io;
    blob_server::states before;
    instance one;
    state::state_key limit = state::limit_state_key(key_of(everybody));
};

} // namespace

// With one step, and even if nothing is left of it.
BOOST_AUTO_TEST_CASE(what_a_backend_lost_of_shared_states_is_added_again) {
    for (bool const reads_first : {true, false})
        for (std::uint32_t const lost : {2U, 5U}) {
            lost_sends w(reads_first, lost);
            BOOST_TEST(w.sends(w.one, 6));
            auto const found = w.kept(w.limit);
            BOOST_TEST(found.value("limit") ==
                       (some_time + 6 * (counter_time(24h) / 7)).time_since_epoch().count());
            BOOST_TEST(found.value(state::field_name::hour.sent) == 6);
            BOOST_TEST(
                w.kept(state::budget_state_key(counted_budget)).value(state::field_name::sum) ==
                60);
            BOOST_TEST((w.io.ends[state::budget_state_key(counted_budget)] >= some_time + 72h));
            instance two(w.io);
            BOOST_TEST(w.sends(two, 7));
            BOOST_TEST(!w.sends(two, 8));
            BOOST_TEST(!w.sends(w.one, 9));
        }
}

BOOST_AUTO_TEST_CASE(a_read_already_adds_again_what_was_lost) {
    for (bool const reads_first : {true, false}) {
        lost_sends w(reads_first, 3);
        BOOST_TEST(w.spent(w.one) == 50);
        instance two(w.io);
        BOOST_TEST(w.spent(two) == 50);
    }
}

BOOST_AUTO_TEST_CASE(a_limit_that_a_backend_lost_refuses_at_once) {
    for (bool const reads_first : {true, false}) {
        lost_sends w(reads_first, 3);
        w.io.holds = !reads_first;
        std::deque<pending_send> sends;
        for (std::uint32_t n = 6; n <= 12; ++n)
            w.one.steps.submit(sends.emplace_back(counted_send(n, w.quota)).step);
        while (w.io.waiting() > 0)
            w.io.deliver();
        std::size_t passed = 0;
        for (auto& send : sends)
            passed += is<admitted>(send.step.take().value()) ? 1U : 0U;
        BOOST_TEST(passed == 2U);
    }
}

// Another instance was faster: its state has other fields in another order.
BOOST_AUTO_TEST_CASE(what_was_lost_is_found_by_name_in_another_structure) {
    for (bool const reads_first : {true, false}) {
        lost_sends w(reads_first, 5);
        auto chosen = options();
        chosen.instance = 1; // otherwise both would make the same version at the same time
        instance two(w.io, chosen);
        auto other = send_of(20, 20);
        other.rate_limit_checks = {rate_limit_check{key_of(everybody), "another", 2, 24h}};
        pending_send first(other);
        two.steps.submit(first.step);
        BOOST_TEST(is<admitted>(first.step.take().value()));
        BOOST_TEST(w.sends(w.one, 6));
        auto const found = w.kept(w.limit);
        BOOST_TEST(found.value("another") == (some_time + 12h).time_since_epoch().count());
        BOOST_TEST(found.value("limit") ==
                   (some_time + 6 * (counter_time(24h) / 7)).time_since_epoch().count());
        BOOST_TEST(found.value(state::field_name::hour.sent) == 6);
    }
}

BOOST_AUTO_TEST_CASE(counts_that_were_lost_before_the_hour_ended_are_the_last_hour_s) {
    for (bool const reads_first : {true, false}) {
        lost_sends w(reads_first, 3);
        w.io.time += 1h;
        BOOST_TEST(w.sends(w.one, 6));
        BOOST_TEST(w.kept(w.limit).value(state::field_name::hour.sent_before) == 5);
        BOOST_TEST(w.kept(w.limit).value(state::field_name::hour.sent) == 1);
    }
}

// A later refund is kept.
BOOST_AUTO_TEST_CASE(what_was_lost_is_added_again_once) {
    for (bool const reads_first : {true, false}) {
        lost_sends w(reads_first, 1);
        BOOST_TEST(w.sends(w.one, 6));
        auto refusal = settlement_of(6, 6, send_result::refused);
        refusal.adjustments = {{counted_budget, -10}};
        pending<engine::settle, settlement> settle(refusal);
        instance two(w.io);
        two.steps.submit(settle.step);
        BOOST_TEST((settle.step.take().value() == settle_outcome::settled));
        BOOST_TEST(w.spent(w.one) == 50);
        BOOST_TEST(w.io.added.size() == (reads_first ? 0U : 1U)); // its structure is compared
    }
}

// Only the batch in flight is affected by the loss: what was known before holds.
BOOST_AUTO_TEST_CASE(what_was_on_its_way_to_a_server_that_was_lost_forgets_nothing) {
    for (auto const as : {commit::outcome::unknown, commit::outcome::not_executed}) {
        lost_sends w(false, 1);
        BOOST_TEST(w.sends(w.one, 6));
        w.io.holds = true;
        pending_send last(counted_send(7, w.quota));
        w.one.steps.submit(last.step);
        w.io.lose(as, false);
        w.io.holds = false;
        BOOST_TEST(last.step.take().has_error());
        w.io.blobs = w.before;
        w.one.steps.expect_lost_writes();
        BOOST_TEST(w.spent(w.one) == 60);
    }
}

// A fast clock wrote it: it refuses nobody, and is not written back.
BOOST_AUTO_TEST_CASE(what_is_void_stays_void_when_it_was_lost) {
    map_backend io(false);
    instance one(io);
    io.time += 240h;
    pending_send ahead(limited_send(1, 1));
    one.steps.submit(ahead.step);
    BOOST_TEST(is<admitted>(ahead.step.take().value()));
    io.time = some_time;
    io.blobs.clear();
    one.steps.expect_lost_writes();
    pending_send next(limited_send(2, 1));
    one.steps.submit(next.step);
    BOOST_TEST(is<admitted>(next.step.take().value()));
    state::shared_state kept;
    BOOST_TEST(state::decode(io.blob(state::limit_state_key(key_of(everybody))), kept));
    BOOST_TEST(kept.value("limit") == (some_time + 24h).time_since_epoch().count());
}

BOOST_AUTO_TEST_CASE(a_batch_must_survive_when_one_of_its_steps_must) {
    map_backend io(true);
    instance one(io);
    auto survives = [&](auto& step) {
        one.steps.submit(step);
        return io.must_survive;
    };
    pending_send send(send_of(1, 1));
    BOOST_TEST(survives(send.step));
    pending_guess bad(guess_of(1, 9));
    BOOST_TEST(!survives(bad.step));
    pending_guess right(guess_of(1, 1));
    BOOST_TEST(survives(right.step));
    pending_send second(send_of(1, 2));
    one.steps.submit(second.step);
    pending<engine::cancel, cancellation> end(cancellation{{key_of(1), id_of(2)}, {}});
    BOOST_TEST(survives(end.step));
    pending<engine::cancel, cancellation> again(cancellation{{key_of(1), id_of(2)}, {}});
    BOOST_TEST(!survives(again.step));
    release const locks{key_of(1)};
    pending_guess counted(guess_of(1, 9));
    pending_send third(send_of(1, 3));
    one.steps.submit(third.step);
    one.steps.submit(counted.step);
    pending<engine::release_number, release> unlock(locks);
    BOOST_TEST(survives(unlock.step));
    pending<engine::release_number, release> nothing(locks);
    BOOST_TEST(!survives(nothing.step));
}

// --- states that cannot be read -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_state_of_an_unknown_format_is_never_written_over) {
    for (bool const reads_first : {true, false}) {
        map_backend io(reads_first);
        instance one(io);
        auto const key = state::number_state_key(key_of(1));
        std::string const foreign("\0\0\0\0\0\0\0\1\x7f from another release", 30);
        io.blob(key) = foreign;
        pending_send send(send_of(1, 1));
        one.steps.submit(send.step);
        BOOST_TEST((send.step.take().error() == fault::not_executed));
        BOOST_TEST((io.blob(key) == foreign));
        BOOST_TEST(one.steps.stats().unreadable == 1U);
        pending_send other(send_of(2, 2)); // others are served
        one.steps.submit(other.step);
        BOOST_TEST(is<admitted>(other.step.take().value()));
    }
}

// --- bugs ---------------------------------------------------------------------------------------

namespace {

class throwing_step final : public batch_step {
public:
    bool thrown = false;
    void list_keys(engine::key_list& to) const override {
        to.push_back(state::number_state_key(key_of(1)));
    }
    bool run(engine::states& states, store_time) override {
        states.change_number(key_of(1)).limits.push_back({"half", some_time + 1h});
        throw std::runtime_error("a bug");
    }
    void finish(std::optional<step_fault>) noexcept override {}
    void fail(std::exception_ptr) noexcept override { thrown = true; }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_step_that_throws_changes_nothing_and_ends_no_other) {
    map_backend io(true);
    instance one(io);
    throwing_step bad;
    one.steps.submit(bad);
    BOOST_TEST(bad.thrown);
    BOOST_TEST(io.blob(state::number_state_key(key_of(1))).empty());

    map_backend held(false);
    held.holds = true;
    instance two(held);
    pending_send first(send_of(3, 3));
    pending_send second(send_of(1, 1));
    throwing_step worse;
    two.steps.submit(first.step);
    two.steps.submit(second.step);
    two.steps.submit(worse);
    while (held.waiting() > 0)
        held.deliver();
    BOOST_TEST(worse.thrown);
    BOOST_TEST(is<admitted>(second.step.take().value()));
}

// --- caches -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_cache_is_bounded_and_keeps_what_was_used_last) {
    state_cache cache(3);
    auto const key = [](std::uint32_t n) { return state::number_state_key(key_of(n)); };
    for (std::uint32_t n = 1; n <= 3; ++n)
        cache.put(key(n), std::to_string(n), n);
    BOOST_REQUIRE((cache.find(key(1)) != nullptr));
    cache.put(key(4), "4", 4);
    BOOST_TEST(cache.size() == 3U);
    BOOST_TEST((cache.find(key(2)) == nullptr));
    BOOST_TEST(cache.find(key(1))->blob == "1");
    cache.put(key(1), "new", 5);
    BOOST_TEST(cache.find(key(1))->blob == "new");
    BOOST_TEST(cache.find(key(1))->asked_at == 5U);
    BOOST_TEST(cache.size() == 3U);
    cache.clear();
    BOOST_TEST((cache.find(key(1)) == nullptr));
    BOOST_TEST(cache.size() == 0U);
}

// A state that the backend does not send again, because its version is known, is evicted before the
// answer.
BOOST_AUTO_TEST_CASE(what_a_small_cache_has_lost_is_not_taken_for_absent) {
    map_backend io(true);
    auto chosen = options();
    chosen.cached_max = 1;
    instance one(io, chosen);
    pending_send second(send_of(2, 2));
    one.steps.submit(second.step);
    pending_send first(send_of(1, 1)); // known from here on
    one.steps.submit(first.step);
    io.holds = true;
    pending_send other(send_of(3, 3));
    one.steps.submit(other.step);
    io.blobs[state::number_state_key(key_of(4))] = io.blobs[state::number_state_key(key_of(2))];
    pending_guess known(guess_of(3, 1));
    pending_guess unknown(guess_of(4, 1)); // its state replaces the other in the cache
    one.steps.submit(known.step);
    one.steps.submit(unknown.step);
    io.deliver();
    io.deliver();
    BOOST_CHECK(known.step.take().error() == fault::not_executed);
    BOOST_TEST(is<verified>(unknown.step.take().value()));
}

BOOST_AUTO_TEST_CASE(versions_grow_whatever_the_clock_does) {
    version_source versions(63);
    auto last = versions.next(some_time, 0);
    for (auto const& [at, before] :
         {std::pair{some_time + 1us, state::version{0}}, std::pair{some_time, last + 1000},
          std::pair{some_time - 1h, state::version{0}}, std::pair{some_time, last << 2U}}) {
        auto const next = versions.next(at, before);
        BOOST_TEST((next > last && next > before));
        last = next;
    }
    BOOST_TEST(versions.next(store_time(), 0) > last);
}

// If two instances made the same version for different states, they would not notice each other.
BOOST_AUTO_TEST_CASE(versions_of_two_instances_differ_whatever_the_clock_says) {
    for (auto const now : {store_time(), state::first_time - 24h, some_time}) {
        version_source first(1);
        version_source second(2);
        std::set<state::version> all;
        state::version before = 0;
        for (int n = 0; n < 200; ++n) {
            auto const one = first.next(now, before);
            auto const other = second.next(now, before);
            BOOST_TEST(one > before);
            BOOST_TEST(other > before);
            all.insert({one, other});
            if (n % 50 == 0) before = std::max(one, other);
        }
        BOOST_TEST(all.size() == 400U);
    }
}

BOOST_AUTO_TEST_SUITE_END()
