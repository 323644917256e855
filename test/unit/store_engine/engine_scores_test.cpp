// How well routes perform: what is counted, for which numbers, and for how long.

#include "map_backend.hpp"
#include "otpd/store/scores.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

constexpr std::int64_t some_hour = 500'000;
score_slot const slot{"NL", some_hour};
/// What is added to a number for its key over all clients.
constexpr std::uint32_t all_clients = 1'000'000;

route_attempt attempt(int route_id, bool is_accepted = true,
                      std::optional<std::int64_t> cost = std::nullopt) {
    route_attempt one{route_id, is_accepted, std::nullopt};
    if (cost) one.cost = otpd::money::from_micros(*cost);
    return one;
}

settlement scored(std::uint32_t number, std::uint32_t id, std::vector<route_attempt> attempts,
                  send_result result = send_result::accepted) {
    auto request = settlement_of(number, id, result);
    request.score = send_score{key_of(all_clients + number), slot, std::move(attempts)};
    if (result == send_result::accepted) {
        receipt sent;
        sent.route_id = request.score->attempts.back().route_id;
        request.accepted = sent;
    }
    return request;
}

void send(engine_world& w, std::uint32_t number, std::uint32_t id) {
    BOOST_REQUIRE(is<admitted>(w.admit(send_of(number, id))));
}

void report(engine_world& w, std::uint32_t number, std::uint32_t id, int route_id, delivery message,
            duration took = 3000ms) {
    delivery_update update;
    update.address = {key_of(number), id_of(id)};
    update.message = message;
    update.details = "status=x";
    update.score = report_score{slot, route_id, took};
    w.run<engine::update>(update);
}

void verify(engine_world& w, std::uint32_t number, std::uint32_t id) {
    auto guess = guess_of(number, 1);
    guess.id = id_of(id);
    guess.score = slot;
    BOOST_REQUIRE(is<verified>(w.check(guess)));
}

std::vector<route_counts> counts(engine_world& w, score_slot const& of = slot) {
    score_read request;
    request.slots = {of};
    return w.run<engine::scores>(request).counts.at(0);
}

std::vector<std::string> countries(engine_world& w, std::int64_t hour = some_hour) {
    score_read request;
    request.hours = {hour};
    return w.run<engine::scores>(request).countries.at(0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_scores)

BOOST_AUTO_TEST_CASE(each_step_counts_what_it_says_of_its_route) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(8, false), attempt(3, true, 87'000)}));
    report(w, 1, 1, 3, delivery::delivered, 3000ms);
    verify(w, 1, 1);
    auto const found = counts(w);
    BOOST_REQUIRE(found.size() == 2U);
    route_counts expected;
    expected.route_id = 3;
    expected.sent = expected.accepted = expected.delivered = expected.verified = 1;
    expected.priced = 1;
    expected.cost = 87'000;
    expected.seconds[score_bucket(3000ms)] = 1;
    BOOST_TEST((found[0] == expected));
    expected = {};
    expected.route_id = 8;
    expected.sent = 1;
    BOOST_TEST((found[1] == expected));
    BOOST_TEST((countries(w) == std::vector<std::string>{"NL"}));
    BOOST_TEST(countries(w, some_hour + 1).empty());
    BOOST_TEST(counts(w, {"DE", some_hour}).empty());
}

BOOST_AUTO_TEST_CASE(a_number_gives_one_sample_a_day) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(3)}));
    for (std::uint32_t id = 2; id < 5; ++id) {
        send(w, 1, id);
        w.settle(scored(1, id, {attempt(3)}));
        report(w, 1, id, 3, delivery::delivered);
        verify(w, 1, id);
    }
    BOOST_TEST(counts(w).at(0).sent == 1);
    BOOST_TEST(counts(w).at(0).delivered == 0);
    BOOST_TEST(counts(w).at(0).verified == 0);
    w.pass(24h - 1s);
    send(w, 1, 5);
    w.settle(scored(1, 5, {attempt(3)}));
    BOOST_TEST(counts(w).at(0).sent == 1);
    w.pass(1s);
    send(w, 1, 6);
    w.settle(scored(1, 6, {attempt(3)}));
    BOOST_TEST(counts(w).at(0).sent == 2);
    send(w, 2, 7);
    w.settle(scored(2, 7, {attempt(3)}));
    BOOST_TEST(counts(w).at(0).sent == 3);
}

