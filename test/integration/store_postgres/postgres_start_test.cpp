/// Which servers are accepted at the start, and what the operator is told about the others.

#include "postgres_fixture.hpp"

#include <future>

using namespace otpd::test;
using namespace otpd;

namespace {

struct start_fixture {
    postgres_process server{postgres_setup{
        .tcp = true, .turned_clock = "", .password = "pass-word", .more = {"fsync=off"}}};

    std::string reason(std::string const& user, std::string const& options = "") {
        driven_postgres store(postgres_at(server.url(user) + options));
        return store.unusable().value_or(store.answers() ? "usable" : "silent");
    }
    std::string reason_of_otpd() { return reason("otpd:pass-word"); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_at_the_start, start_fixture)

BOOST_AUTO_TEST_CASE(the_tables_are_made_once) {
    BOOST_TEST(reason_of_otpd() == "usable");
    driven_postgres store(postgres_at(server.url("otpd:pass-word")));
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
    BOOST_TEST(server.ask("select count(*) from otpd.subject") == "1");
    BOOST_TEST(store.times_ready == 1);
    BOOST_TEST(contains(store.first_ready(), "PostgreSQL 1"), store.first_ready());
    BOOST_TEST(!contains(store.first_ready(), "pass-word"), store.first_ready());
}

BOOST_AUTO_TEST_CASE(instances_that_start_together_make_them_once) {
    std::vector<std::future<std::string>> all;
    for (int n = 0; n < 6; ++n)
        all.push_back(std::async(std::launch::async, [this] {
            driven_postgres store(postgres_at(server.url("otpd:pass-word")));
            return store.unusable().value_or("usable");
        }));
    for (auto& entry : all)
        BOOST_TEST(entry.get() == "usable");
}

BOOST_AUTO_TEST_CASE(schemas_are_apart) {
    auto elsewhere = postgres_at(server.url("otpd:pass-word"));
    elsewhere.schema = "other_place";
    driven_postgres first(postgres_at(server.url("otpd:pass-word")));
    driven_postgres second(elsewhere);
    BOOST_CHECK(is<store::admitted>(first.admit(send_of(1, 111, 1))));
    BOOST_CHECK(is<store::absent>(second.check(guess_of(1, 111))));
    elsewhere.schema = "x; drop table y";
    driven_postgres third(elsewhere);
    BOOST_TEST(contains(third.unusable().value_or(""), "is no name"));
}

// The rights that the printed script grants suffice. Without the script, the operator is told.
BOOST_AUTO_TEST_CASE(a_user_that_may_make_no_tables) {
    server.ask("create role app login password 'word'");
    auto const before = reason("app:word");
    BOOST_TEST(contains(before, "otpd --print-schema"), before);
    server.ask(store::postgres_schema("otpd", "app"));
    BOOST_TEST(reason("app:word") == "usable");
    driven_postgres store(postgres_at(server.url("app:word")));
    BOOST_CHECK(is<store::admitted>(store.admit(hot_send(1))));
    BOOST_CHECK(is<store::wrong>(store.check(guess_of(1, 222))));
    BOOST_TEST(run(store.context(), store->live_codes()).value() == 1U);
    for (std::string const right : {"select", "insert", "update", "delete"})
        BOOST_TEST_CONTEXT(right) {
            server.ask("revoke " + right + " on otpd.subject from app");
            auto const why = reason("app:word");
            BOOST_TEST(contains(why, "grant it"), why);
            server.ask("grant " + right + " on otpd.subject to app");
        }
}

BOOST_AUTO_TEST_CASE(tables_of_an_unknown_version_are_refused) {
    BOOST_TEST(reason_of_otpd() == "usable");
    server.ask("insert into otpd.schema_version values (7)");
    auto const why = reason_of_otpd();
    BOOST_TEST(contains(why, "are of version 7"), why);
}

BOOST_AUTO_TEST_CASE(a_lasting_fault_is_reported_and_no_password_is_shown) {
    for (std::string const user : {"otpd", "otpd:wrong-pass", "nobody:wrong-pass"})
        BOOST_TEST_CONTEXT(user) {
            auto const why = reason(user);
            BOOST_TEST((contains(why, "28P01") || contains(why, "fe_sendauth")), why);
            BOOST_TEST(!contains(why, "wrong-pass"), why);
        }
    auto const port = std::to_string(server.port());
    driven_postgres store(
        postgres_at("postgres://otpd:pass-word@127.0.0.1:" + port + "/no_such_database"));
    auto const why = store.unusable().value_or("usable");
    BOOST_TEST(contains(why, "no_such_database"), why);
    BOOST_TEST(!contains(why, "pass-word"), why);
    BOOST_TEST(why.find('\n') == std::string::npos);
}

// Machines start in any order.
BOOST_AUTO_TEST_CASE(a_server_that_comes_later_is_waited_for) {
    server.stop();
    driven_postgres store(postgres_at(server.url("otpd:pass-word")));
    BOOST_TEST(store.unusable().value_or("usable") == "usable");
    BOOST_CHECK(store.admit(send_of(1, 111, 1)).error() == store::fault::not_executed);
    BOOST_TEST(!store.answers());
    BOOST_TEST(store.times_lost == 1);
    BOOST_TEST(contains(store.why_first_lost(), "Connection refused"), store.why_first_lost());
    server.start();
    eventually([&] { return store.answers(); });
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
}

BOOST_AUTO_TEST_SUITE_END()
