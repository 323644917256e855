// A verification as a resource: what its client sees, and other clients do not.

#include "domain_fixture.hpp"

using namespace otpd;
using namespace otpd::otp;
using namespace std::chrono_literals;
using fixture = test::domain_fixture;

namespace {

std::vector<std::string> events_of(verification_view const& view) {
    std::vector<std::string> names;
    for (auto const& event : view.events)
        names.emplace_back(event.type);
    return names;
}

} // namespace

BOOST_AUTO_TEST_SUITE(verifications)

BOOST_AUTO_TEST_CASE(show_state_delivery_and_events_in_order) {
    fixture f;
    auto const before = f.clock.wall();
    auto const id = f.send()->id;
    BOOST_TEST(id.size() == 64U);
    f.clock.advance(10s);
    f.verify(f.wrong_code(), id);
    auto view = f.find(id);
    BOOST_REQUIRE(view.has_value());
    BOOST_TEST(view->state == "active");
    BOOST_TEST(view->delivery == "accepted");
    BOOST_TEST(view->purpose == "login");
    BOOST_TEST((view->created_at == before));
    BOOST_TEST((view->expires_in == 290s));
    BOOST_TEST(view->attempts_left == 4U);
    BOOST_TEST(view->sent->bx_message_id == "BX-22953-c5f4f53431ed22c2");
    f.clock.advance(10s);
    BOOST_TEST(f.verify(f.gateway.last_code(), id).has_value());
    view = f.find(id);
    BOOST_TEST(view->state == "verified");
    BOOST_TEST((view->expires_in == 0s));
    BOOST_TEST((events_of(*view) ==
                std::vector<std::string>{"admitted", "accepted", "wrong_code", "verified"}));
    BOOST_TEST((view->events[2].at == before + 10s));
    BOOST_TEST((view->events[3].at == before + 20s));
}

BOOST_AUTO_TEST_CASE(carry_the_reference_of_their_send_in_every_event) {
    policy rules;
    rules.cooldown.base = 0s;
    fixture f(rules);
    auto request = f.request();
    request.reference = "order-4711";
    auto const id = f.send(request)->id;
    f.verify(f.wrong_code(), id);
    BOOST_TEST(f.verify(f.gateway.last_code(), id).has_value());
    request.reference = "order-4712";
    auto const other = f.send(request)->id;
    BOOST_TEST(f.cancel(other).has_value());
    BOOST_TEST(f.find(id)->reference == "order-4711");
    BOOST_TEST(f.find(other)->reference == "order-4712");
    BOOST_TEST(f.find(f.send()->id)->reference.empty());
    for (auto const& entry : f.event.all) {
        std::string const own = entry.verification_id == id      ? "order-4711"
                                : entry.verification_id == other ? "order-4712"
                                                                 : "";
        BOOST_TEST(entry.reference == own, to_string(entry.type));
    }
    BOOST_TEST(f.logged().find("order-47") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(end_in_every_way) {
    policy rules;
    rules.cooldown.base = 0s;
    fixture f(rules);
    auto const replaced = f.send()->id;
    auto const verified = f.send()->id;
    BOOST_TEST(f.find(replaced)->state == "active");
    f.verify(f.gateway.last_code(), verified);
    BOOST_TEST(f.find(verified)->state == "verified");
    BOOST_TEST(f.find(replaced)->state == "canceled");
    BOOST_TEST(events_of(*f.find(replaced)).back() == "replaced");
    auto const exhausted = f.send()->id;
    for (int i = 0; i < 5; ++i)
        f.verify(f.wrong_code(), exhausted);
    BOOST_TEST(f.find(exhausted)->state == "exhausted");
    auto const expired = f.send()->id;
    f.clock.advance(300s);
    BOOST_TEST(f.find(expired)->state == "expired");
    f.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(bridgexapi::unknown{bridgexapi::reason::timed_out});
    };
    f.send();
    f.clock.advance(300s); // kept for 600 s
    BOOST_TEST((f.find(expired).error().code == errc::verification_not_found));
}

BOOST_AUTO_TEST_CASE(are_canceled_once_and_then_never_verify) {
    fixture f;
    auto const id = f.send()->id;
    auto const canceled = f.cancel(id);
    BOOST_REQUIRE(canceled.has_value());
    BOOST_TEST(canceled->state == "canceled");
    BOOST_TEST((f.verify(f.gateway.last_code(), id).error().code == errc::no_active_otp));
    BOOST_TEST((f.verify(f.gateway.last_code()).error().code == errc::no_active_otp));
    BOOST_TEST((f.cancel(id).error().code == errc::verification_ended));
    BOOST_TEST((f.send().error().code == errc::cooldown_active)); // which outlives it
}

BOOST_AUTO_TEST_CASE(of_another_client_look_absent) {
    fixture f;
    auto const id = f.send()->id;
    auto const code = f.gateway.last_code();
    f.client.name = "default2"; // has the same prefix
    BOOST_TEST((f.find(id).error().code == errc::verification_not_found));
    BOOST_TEST((f.cancel(id).error().code == errc::verification_not_found));
    BOOST_TEST((f.verify(code, id).error().code == errc::no_active_otp));
    BOOST_TEST((f.verify(code).error().code == errc::no_active_otp));
    f.client.name = "default";
    BOOST_TEST(f.find(id)->state == "active");
    BOOST_TEST(f.verify(code, id).has_value());
}

BOOST_AUTO_TEST_CASE(that_never_were_are_not_found) {
    fixture f;
    auto const id = f.send()->id;
    for (std::size_t i = 0; i < id.size(); i += 7) {
        auto other = id;
        other[i] = other[i] == '0' ? '1' : '0';
        BOOST_TEST((f.find(other).error().code == errc::verification_not_found));
    }
    for (auto const* text : {"", "0", "not hexadecimal"})
        BOOST_TEST((f.find(text).error().code == errc::verification_not_found));
}

BOOST_AUTO_TEST_CASE(need_the_store) {
    fixture f;
    auto const id = f.send()->id;
    f.store.finds = false;
    BOOST_TEST((f.find(id).error().code == errc::store_unavailable));
}

namespace {

/// How often `count` long polls together have read the store.
int reads_of_waiters(fixture& f, int count, deadline until) {
    auto const id = f.send()->id;
    auto const before = f.store.times_looked;
    for (int n = 0; n < count; ++n)
        boost::asio::co_spawn(
            f.context, f.domain.long_polls.find_changed(f.who(), id, until, [] { return false; }),
            [](std::exception_ptr thrown, outcome<verification_view> seen) {
                BOOST_TEST(!thrown);
                BOOST_TEST(seen->state == "active");
            });
    f.context.restart();
    f.context.run();
    return f.store.times_looked - before;
}

} // namespace

// Each reads once when it begins. Two seconds have two more reads, for all of them.
BOOST_AUTO_TEST_CASE(are_read_once_a_second_for_all_who_wait) {
    fixture f;
    auto const reads = reads_of_waiters(f, 30, deadline::in(2100ms));
    BOOST_TEST(reads > 30);
    BOOST_TEST(reads <= 30 + 3);
}

BOOST_AUTO_TEST_CASE(are_not_read_again_where_every_event_is_heard) {
    policy rules;
    rules.hears_everything = true;
    fixture f(rules);
    BOOST_TEST(reads_of_waiters(f, 30, deadline::in(1200ms)) == 30);
}

BOOST_AUTO_TEST_SUITE_END()