BOOST_AUTO_TEST_CASE(a_send_that_every_route_refused_is_a_sample) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(8, false), attempt(1, false)}, send_result::refused));
    BOOST_TEST(counts(w).size() == 2U);
    send(w, 1, 2);
    w.settle(scored(1, 2, {attempt(3)}));
    BOOST_TEST(counts(w).size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_send_that_says_nothing_of_a_route_is_no_sample) {
    engine_world w;
    send(w, 1, 1);
    auto request = settlement_of(1, 1, send_result::unknown);
    w.settle(request);
    BOOST_TEST(counts(w).empty());
    send(w, 1, 2);
    w.settle(scored(1, 2, {attempt(3)}));
    BOOST_TEST(counts(w).at(0).sent == 1);
}

BOOST_AUTO_TEST_CASE(a_repeated_or_superseded_settlement_counts_nothing) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(3)}));
    w.pass(24h);
    w.settle(scored(1, 1, {attempt(3)})); // it is forgotten
    BOOST_TEST(counts(w).at(0).sent == 1);
    send(w, 2, 2);
    w.settle(scored(2, 2, {attempt(3)}));
    w.settle(scored(2, 2, {attempt(3)}));
    BOOST_TEST(counts(w).at(0).sent == 2);
}

BOOST_AUTO_TEST_CASE(a_message_of_unknown_outcome_is_accepted_once_a_report_shows_it) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(3, false)}, send_result::unknown));
    BOOST_TEST(counts(w).at(0).accepted == 0);
    report(w, 1, 1, 3, delivery::accepted);
    report(w, 1, 1, 3, delivery::failed);
    report(w, 1, 1, 3, delivery::failed);
    BOOST_TEST(counts(w).at(0).accepted == 1);
    BOOST_TEST(counts(w).at(0).failed == 1);
    BOOST_TEST(counts(w).at(0).delivered == 0);
    send(w, 2, 2);
    w.settle(scored(2, 2, {attempt(3, false)}, send_result::unknown));
    report(w, 2, 2, 3, delivery::delivered);
    BOOST_TEST(counts(w).at(0).accepted == 2);
    BOOST_TEST(counts(w).at(0).delivered == 1);
}

BOOST_AUTO_TEST_CASE(a_second_message_is_no_sample) {
    engine_world w;
    auto request = send_of(1, 1);
    request.plan = planned_send{{7, 1}, 0, {60s, 60s}};
    BOOST_REQUIRE(is<admitted>(w.admit(request)));
    w.settle(scored(1, 1, {attempt(3)}));
    reservation_replacement second;
    second.address = {key_of(1), id_of(1)};
    second.is_hedge = true;
    BOOST_REQUIRE(is<reservation_replaced>(w.run<engine::replace_reservation>(second)));
    auto made = settlement_of(1, 1, send_result::accepted);
    made.is_hedge = true;
    made.accepted.emplace().route_id = 8;
    w.settle(made);
    delivery_update arrival;
    arrival.address = second.address;
    arrival.message = delivery::delivered;
    arrival.is_hedge = true;
    arrival.score = report_score{slot, 8, 3000ms};
    BOOST_TEST((w.run<engine::update>(arrival) == update_outcome::updated));
    verify(w, 1, 1);
    route_counts expected;
    expected.route_id = 3;
    expected.sent = expected.accepted = 1;
    BOOST_TEST((counts(w) == std::vector{expected}));
}

BOOST_AUTO_TEST_CASE(a_user_who_is_faster_than_the_upstream_is_verified) {
    engine_world w;
    send(w, 1, 1);
    verify(w, 1, 1);
    BOOST_TEST(counts(w).empty());
    w.settle(scored(1, 1, {attempt(8, false), attempt(3)}));
    BOOST_TEST(counts(w).at(0).verified == 1);
    BOOST_TEST(counts(w).at(1).verified == 0);
}

// Who checks the code of such a verification says that it was right.
BOOST_AUTO_TEST_CASE(a_verification_that_is_said_to_be_verified_counts_once_and_its_code_is_over) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(3)}));
    cancellation said{{key_of(1), id_of(1)}, "", {}, slot};
    BOOST_TEST((w.run<engine::cancel>(said) == cancel_outcome::canceled));
    BOOST_TEST((w.run<engine::cancel>(said) == cancel_outcome::ended));
    BOOST_TEST(counts(w).at(0).verified == 1);
    auto const seen = w.run<engine::find>(verification_address{key_of(1), id_of(1)});
    BOOST_REQUIRE(seen.has_value());
    BOOST_TEST((seen->state == progress::verified));
    BOOST_TEST(is<absent>(w.check(guess_of(1, 1))));
}

