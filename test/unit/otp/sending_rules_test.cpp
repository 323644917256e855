// Who may send what to whom: clients, destinations, test numbers, one send at a time, and
// idempotency.

#include "domain_fixture.hpp"
#include "eventually.hpp"

#include <boost/asio/steady_timer.hpp>

using namespace otpd;
using namespace otpd::otp;
using namespace std::chrono_literals;
using fixture = test::domain_fixture;

namespace {

errc refusal_of(fixture& f, std::string const& to, char const* what = "login") {
    return f.send(f.request(to, what)).error().code;
}

send_request idempotency(fixture const& f, char const* key, char fingerprint = 'a',
                         std::string const& to = test::one_number) {
    auto what = f.request(to);
    idempotency_key wanted;
    wanted.key = key;
    wanted.fingerprint.fill(static_cast<std::byte>(fingerprint));
    wanted.write = [](sent const& first) { return "reply with " + first.id; };
    what.idempotency = std::move(wanted);
    return what;
}

} // namespace

BOOST_AUTO_TEST_SUITE(destinations)

BOOST_AUTO_TEST_CASE(that_do_not_exist_or_are_not_wanted_cost_nothing) {
    policy rules;
    rules.destinations.denied = {destination{"3161"}, destination{"BE"}};
    fixture f(rules);
    BOOST_TEST((refusal_of(f, "310651860670") == errc::number_invalid)); // with a trunk prefix
    BOOST_TEST((refusal_of(f, "9991234567890") == errc::number_invalid));
    BOOST_TEST((refusal_of(f, "31612345678") == errc::destination_not_allowed));
    BOOST_TEST((refusal_of(f, "32470123456") == errc::destination_not_allowed));
    BOOST_TEST((refusal_of(f, "319001234567") == errc::number_invalid ||
                refusal_of(f, "319001234567") == errc::destination_not_allowed)); // premium rate
    BOOST_TEST(f.gateway.sent().empty());
    BOOST_TEST(test::run(f.context, f.memory.usage()).states == 0U);
}

BOOST_AUTO_TEST_CASE(are_those_of_the_allowed_countries_and_of_the_clients) {
    policy rules;
    rules.destinations.countries = {"NL", "ES"};
    fixture f(rules);
    f.client.countries = {"ES"};
    BOOST_TEST((refusal_of(f, "32470123456") == errc::destination_not_allowed));
    BOOST_TEST((refusal_of(f, test::one_number) == errc::destination_not_allowed));
    BOOST_TEST(f.send(f.request("34612345678")).has_value());
}

BOOST_AUTO_TEST_CASE(are_written_in_their_one_international_form) {
    fixture f;
    BOOST_TEST((refusal_of(f, "33262161234") == errc::number_other_spelling));
    BOOST_TEST((refusal_of(f, "3534828123456") == errc::number_other_spelling));
    BOOST_TEST(f.gateway.sent().empty());
    BOOST_TEST(f.send(f.request("262262161234")).has_value());
}

// The plan is as old as the library, and numbers of the newest ranges have users.
BOOST_AUTO_TEST_CASE(of_no_known_range_are_sent_to_unless_their_line_type_is_left_out) {
    fixture f;
    BOOST_TEST(f.send(f.request("260551234567")).has_value());
    policy strict;
    strict.destinations.line_types = {line_type::mobile, line_type::fixed_line_or_mobile};
    fixture g(strict);
    BOOST_TEST((refusal_of(g, "260551234567") == errc::destination_not_allowed));
    policy denied;
    denied.destinations.denied = {destination{"ZM"}};
    fixture h(denied);
    BOOST_TEST((refusal_of(h, "260551234567") == errc::destination_not_allowed));
}

