// What refuses a send: limits, and the conversion guard.

#include "domain_fixture.hpp"

#include <set>
#include <string>

using namespace otpd;
using namespace otpd::otp;
using namespace std::chrono_literals;
using fixture = test::domain_fixture;

namespace {

limit limit_of(char const* name, limit_key key, std::uint64_t quota, std::chrono::seconds window,
               limit_mode mode = limit_mode::enforce) {
    return limit{name, key, quota, window, mode, limit_step::send, ""};
}

policy rules_with(std::vector<limit> limits) {
    policy rules;
    rules.cooldown.base = 0s;
    rules.pumping.enabled = false;
    rules.limits = std::move(limits);
    return rules;
}

std::vector<std::string> names_of(failure const& why) {
    std::vector<std::string> names;
    for (auto const& entry : why.violated)
        names.push_back(entry.name);
    return names;
}

} // namespace

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(count_for_whom_they_are_named) {
    struct {
        limit_key key;
        bool same_number, same_prefix, same_country, same_client;
    } const cases[] = {{limit_key::number, true, false, false, false},
                       {limit_key::number_of_all_clients, true, false, false, false},
                       {limit_key::prefix, true, true, false, false},
                       {limit_key::country, true, true, true, false},
                       {limit_key::client, true, true, true, true},
                       {limit_key::everybody, true, true, true, true}};
    for (auto const& entry : cases) {
        fixture f(rules_with({limit_of("l", entry.key, 1, 1h)}));
        auto refused = [&f](std::string const& to) { return !f.send(f.request(to)).has_value(); };
        BOOST_TEST(!refused(test::neighbour(1)));
        BOOST_TEST(refused(test::neighbour(1)) == entry.same_number);
        BOOST_TEST(refused(test::neighbour(2)) == entry.same_prefix);
        BOOST_TEST(refused("31612345678") == entry.same_country);
        BOOST_TEST(refused("34612345678") == entry.same_client);
        f.client.name = "other";
        BOOST_TEST(refused("31687654321") ==
                   (entry.key == limit_key::everybody || entry.key == limit_key::country));
    }
}

BOOST_AUTO_TEST_CASE(of_a_number_are_each_clients_own) {
    fixture f(rules_with({limit_of("number", limit_key::number, 1, 1h)}));
    BOOST_TEST(f.send().has_value());
    BOOST_TEST(!f.send().has_value());
    f.client.name = "other";
    BOOST_TEST(f.send().has_value());
    BOOST_TEST(!f.send().has_value());
}