BOOST_AUTO_TEST_CASE(a_verification_that_is_canceled_or_of_another_scope_does_not_count) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(3)}));
    cancellation const of_another{{key_of(1), id_of(1)}, "nobody:", {}, slot};
    BOOST_TEST((w.run<engine::cancel>(of_another) == cancel_outcome::absent));
    w.run<engine::cancel>(cancellation{{key_of(1), id_of(1)}, ""});
    BOOST_TEST(counts(w).at(0).verified == 0);
}

BOOST_AUTO_TEST_CASE(routes_without_a_place_are_not_counted) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(
        1, 1,
        {attempt(-1), attempt(0), attempt(scored_routes_max + 1), attempt(scored_routes_max)}));
    BOOST_REQUIRE(counts(w).size() == 1U);
    BOOST_TEST(counts(w).at(0).route_id == scored_routes_max);
}

BOOST_AUTO_TEST_CASE(every_field_of_every_route_fits_into_a_state) {
    engine_world w;
    std::uint32_t n = 0;
    for (int route = 1; route <= scored_routes_max; ++route)
        for (std::size_t bucket = 0; bucket < score_buckets; ++bucket) {
            ++n;
            send(w, n, n);
            w.settle(scored(n, n, {attempt(route, true, 1)}));
            auto const took =
                bucket < score_bounds.size() ? score_bounds[bucket] : score_bounds.back() + 1ms;
            report(w, n, n, route, delivery::delivered, took);
        }
    auto const found = counts(w);
    BOOST_REQUIRE(found.size() == std::size_t{scored_routes_max});
    for (auto const& entry : found) {
        BOOST_TEST(entry.sent == std::int64_t{score_buckets});
        BOOST_TEST(std::ranges::count(entry.seconds, 1) == std::ptrdiff_t{score_buckets});
    }
}

BOOST_AUTO_TEST_CASE(a_cost_cannot_make_a_step_fail) {
    engine_world w;
    for (std::uint32_t n = 1; n <= 3; ++n) {
        send(w, n, n);
        BOOST_TEST(
            (w.settle(scored(n, n, {attempt(3, true, n == 1 ? -5 : 1'000'000'000'000'000)})) ==
             settle_outcome::settled));
    }
    BOOST_TEST(counts(w).at(0).cost == 2'000'000'000);
}

BOOST_AUTO_TEST_CASE(a_number_gives_one_sample_over_all_clients) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(3)}));
    send(w, 2, 2); // of another client
    auto request = scored(2, 2, {attempt(3)});
    request.score->number = key_of(all_clients + 1);
    w.settle(request);
    BOOST_TEST(counts(w).at(0).sent == 1);
}

// Their states would live for a day, and keep codes out.
BOOST_AUTO_TEST_CASE(a_half_full_store_takes_samples_only_of_numbers_that_it_counts_anyway) {
    engine_world w;
    w.io.room = room::for_codes;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(3)}));
    BOOST_TEST(counts(w).empty());
    auto counted = send_of(2, 2);
    counted.rate_limit_checks = {rate_limit_check{key_of(all_clients + 2), "all", 30, 24h}};
    BOOST_REQUIRE(is<admitted>(w.admit(counted)));
    w.settle(scored(2, 2, {attempt(3)}));
    BOOST_TEST(counts(w).at(0).sent == 1);
}

BOOST_AUTO_TEST_CASE(a_sample_of_a_clock_that_was_ahead_holds_up_no_other) {
    engine_world w;
    w.pass(1000h);
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(3)}));
    w.be_at(0s);
    send(w, 1, 2);
    w.settle(scored(1, 2, {attempt(3)}));
    BOOST_TEST(counts(w).at(0).sent == 2);
    send(w, 1, 3);
    w.settle(scored(1, 3, {attempt(3)}));
    BOOST_TEST(counts(w).at(0).sent == 2);
}

BOOST_AUTO_TEST_CASE(a_sample_of_a_clock_that_was_barely_ahead_counts) {
    for (auto const ahead : {counter_time(1s), counter_time(1s + 1us)}) {
        engine_world w;
        w.be_at(ahead);
        send(w, 1, 1);
        w.settle(scored(1, 1, {attempt(3)}));
        w.be_at(0s);
        send(w, 1, 2);
        w.settle(scored(1, 2, {attempt(3)}));
        BOOST_TEST(counts(w).at(0).sent == (ahead > 1s ? 2 : 1));
    }
}

BOOST_AUTO_TEST_CASE(a_settlement_without_attempts_or_of_a_settled_send_takes_no_sample) {
    engine_world w;
    send(w, 1, 1);
    auto nothing = settlement_of(1, 1, send_result::unknown);
    nothing.score = send_score{key_of(all_clients + 1), slot, {}};
    w.settle(nothing);
    w.settle(scored(1, 1, {attempt(3)}));
    BOOST_TEST(counts(w).empty());
    send(w, 1, 2);
    w.settle(scored(1, 2, {attempt(3)}));
    BOOST_TEST(counts(w).at(0).sent == 1);
}