BOOST_AUTO_TEST_CASE(that_are_allowed_by_their_digits_need_no_plan_but_may_be_denied) {
    policy rules;
    rules.destinations.line_types = {line_type::mobile};
    rules.destinations.countries = {"NL"};
    rules.destinations.allowed = {destination{"26055"}, destination{"999"}, destination{"3120"}};
    rules.destinations.denied = {destination{"99913"}};
    fixture f(rules);
    BOOST_TEST(f.send(f.request("260551234567")).has_value());  // of no known range
    BOOST_TEST(f.send(f.request("9991234567890")).has_value()); // of no country
    BOOST_TEST(f.send(f.request("31205551234")).has_value());   // a fixed line
    BOOST_TEST((refusal_of(f, "9991334567890") == errc::destination_not_allowed));
    BOOST_TEST((refusal_of(f, "260561234567") == errc::destination_not_allowed));
    f.client.countries = {"NL"};
    BOOST_TEST((refusal_of(f, "260551234568") == errc::destination_not_allowed));
}

BOOST_AUTO_TEST_CASE(are_any_digits_when_they_are_not_checked) {
    policy rules;
    rules.destinations.checked = false;
    rules.destinations.denied = {destination{"99912"}};
    fixture f(rules);
    BOOST_TEST(f.send(f.request("310651860670")).has_value());
    BOOST_TEST((refusal_of(f, "9991234567890") == errc::destination_not_allowed));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(clients)

BOOST_AUTO_TEST_CASE(use_their_own_purposes_routes_and_sender) {
    fixture f;
    f.client.purposes = {"login"};
    f.client.routes = {1, 8};
    f.client.default_route_id = 8;
    f.client.caller_id = "SHOP";
    f.client.suffix = *autofill_suffix::web_otp_for("shop.example");
    BOOST_TEST((refusal_of(f, test::one_number, "payment") == errc::purpose_not_allowed));
    auto other_route = f.request();
    other_route.route_id = 3;
    BOOST_TEST((f.send(std::move(other_route)).error().code == errc::route_not_allowed));
    auto const sent = f.send();
    BOOST_REQUIRE_MESSAGE(sent.has_value(), static_cast<int>(sent.error().code));
    BOOST_TEST(sent->route_id == 8);
    auto const message = f.gateway.sent().at(0);
    BOOST_TEST(message.caller_id == "SHOP");
    BOOST_TEST(message.text.reveal().ends_with("\n@shop.example #" + f.gateway.last_code()));
    auto guess = f.guess(f.gateway.last_code(), {}, test::one_number, "payment");
    BOOST_TEST((f.verify(std::move(guess)).error().code == errc::purpose_not_allowed));
}

BOOST_AUTO_TEST_CASE(have_codes_of_their_own_for_one_number) {
    fixture f(test::without_cooldown());
    f.send();
    auto const first = f.gateway.last_code();
    f.client.name = "shop";
    f.send();
    auto const second = f.gateway.last_code();
    BOOST_TEST(f.verify(second).has_value());
    f.client.name = "default";
    BOOST_TEST(f.verify(first).has_value());
}

BOOST_AUTO_TEST_CASE(may_choose_language_and_last_line_of_a_message_that_fits) {
    policy rules;
    rules.templates.push_back({"", {"nl"}, "Uw code is {code}, {minutes} minuten geldig."});
    rules.templates.push_back({"login", {}, std::string(140, 'x') + " {code}"});
    fixture f(rules);
    auto what = f.request(test::one_number, "payment");
    what.locale = *locale_tag::parse("nl-BE");
    what.suffix = *autofill_suffix::app_hash_of("FA+9qCX9VSu");
    BOOST_TEST(f.send(std::move(what)).has_value());
    BOOST_TEST(f.gateway.sent().at(0).text.reveal().ends_with(", 5 minuten geldig.\nFA+9qCX9VSu"));
    auto too_long = f.request("31651860671");
    too_long.suffix = *autofill_suffix::app_hash_of("FA+9qCX9VSu");
    BOOST_TEST((f.send(std::move(too_long)).error().code == errc::message_too_long));
    BOOST_TEST(f.send(f.request("31651860671")).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(test_numbers)

BOOST_AUTO_TEST_CASE(get_no_sms_and_their_code_until_their_day_is_over) {
    policy rules;
    fixture clock_of;
    auto const today = std::chrono::floor<std::chrono::days>(clock_of.clock.wall());
    rules.test_numbers = {{*phone_number::parse(test::one_number), *passcode::parse("424242"),
                           today + std::chrono::days(1)}};
    rules.limits = {
        {"number", limit_key::number, 1, 24h, limit_mode::enforce, limit_step::send, ""}};
    fixture f(rules);
    for (int i = 0; i < 3; ++i) {
        auto const sent = f.send();
        BOOST_REQUIRE(sent.has_value());
        BOOST_TEST(sent->test);
        BOOST_TEST((sent->cooldown == 0s));
        BOOST_TEST((f.verify("424243").error().code == errc::invalid_code));
        BOOST_TEST(f.verify("424242", sent->id).has_value());
    }
    BOOST_TEST(f.gateway.sent().empty());
    f.clock.advance(48h);
    BOOST_TEST(!f.send()->test);
    BOOST_TEST(f.gateway.sent().size() == 1U);
    BOOST_TEST(f.logged().find("\"test\":true") != std::string::npos);
}

// The stored state is bounded whoever sends, and other clients are not charged.
BOOST_AUTO_TEST_CASE(are_held_to_the_limits_of_their_client_and_of_all) {
    for (auto const key : {limit_key::client, limit_key::everybody}) {
        policy rules;
        rules.test_numbers = {{*phone_number::parse(test::one_number), *passcode::parse("424242"),
                               std::chrono::sys_days(std::chrono::year(2100) / 1 / 1)}};
        rules.limits = {{"few", key, 40, 24h, limit_mode::enforce, limit_step::send, ""}};
        fixture f(rules);
        for (int i = 0; i < 40; ++i)
            BOOST_REQUIRE(f.send().has_value());
        BOOST_TEST((f.send().error().code == errc::limit_exceeded));
        BOOST_TEST(f.verify("424242").has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(one_send)

// Without a cooldown, so that nothing else refuses the second send.
BOOST_AUTO_TEST_CASE(of_a_client_purpose_and_number_is_under_way_at_a_time) {
    fixture f(test::without_cooldown());
    std::vector<errc> meanwhile;
    f.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(test::fake_gateway::default_receipt());
    };
    auto first = [&]() -> boost::asio::awaitable<void> {
        auto what = f.request();
        co_await f.domain.sender.send(std::move(what), deadline::in(30s));
    };
    auto others = [&]() -> boost::asio::awaitable<void> {
        auto what = f.request();
        auto const same = co_await f.domain.sender.send(std::move(what), deadline::in(30s));
        if (!same) meanwhile.push_back(same.error().code);
    };
    boost::asio::co_spawn(f.context, first, [](std::exception_ptr) {});
    for (int i = 0; i < 5; ++i)
        boost::asio::co_spawn(f.context, others, [](std::exception_ptr) {});
    test::run_on_threads(f.context, 1);
    BOOST_TEST(meanwhile.size() + f.gateway.sent().size() == 6U);
    BOOST_TEST(!meanwhile.empty());
    for (auto const code : meanwhile)
        BOOST_TEST((code == errc::send_in_progress));
    BOOST_TEST(f.send().has_value());
}

BOOST_AUTO_TEST_CASE(with_an_idempotency_key_is_made_once_and_answered_again) {
    fixture f(test::without_cooldown());
    auto const first = f.send(idempotency(f, "k"));
    BOOST_TEST(first->replayed.empty());
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(f.send(idempotency(f, "k"))->replayed == "reply with " + first->id);
        f.clock.advance(7h);
    }
    BOOST_TEST((f.send(idempotency(f, "k", 'b')).error().code == errc::idempotency_key_reused));
    BOOST_TEST(f.gateway.sent().size() == 1U);
    f.client.name = "shop"; // with its own keys
    BOOST_TEST(f.send(idempotency(f, "k"))->replayed.empty());
    f.client.name = "default";
    f.clock.advance(4h); // 25 hours in total
    BOOST_TEST(f.send(idempotency(f, "k"))->replayed.empty());
    BOOST_TEST(f.gateway.sent().size() == 3U);
}

BOOST_AUTO_TEST_CASE(that_may_have_been_made_stays_unknown_under_its_key) {
    fixture f(test::without_cooldown());
    f.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(bridgexapi::unknown{bridgexapi::reason::timed_out});
    };
    for (int i = 0; i < 3; ++i)
        BOOST_TEST((f.send(idempotency(f, "k")).error().code == errc::delivery_unknown));
    BOOST_TEST(f.gateway.sent().size() == 1U);
}

BOOST_AUTO_TEST_CASE(whose_settlement_was_lost_is_never_made_again_under_its_key) {
    fixture f(test::without_cooldown());
    f.store.settles = false;
    BOOST_TEST(f.send(idempotency(f, "k")).has_value());
    f.store.settles = true;
    BOOST_TEST((f.send(idempotency(f, "k")).error().code == errc::send_in_progress));
    f.clock.advance(1h);
    BOOST_TEST((f.send(idempotency(f, "k")).error().code == errc::delivery_unknown));
    BOOST_TEST(f.gateway.sent().size() == 1U);
}

BOOST_AUTO_TEST_CASE(that_was_refused_leaves_its_key_free) {
    fixture f;
    f.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(bridgexapi::rejected{bridgexapi::reason::no_pricing});
    };
    BOOST_TEST((f.send(idempotency(f, "k")).error().code == errc::upstream_rejected));
    BOOST_TEST((f.send(idempotency(f, "k")).error().code == errc::cooldown_active)); // a back-off
    f.clock.advance(5s);
    f.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(test::fake_gateway::default_receipt());
    };
    BOOST_TEST(f.send(idempotency(f, "k"))->replayed.empty());
    BOOST_TEST(!f.send(idempotency(f, "k"))->replayed.empty()); // whatever the cooldown is
}

BOOST_AUTO_TEST_CASE(more_repeats_the_code_and_moves_its_end) {
    fixture f(test::without_cooldown());
    auto const older = f.send()->id;
    auto const code = f.gateway.last_code();
    f.clock.advance(299s);
    auto const newer = f.send();
    BOOST_TEST(f.gateway.last_code() == code);
    BOOST_TEST((newer->expires_in == 300s));
    BOOST_TEST(f.find(older)->state == "active");
    BOOST_TEST((f.find(older)->expires_in == 300s));
    BOOST_TEST(f.verify(code, older).has_value());
    BOOST_TEST(f.find(newer->id)->state == "canceled");
    BOOST_TEST((f.verify(code, newer->id).error().code == errc::no_active_otp));
}

BOOST_AUTO_TEST_CASE(later_sends_another_code_and_the_older_one_lives_on) {
    fixture f(test::without_cooldown());
    f.send();
    auto const code = f.gateway.last_code();
    f.clock.advance(299s);
    f.send();
    f.clock.advance(2s);
    auto const newer = f.send()->id;
    BOOST_TEST(f.gateway.last_code() != code); // equal once in a million
    BOOST_TEST(f.verify(code, newer).has_value());
    BOOST_TEST(f.find(newer)->state == "verified");
}

// The store made the admission but its answer was lost. Nothing was transmitted, so all of it is
// undone: the same key sends, and no cooldown refuses it.
BOOST_AUTO_TEST_CASE(an_admission_whose_answer_was_lost_is_undone) {
    policy rules;
    rules.undo_pause = 1ms;
    fixture f(rules);
    f.store.loses_admissions = true;
    auto const lost = f.send(idempotency(f, "k"));
    BOOST_TEST((lost.error().code == errc::store_unavailable));
    BOOST_TEST(f.gateway.sent().empty());
    f.store.loses_admissions = false;
    test::eventually([&] {
        f.context.restart();
        f.context.run_for(1ms);
        return test::run(f.context, f.memory.usage()).codes == 0;
    });
    auto const sent = f.send(idempotency(f, "k"));
    BOOST_REQUIRE(sent.has_value());
    BOOST_TEST(sent->replayed.empty());
    BOOST_TEST(f.gateway.sent().size() == 1U);
}

// An unreachable store does not keep the service from ending.
BOOST_AUTO_TEST_CASE(what_cannot_be_undone_ends_with_the_service) {
    fixture f;
    f.store.loses_admissions = true;
    f.store.settles = false;
    f.send();
    test::run(f.context, f.domain.undo.drain(deadline::in(30s)));
    f.context.restart();
    f.context.run(); // until there is no work left
    BOOST_TEST(f.logged().find("admission_not_undone") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
