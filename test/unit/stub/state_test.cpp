// The state of the stub: money, time, prices, messages and their delivery.
#include "asking.hpp"
#include "bridgexapi_stub/catalogue.hpp"
#include "bridgexapi_stub/clock.hpp"
#include "bridgexapi_stub/endpoint.hpp"
#include "bridgexapi_stub/ledger.hpp"
#include "bridgexapi_stub/message.hpp"
#include "bridgexapi_stub/money.hpp"
#include "bridgexapi_stub/phone_view.hpp"
#include "bridgexapi_stub/settings.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <utility>

using namespace bridgexapi_stub;
using namespace std::chrono_literals;

namespace {

timestamp at(std::string_view text) {
    return parse_time(text).value();
}

sms make_sms(ledger& into, std::string number, timestamp accepted_at) {
    sms out;
    out.order_id = into.open_order();
    out.bx_message_id = into.make_id(out.order_id);
    out.number = std::move(number);
    out.accepted_at = accepted_at;
    return out;
}

std::size_t count_all(ledger const& of) {
    return of.list([](sms const&) { return true; }, 0, 1000).messages.size();
}

} // namespace

BOOST_AUTO_TEST_SUITE(stub_money)

BOOST_AUTO_TEST_CASE(text_to_micro_euros_and_back) {
    BOOST_TEST(parse_euros("158.46").value() == 158'460'000);
    BOOST_TEST(parse_euros("0.087").value() == 87'000);
    BOOST_TEST(parse_euros("-0.5").value() == -500'000);
    BOOST_TEST(parse_euros("1000000").value() == 1'000'000 * one_euro);
    BOOST_TEST(format_euros(158'460'000) == "158.46");
    BOOST_TEST(format_euros(87'000) == "0.087");
    BOOST_TEST(format_euros(5 * one_euro) == "5.0");
    BOOST_TEST(format_euros(-500'000) == "-0.5");
    BOOST_TEST(format_euros(1) == "0.000001");
}

BOOST_AUTO_TEST_CASE(what_is_not_money_is_refused) {
    for (auto const* text : {"", ".", "1.", ".5", "1.2345678", "1e3", "+1", "1,5", "--1", " 1",
                             "1.-2", "9999999999999"})
        BOOST_TEST(!parse_euros(text), text);
}

BOOST_AUTO_TEST_CASE(json_shows_the_decimal_that_was_meant) {
    for (auto const* text :
         {"0.087", "158.46", "201.7", "0.051", "999999.912", "0.001", "5.0", "-0.5"}) {
        auto const amount = parse_euros(text).value();
        BOOST_TEST(print_json(to_euros(amount)) == text);
        BOOST_TEST(from_euros(to_euros(amount)) == amount);
    }
}

BOOST_AUTO_TEST_CASE(json_text_keeps_order_and_escapes) {
    auto const text = R"({"b":1,"a":[true,null,"x\"\u0001"],"n":-7})";
    BOOST_TEST(print_json(boost::json::parse(text)) == text);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stub_clock_and_time)

BOOST_AUTO_TEST_CASE(every_format_prints_and_iso_reads_back) {
    auto const when = at("2026-04-01T10:15:30.123456");
    BOOST_TEST(format_time(when, time_format::naive) == "2026-04-01T10:15:30");
    BOOST_TEST(format_time(when, time_format::micro) == "2026-04-01T10:15:30.123456");
    BOOST_TEST(format_time(when, time_format::zulu) == "2026-04-01T10:15:30Z");
    BOOST_TEST(format_time(when, time_format::offset) == "2026-04-01T10:15:30+00:00");
    BOOST_TEST(format_time(when, time_format::space) == "2026-04-01 10:15:30");
    BOOST_TEST(format_time(when, time_format::epoch) == "1775038530");
    for (auto const format : {time_format::naive, time_format::micro, time_format::zulu,
                              time_format::offset, time_format::space})
        BOOST_TEST((at(format_time(when, format)) - when).count() % 1'000'000 / 1'000'000 == 0);
    BOOST_TEST((at("2026-04-01T12:15:30+02:00") == at("2026-04-01T10:15:30")));
    BOOST_TEST((at("2026-04-01") == at("2026-04-01T00:00:00")));
}

BOOST_AUTO_TEST_CASE(what_is_not_a_time_is_refused) {
    for (auto const* text :
         {"", "today", "2026-13-01", "2026-02-30", "2026-04-01T", "2026-04-01T10:15",
          "2026-04-01T10:15:30+2", "2026/04/01", "2026-04-01X10:15:30"})
        BOOST_TEST(!parse_time(text), text);
}

BOOST_AUTO_TEST_CASE(a_frozen_clock_stands_until_it_is_moved) {
    stub_clock clock;
    clock.freeze();
    auto const start = clock.now();
    BOOST_TEST((clock.now() == start));
    clock.advance(90s);
    BOOST_TEST((clock.now() == start + 90s));
    clock.set(at("2026-04-01"));
    BOOST_TEST((clock.now() == at("2026-04-01")));
    clock.resume();
    BOOST_TEST(!clock.frozen());
    BOOST_TEST((clock.now() >= at("2026-04-01")));
    BOOST_TEST((clock.now() < at("2026-04-02")));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stub_prices)

BOOST_AUTO_TEST_CASE(the_published_samples) {
    auto const table = price_table::samples();
    BOOST_TEST(table.find(1, "31612345678")->amount == 88'000);
    BOOST_TEST(table.find(2, "31612345678")->amount == 88'000);
    BOOST_TEST(table.find(3, "31612345678")->amount == 91'000);
    BOOST_TEST(table.find(5, "31612345678")->amount == 87'000);
    BOOST_TEST(table.find(1, "34600000001")->amount == 51'000);
    BOOST_TEST(!table.find(4, "31612345678"));
    BOOST_TEST(!table.find(1, "99912345678"));
    BOOST_TEST(!table.find(9, "31612345678"));
}

BOOST_AUTO_TEST_CASE(the_longest_prefix_counts) {
    price_table table;
    auto const set = [&](char const* prefix, std::optional<micro_euros> amount) {
        price entry;
        entry.amount = amount;
        table.set(1, prefix, entry);
    };
    set("", 5);
    set("31", 10);
    set("316", 20);
    set("3161", std::nullopt);
    set("31612345678", 30);
    BOOST_TEST(table.find(1, "4912345678")->amount == 5);
    BOOST_TEST(table.find(1, "3201234567")->amount == 5);
    BOOST_TEST(table.find(1, "3120123456")->amount == 10);
    BOOST_TEST(table.find(1, "3162012345")->amount == 20);
    BOOST_TEST(!table.find(1, "3161999999"));
    BOOST_TEST(table.find(1, "31612345678")->amount == 30);
    BOOST_TEST(table.find(1, "316123456789")->amount == 30);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stub_ledger)

BOOST_AUTO_TEST_CASE(ids_are_like_the_real_ones) {
    ledger book;
    BOOST_TEST(book.next_order() == 22'000);
    auto const id = book.make_id(22953);
    BOOST_TEST(stub_test::is_message_id(id, "22953"), id);
    BOOST_TEST(book.make_id(22953) != id);
}

BOOST_AUTO_TEST_CASE(delivery_walks_with_the_clock) {
    auto const start = at("2026-04-01");
    ledger book;
    auto message = make_sms(book, "31612345678", start);
    message.plan.outcome = "FAILED";
    message.plan.error = "Absent subscriber";
    auto const& stored = book.add(std::move(message));
    BOOST_TEST(stored.state_at(start).status == "QUEUED");
    BOOST_TEST(stored.state_at(start + 999ms).status == "QUEUED");
    BOOST_TEST(stored.state_at(start + 1s).status == "SENT");
    BOOST_TEST(!stored.state_at(start + 2999ms).error);
    BOOST_TEST(stored.state_at(start + 3s).status == "FAILED");
    BOOST_TEST(stored.state_at(start + 3s).error.value() == "Absent subscriber");
    BOOST_TEST(book.force(stored.bx_message_id, {"DELIVERED", std::nullopt}));
    BOOST_TEST(stored.state_at(start).status == "DELIVERED");
    BOOST_TEST(!book.force("BX-1-0", {"DELIVERED", std::nullopt}));
}

BOOST_AUTO_TEST_CASE(lists_are_newest_first_and_paged) {
    ledger book;
    for (int i = 0; i < 5; ++i)
        book.add(make_sms(book, "3161234567" + std::to_string(i), at("2026-04-01")));
    auto const even = [](sms const& one) { return one.order_id % 2 == 0; };
    auto const page = book.list(even, 1, 1);
    BOOST_TEST(page.total == 3U);
    BOOST_REQUIRE(page.messages.size() == 1U);
    BOOST_TEST(page.messages[0]->order_id == 22'002);
    BOOST_TEST(book.knows_order(22'004));
    BOOST_TEST(!book.knows_order(22'005));
}

BOOST_AUTO_TEST_CASE(the_oldest_messages_leave_at_the_bound) {
    ledger book{3};
    std::vector<std::string> ids;
    for (int i = 0; i < 4; ++i)
        ids.push_back(book.add(make_sms(book, "31612345678", at("2026-04-01"))).bx_message_id);
    BOOST_TEST(count_all(book) == 3U);
    BOOST_TEST(!book.find(ids[0]));
    BOOST_REQUIRE(book.find(ids[3]));
    BOOST_TEST(book.find(ids[3])->order_id == 22'003);
    BOOST_TEST(book.accepted_total() == 4U);
    book.set_messages_max(1);
    BOOST_TEST(count_all(book) == 1U);
    BOOST_TEST(book.find(ids[3])->sequence == 4U);
}

BOOST_AUTO_TEST_CASE(delivery_rules_go_by_number) {
    settings config;
    delivery_rule rule;
    rule.number = "316*";
    rule.plan.outcome = "FAILED";
    config.rules.push_back(rule);
    BOOST_TEST(config.plan_for("31612345678").outcome == "FAILED");
    BOOST_TEST(config.plan_for("34612345678").outcome == "DELIVERED");
    BOOST_TEST(number_matches("31612345678", "31612345678"));
    BOOST_TEST(!number_matches("3161234567", "31612345678"));
}

BOOST_AUTO_TEST_CASE(a_phone_shows_the_text_and_nothing_that_moves_the_cursor) {
    sms message;
    message.caller_id = "BRIDGEXAPI";
    message.number = "31612345678";
    message.text = "Your verification code is 483921. Do not share it with anybody.\x1b[2J";
    auto const shown = phone_view(message);
    BOOST_TEST(shown.find("483921") != std::string::npos);
    BOOST_TEST(shown.find("to +31612345678") != std::string::npos);
    BOOST_TEST(shown.find("?[2J") != std::string::npos);
    BOOST_TEST(shown.find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stub_paths)

BOOST_AUTO_TEST_CASE(every_path_and_its_parameter) {
    BOOST_TEST((parse_call("POST", "/api/v1/send_sms").where == endpoint::send_sms));
    BOOST_TEST((parse_call("GET", "/api/v1/dlr?limit=1").where == endpoint::dlr_list));
    auto const one = parse_call("GET", "/api/v1/dlr/BX%2D1?x=1");
    BOOST_TEST((one.where == endpoint::dlr));
    BOOST_TEST(one.parameter == "BX-1");
    BOOST_TEST(parse_call("GET", "/api/v1/orders/22/dlr").parameter == "22");
    BOOST_TEST((parse_call("GET", "/api/v1/routes/8/pricing").where == endpoint::pricing));
    BOOST_TEST((parse_call("GET", "/api/v1/routes/8/pricing/x").where == endpoint::unknown));
    BOOST_TEST((parse_call("GET", "/api/v1/dlr/").where == endpoint::unknown));
    BOOST_TEST((parse_call("GET", "//api/v1/balance").where == endpoint::unknown));
    auto const wrong = parse_call("GET", "/api/v1/send_sms");
    BOOST_TEST((wrong.where == endpoint::wrong_method));
    BOOST_TEST(wrong.allow == "POST");
}

BOOST_AUTO_TEST_CASE(queries_are_decoded) {
    auto const query = split_target("/x?a=1&b=%2B31+6&&c&d=%zz&e=%4").query;
    BOOST_TEST(*find_query(query, "a") == "1");
    BOOST_TEST(*find_query(query, "b") == "+31 6");
    BOOST_TEST(*find_query(query, "c") == "");
    BOOST_TEST(*find_query(query, "d") == "%zz");
    BOOST_TEST(*find_query(query, "e") == "%4");
    BOOST_TEST(!find_query(query, "f"));
}

BOOST_AUTO_TEST_SUITE_END()