BOOST_AUTO_TEST_CASE(a_success_without_a_slot_counts_nothing) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(3)}));
    auto guess = guess_of(1, 1);
    guess.id = id_of(1);
    BOOST_TEST(is<verified>(w.check(guess)));
    BOOST_TEST(counts(w).at(0).verified == 0);
}

BOOST_AUTO_TEST_CASE(the_counts_of_a_route_are_added_at_once_and_refuse_no_step) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(3)}));
    auto const refusing = std::ranges::count(w.io.added, false, &field_addition::skips_when_over);
    BOOST_TEST(refusing == 1); // the sample of the number
    auto const sampled = state::limit_state_key(key_of(all_clients + 1));
    BOOST_TEST((w.io.ends.at(sampled) == some_time + 24h + 1min));
    report(w, 1, 1, 3, delivery::delivered, 0ms);
    state::shared_state kept;
    auto const key = state::score_state_key(state::score_part::counts, slot);
    BOOST_REQUIRE(decode(w.io.blob(key), kept));
    BOOST_TEST(kept.fields.size() == 7U);
}

BOOST_AUTO_TEST_CASE(an_hour_lists_as_many_countries_as_fit) {
    engine_world w;
    for (std::uint32_t n = 1; n <= state::fields_max + 1; ++n) {
        send(w, n, n);
        auto request = scored(n, n, {attempt(3)});
        request.score->slot.country = std::to_string(n);
        BOOST_TEST((w.settle(request) == settle_outcome::settled));
    }
    BOOST_TEST(countries(w).size() == state::fields_max);
}

BOOST_AUTO_TEST_CASE(fields_that_no_release_wrote_are_ignored) {
    engine_world w;
    auto const keep = [&w](state::score_part part, score_slot const& of, std::string_view name,
                           std::int64_t value) {
        state::shared_state kept;
        kept.add_field(name).stored = value;
        kept.sum_end = some_time + 1h;
        auto& blob = w.io.blob(state::score_state_key(part, of));
        blob.clear();
        encode(blob, kept, 77);
    };
    constexpr char past_the_last_field = 7 + score_buckets;
    constexpr char past_the_last_route = scored_routes_max + 1;
    std::int64_t hour = some_hour;
    for (auto const& name :
         {std::string("abc"), std::string{'\0', '\1'}, std::string{past_the_last_route, '\1'},
          std::string{'\1', past_the_last_field}}) {
        score_slot const other{"NL", ++hour};
        keep(state::score_part::counts, other, name, 5);
        BOOST_TEST(counts(w, other).empty());
    }
    keep(state::score_part::countries, {{}, some_hour}, "NL", 0);
    BOOST_TEST(countries(w).empty());
}

BOOST_AUTO_TEST_CASE(an_hour_is_kept_for_a_day_and_ends_by_itself) {
    engine_world w;
    send(w, 1, 1);
    w.settle(scored(1, 1, {attempt(3)}));
    auto const key = state::score_state_key(state::score_part::counts, slot);
    BOOST_TEST((w.io.ends.at(key) == some_time + 27h));
    w.pass(26h - 1us);
    BOOST_TEST(counts(w).at(0).sent == 1);
    w.pass(1us);
    BOOST_TEST(counts(w).empty());
}

BOOST_AUTO_TEST_CASE(a_bucket_ends_with_its_bound) {
    BOOST_TEST(score_bucket(0ms) == 0U);
    for (std::size_t n = 0; n < score_bounds.size(); ++n) {
        BOOST_TEST(score_bucket(score_bounds[n]) == n);
        BOOST_TEST(score_bucket(score_bounds[n] + 1ms) == n + 1);
    }
}

BOOST_AUTO_TEST_CASE(keys_of_slots_differ) {
    std::vector<state::state_key> keys;
    for (auto const part :
         {state::score_part::countries, state::score_part::counts, state::score_part::seconds})
        for (auto const* country : {"", "NL", "LN", "001"})
            for (std::int64_t const hour : {some_hour, some_hour + 1, some_hour + 256})
                keys.push_back(state::score_state_key(part, {country, hour}));
    for (std::size_t a = 0; a < keys.size(); ++a)
        for (std::size_t b = 0; b < a; ++b)
            BOOST_TEST(!(keys[a] == keys[b]));
}

BOOST_AUTO_TEST_SUITE_END()