// No client learns of another's sends.
BOOST_AUTO_TEST_CASE(of_all_clients_sends_to_a_number_refuse_without_a_name) {
    auto const all = limit_of("all", limit_key::number_of_all_clients, 2, 24h);
    fixture f(rules_with({limit_of("number", limit_key::number, 3, 1h), all}));
    auto const first = f.send();
    BOOST_TEST_REQUIRE(first.has_value());
    BOOST_TEST_REQUIRE(first->limits.size() == 1U);
    BOOST_TEST(first->limits[0].name == "number");
    f.client.name = "other";
    BOOST_TEST(f.send().has_value());
    auto const refused = f.send().error();
    BOOST_TEST((refused.code == errc::limit_exceeded));
    BOOST_TEST(refused.violated.empty());
    BOOST_TEST((refused.retry_after == 3600s)); // whatever the true time
    f.clock.advance(11h);
    BOOST_TEST((f.send().error().retry_after == 3600s));
    f.clock.advance(1h);
    BOOST_TEST(f.send().has_value());
    // Only the events of the operator may name it.
    for (auto const& entry : f.event.all)
        BOOST_TEST(entry.reason.find("all") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_several_clients_have_no_figures_for_a_tenant) {
    auto of_one = limit_of("one", limit_key::country, 9, 1h);
    of_one.client = "default";
    fixture f(rules_with({limit_of("number", limit_key::number, 9, 1h),
                          limit_of("prefix", limit_key::prefix, 9, 1h),
                          limit_of("country", limit_key::country, 9, 1h),
                          limit_of("client", limit_key::client, 9, 1h),
                          limit_of("global", limit_key::everybody, 9, 1h), of_one}));
    BOOST_TEST(f.send()->limits.size() == 6U);
    f.client.is_tenant = true;
    std::set<std::string> seen;
    auto const sent = f.send();
    for (auto const& limit : sent->limits)
        seen.insert(limit.name);
    BOOST_TEST((seen == std::set<std::string>{"number", "client", "one"}));
}

BOOST_AUTO_TEST_CASE(of_a_number_are_the_only_ones_of_known_devices) {
    fixture f(rules_with({limit_of("number", limit_key::number, 2, 1h),
                          limit_of("all", limit_key::number_of_all_clients, 2, 1h),
                          limit_of("prefix", limit_key::prefix, 2, 1h),
                          limit_of("country", limit_key::country, 2, 1h),
                          limit_of("caller", limit_key::caller_address, 2, 1h),
                          limit_of("client", limit_key::client, 2, 1h),
                          limit_of("global", limit_key::everybody, 2, 1h)}));
    f.make_known("browser-1");
    BOOST_TEST(f.send().has_value());
    BOOST_TEST(names_of(f.send().error()).size() == 6U); // and the one without a name
    auto const from_device = [&f] { return f.send(test::with_device("browser-1", f.request())); };
    auto const sent = from_device();
    BOOST_TEST_REQUIRE(sent.has_value());
    BOOST_TEST_REQUIRE(sent->limits.size() == 1U);
    BOOST_TEST(sent->limits[0].name == "number");
    BOOST_TEST(sent->limits[0].remaining == 1U);
    BOOST_TEST(from_device().has_value());
    BOOST_TEST((names_of(from_device().error()) == std::vector<std::string>{"number"}));
}

BOOST_AUTO_TEST_CASE(of_addresses_count_only_stated_ones) {
    fixture f(rules_with({limit_of("end_user", limit_key::end_user_address, 1, 1h),
                          limit_of("caller", limit_key::caller_address, 4, 1h)}));
    auto send_for = [&f, n = 0](std::optional<std::string> address) mutable {
        auto what = f.request(test::neighbour(++n));
        what.caller.end_user_address = std::move(address);
        return f.send(std::move(what));
    };
    BOOST_TEST(send_for("198.51.100.1").has_value());
    BOOST_TEST(
        (names_of(send_for("198.51.100.1").error()) == std::vector<std::string>{"end_user"}));
    BOOST_TEST(send_for("198.51.100.2").has_value());
    BOOST_TEST(send_for({}).has_value());
    BOOST_TEST(send_for({}).has_value());
    BOOST_TEST((names_of(send_for({}).error()) == std::vector<std::string>{"caller"}));
}

BOOST_AUTO_TEST_CASE(of_a_client_are_not_the_others) {
    auto only_shop = limit_of("shop_1m", limit_key::everybody, 1, 1min);
    only_shop.client = "shop";
    fixture f(rules_with({only_shop}));
    BOOST_TEST(f.send(f.request(test::neighbour(1))).has_value());
    BOOST_TEST(f.send(f.request(test::neighbour(2))).has_value());
    f.client.name = "shop";
    BOOST_TEST(f.send(f.request(test::neighbour(3))).has_value());
    BOOST_TEST(!f.send(f.request(test::neighbour(4))).has_value());
}

BOOST_AUTO_TEST_CASE(that_refuse_are_all_named_with_their_times) {
    fixture f(rules_with({limit_of("number_10m", limit_key::number, 1, 10min),
                          limit_of("global_1m", limit_key::everybody, 1, 1min),
                          limit_of("country_1h", limit_key::country, 5, 1h)}));
    BOOST_TEST(f.send().has_value());
    f.clock.advance(15s);
    auto const refused = f.send().error();
    BOOST_TEST((refused.code == errc::limit_exceeded));
    BOOST_TEST((names_of(refused) == std::vector<std::string>{"number_10m", "global_1m"}));
    BOOST_TEST((refused.violated[0].retry_after == 585s));
    BOOST_TEST((refused.violated[1].retry_after == 45s));
    BOOST_TEST(refused.violated[1].quota == 1U);
    BOOST_TEST((refused.retry_after == 585s)); // when all of them admit again
    f.clock.advance(*refused.retry_after);
    BOOST_TEST(f.send().has_value());
}

BOOST_AUTO_TEST_CASE(are_reported_after_a_send_the_tightest_first) {
    fixture f(rules_with({limit_of("number_10m", limit_key::number, 5, 10min),
                          limit_of("number_24h", limit_key::number, 3, 24h)}));
    auto const limits = f.send()->limits;
    BOOST_REQUIRE(limits.size() == 2U);
    BOOST_TEST(limits[0].name == "number_24h");
    BOOST_TEST(limits[0].quota == 3U);
    BOOST_TEST((limits[0].window == 24h));
    BOOST_TEST(limits[0].remaining == 2U);
    BOOST_TEST((limits[0].resets_in == 8h));
    BOOST_TEST(limits[1].remaining == 4U);
}

BOOST_AUTO_TEST_CASE(that_observe_refuse_nothing_and_are_logged) {
    fixture f(rules_with({limit_of("o", limit_key::number, 1, 1h, limit_mode::observe)}));
    for (int i = 0; i < 3; ++i) {
        auto const sent = f.send();
        BOOST_TEST(sent.has_value());
        BOOST_TEST(sent->limits.empty()); // clients must not rely on it
    }
    BOOST_TEST(f.logged().find("\"event\":\"limit_observed\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(give_back_what_a_refused_send_took) {
    fixture f(rules_with({limit_of("global", limit_key::everybody, 1, 1h)}));
    f.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(bridgexapi::rejected{bridgexapi::reason::no_pricing});
    };
    BOOST_TEST((f.send().error().code == errc::upstream_rejected));
    f.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(test::fake_gateway::default_receipt());
    };
    BOOST_TEST(f.send().has_value());
    BOOST_TEST((f.send().error().code == errc::limit_exceeded));
}

// Each limit has a quota and a window, so clients see it like any other limit.
policy doubling() {
    policy rules;
    rules.cooldown.longest = 900s;
    return rules;
}

BOOST_AUTO_TEST_CASE(of_the_cooldown_are_one_send_in_a_pause) {
    fixture f(doubling());
    auto const event = [&f] {
        auto const refused = f.send().error();
        BOOST_TEST((names_of(refused) == std::vector<std::string>{"cooldown"}));
        auto const& cooldown = refused.violated.at(0);
        BOOST_TEST((cooldown.retry_after == refused.retry_after));
        return std::tuple(cooldown.quota, cooldown.window, cooldown.retry_after);
    };
    BOOST_TEST(f.send().has_value());
    BOOST_TEST((event() == std::tuple(1U, 45s, 45s)));
    f.clock.advance(45s);
    BOOST_TEST(f.send().has_value());
    f.clock.advance(10s);
    BOOST_TEST((event() == std::tuple(1U, 90s, 80s)));
}

BOOST_AUTO_TEST_CASE(of_pauses_double_with_each_resend) {
    fixture f(doubling());
    for (auto const pause : {45s, 90s, 180s, 360s, 720s}) {
        BOOST_TEST((f.send()->cooldown == pause));
        f.clock.advance(pause - 1s);
        BOOST_TEST((f.send().error().code == errc::cooldown_active));
        f.clock.advance(1s);
    }
    BOOST_TEST((f.send()->cooldown == 900s)); // the maximum
    BOOST_TEST(f.verify(f.gateway.last_code()).has_value());
    BOOST_TEST((f.send()->cooldown == 45s)); // success ends the pause and the doubling
}

BOOST_AUTO_TEST_CASE(of_pauses_are_all_alike_by_default) {
    fixture f;
    for (int n = 0; n < 4; ++n) {
        BOOST_TEST((f.send()->cooldown == 45s));
        f.clock.advance(45s);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pumped_sms)

namespace {

policy guarded(limit_mode mode = limit_mode::enforce) {
    auto rules = rules_with({});
    rules.pumping.enabled = true;
    rules.pumping.mode = mode;
    rules.pumping.prefix_out_max = 1;
    return rules;
}

} // namespace

BOOST_AUTO_TEST_CASE(to_a_prefix_stop_at_its_codes_out_and_elsewhere_go_on) {
    auto rules = guarded();
    rules.pumping.prefix_out_max = rules.pumping.country_out_max = 7;
    fixture f(rules);
    int accepted = 0;
    for (int n = 0; n < 30; ++n)
        if (f.send(f.request(test::neighbour(n)))) ++accepted;
    BOOST_TEST(accepted == 7);
    auto const refused = f.send(f.request(test::neighbour(40))).error();
    BOOST_TEST((refused.code == errc::limit_exceeded));
    // The same seven count for the country, which allows as many.
    BOOST_TEST(
        (names_of(refused) == std::vector<std::string>{"pumping_prefix", "pumping_country"}));
    BOOST_TEST(f.send(f.request("34612345678")).has_value());
    BOOST_TEST(f.logged().find("\"event\":\"pumping_blocked\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(are_not_seen_in_codes_that_are_verified) {
    auto rules = guarded();
    fixture f(rules);
    for (int n = 0; n < 30; ++n) {
        BOOST_TEST(f.send(f.request(test::neighbour(n))).has_value());
        BOOST_TEST(f.verify(f.guess(f.gateway.last_code(), {}, test::neighbour(n))).has_value());
    }
}

BOOST_AUTO_TEST_CASE(to_trusted_destinations_are_exempt) {
    auto rules = guarded();
    rules.destinations.trusted = {destination{"3165186"}, destination{"ES"}};
    fixture f(rules);
    for (int n = 0; n < 5; ++n) {
        BOOST_TEST(f.send(f.request(test::neighbour(n))).has_value());
        BOOST_TEST(f.send(f.request(std::to_string(34612345678 + n))).has_value());
    }
    BOOST_TEST(f.send(f.request("31612345678")).has_value());
    BOOST_TEST(!f.send(f.request("31612345679")).has_value());
}

BOOST_AUTO_TEST_CASE(are_only_reported_in_observe_mode) {
    auto rules = guarded(limit_mode::observe);
    fixture f(rules);
    for (int n = 0; n < 5; ++n)
        BOOST_TEST(f.send(f.request(test::neighbour(n))).has_value());
    auto const log = f.logged();
    BOOST_TEST(log.find("\"event\":\"pumping_blocked\"") != std::string::npos);
    BOOST_TEST(log.find(test::neighbour(4)) == std::string::npos); // no line has a whole number
}

BOOST_AUTO_TEST_SUITE_END()
