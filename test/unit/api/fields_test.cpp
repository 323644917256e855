// Conversion of a request's fields to the domain's types: fields.hpp, caller.hpp.

#include "api/caller.hpp"
#include "api/fields.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

using namespace otpd;
using namespace otpd::api;
namespace asio = boost::asio;

namespace {

json_body with(std::string_view name, std::string_view value) {
    return json_body(boost::json::serialize(boost::json::object{{name, value}}));
}

/// The members with faults.
std::string faults_of(json_body const& body) {
    std::string names;
    if (body.valid()) return names;
    auto const problem = body.problem();
    for (auto const& member : problem.members.at("errors").as_array())
        names += std::string(member.at("loc").at(1).as_string()) + ' ';
    return names;
}

otp::client const shop = [] {
    otp::client client;
    client.web_otp_hosts = {"login.example.com", "pay.example"};
    return client;
}();

std::string block(char const* address) {
    return address_block(asio::ip::make_address(address));
}

} // namespace

BOOST_AUTO_TEST_SUITE(addresses)

BOOST_AUTO_TEST_CASE(of_ipv4_count_whole) {
    BOOST_TEST(block("192.0.2.1") == "192.0.2.1");
    BOOST_TEST(block("192.0.2.1") != block("192.0.2.2"));
}

// One household with 2^64 addresses counts as one caller.
BOOST_AUTO_TEST_CASE(of_ipv6_count_by_their_first_64_bits) {
    BOOST_TEST(block("2001:db8:1:2::") == "2001:db8:1:2::/64");
    BOOST_TEST(block("2001:db8:1:2:ffff:ffff:ffff:ffff") == block("2001:db8:1:2::1"));
    BOOST_TEST(block("2001:0DB8:0001:0002:0:0:0:1") == block("2001:db8:1:2::1"));
    BOOST_TEST(block("2001:db8:1:3::1") != block("2001:db8:1:2::1"));
    BOOST_TEST(block("::1") == "::/64");
    BOOST_TEST(block("fe80::1%1") == block("fe80::2"));
}

// Otherwise all mapped IPv4 addresses would be one /64.
BOOST_AUTO_TEST_CASE(of_ipv4_written_as_ipv6_are_those_of_ipv4) {
    BOOST_TEST(block("::ffff:192.0.2.1") == "192.0.2.1");
    BOOST_TEST(block("::ffff:c000:201") == "192.0.2.1");
}

// Counted by its first 64 bits, all of IPv4 would be one caller, or the owner of one IPv4 address
// would be 65,536 callers.
BOOST_AUTO_TEST_CASE(of_ipv6_that_have_one_of_ipv4_inside_are_that_one) {
    for (auto const* address :
         {"64:ff9b::192.0.2.1",                    // NAT64
          "2002:c000:201::", "2002:c000:201:7::9", // 6to4
          "2001:0:4136:e378:8000:63bf:3fff:fdfe",  // Teredo: its last bits, inverted
          "2001::3fff:fdfe",                       //
          "::192.0.2.1", "::ffff:0:192.0.2.1"})    // compatible, translated
        BOOST_TEST(block(address) == "192.0.2.1", address);
    BOOST_TEST(block("64:ff9b::192.0.2.2") == "192.0.2.2");
    auto nat64 = with("end_user_ip", "64:ff9b::c000:201");
    BOOST_TEST(read_end_user_address(nat64).value() == "192.0.2.1");
    // The length of NAT64's prefix is a network's own choice, and nobody has two such addresses.
    BOOST_TEST(block("64:ff9b:1::192.0.2.1") != block("64:ff9b:1::192.0.2.2"));
    BOOST_TEST(block("64:ff9b:1:c000:2:100::") != block("64:ff9b:1:c000:3:100::"));
    // Adjacent prefixes.
    BOOST_TEST(block("64:ff9b:2::192.0.2.1") == "64:ff9b:2::/64");
    BOOST_TEST(block("64:ff9b::1:0:0") == "64:ff9b::/64");
    BOOST_TEST(block("2001:1::3fff:fdfe") == "2001:1::/64");
    BOOST_TEST(block("2003:c000:201::1") == "2003:c000:201::/64");
    BOOST_TEST(block("::") == "::/64");
}

BOOST_AUTO_TEST_CASE(of_end_users_are_read_as_limits_count_them) {
    auto good = with("end_user_ip", "2001:db8:1:2::7");
    BOOST_TEST(read_end_user_address(good).value() == "2001:db8:1:2::/64");
    BOOST_TEST(good.valid());
    json_body none("{}");
    BOOST_TEST(!read_end_user_address(none));
    BOOST_TEST(none.valid());
    for (auto const* wrong :
         {"", "localhost", "192.0.2", "192.0.2.256", "192.0.2.1:80", " 192.0.2.1", "192.0.2.1/24",
          "[::1]", "1", "0x7f.0.0.1", "192.0.02.1.5"}) {
        auto bad = with("end_user_ip", wrong);
        BOOST_TEST(!read_end_user_address(bad), wrong);
        BOOST_TEST(faults_of(bad) == "end_user_ip ", wrong);
    }
}

BOOST_AUTO_TEST_CASE(of_callers_come_from_the_connection_and_those_of_end_users_from_the_body) {
    http::request_parts parts;
    parts.request_id = "req-1";
    http::request const request(parts);
    otp::client const client;
    auto const who = caller_of(request, client, "192.0.2.1");
    BOOST_TEST(who.client == &client);
    BOOST_TEST(who.address == address_block(request.client()));
    BOOST_TEST(who.end_user_address.value() == "192.0.2.1");
    BOOST_TEST(who.request_id == "req-1");
    BOOST_TEST(!caller_of(request, client).end_user_address);
    BOOST_TEST(!who.device);
    BOOST_TEST(caller_of(request, client, {}, secret_string("d")).device->reveal() == "d");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(request_fields)

BOOST_AUTO_TEST_CASE(a_verification_id_is_64_hexadecimal_digits) {
    std::string const id = "86cad3429f67a1ba4188e2625228315b5A1F0C7BE94D2368F0B1A3C5D7E98642";
    auto good = with("verification_id", id);
    BOOST_TEST(read_verification_id(good).value() == id);
    json_body none("{}");
    BOOST_TEST(!read_verification_id(none));
    BOOST_TEST(none.valid());
    BOOST_TEST(!read_verification_id(none, true));
    BOOST_TEST(faults_of(none) == "verification_id ");
    for (std::string const& wrong : {std::string(), id.substr(1), id + "0", id.substr(0, 32),
                                     'g' + id.substr(1), ' ' + id.substr(1), "0x" + id.substr(2)}) {
        auto bad = with("verification_id", wrong);
        BOOST_TEST(!read_verification_id(bad), wrong);
        BOOST_TEST(faults_of(bad) == "verification_id ", wrong);
    }
}

BOOST_AUTO_TEST_CASE(a_locale_is_any_well_formed_language_tag) {
    for (auto const& [given, read] :
         {std::pair{"nl", "nl"}, std::pair{"PT-br", "pt-br"}, std::pair{"es-419", "es-419"},
          std::pair{"sr-Latn", "sr-latn"}, std::pair{"zh-Hans-CN", "zh-hans-cn"},
          std::pair{"en-US-u-mu-celsius", "en-us-u-mu-celsius"}}) {
        auto body = with("locale", given);
        BOOST_TEST(read_locale(body).text == read);
        BOOST_TEST(body.valid(), given);
    }
    for (auto const* wrong : {"", "n", "nl_BE", "nl-", "-nl", "nl--BE", " nl", "../etc", "*"}) {
        auto body = with("locale", wrong);
        BOOST_TEST(read_locale(body).text.empty());
        BOOST_TEST(faults_of(body) == "locale ", wrong);
    }
}

// Changes by copying or by a keyboard do not make another code (passcode_test.cpp).
BOOST_AUTO_TEST_CASE(a_code_is_read_as_people_write_it) {
    auto const read = [](std::string_view text) {
        auto body = with("code", text);
        auto const code = read_code(body, 6);
        BOOST_TEST(code.has_value() == body.valid());
        return code ? std::string(code->reveal()) : faults_of(body);
    };
    BOOST_TEST(read(" 322431 ") == "322431");
    BOOST_TEST(read("123-456") == "123456");
    BOOST_TEST(read("1234") == "1234"); // of any length that codes may have
    BOOST_TEST(read("1234567890") == "1234567890");
    BOOST_TEST(read("123") == "code ");
    BOOST_TEST(read("12345678901") == "code ");
    BOOST_TEST(read("12345x") == "code ");
}

BOOST_AUTO_TEST_CASE(a_device_is_bounded_visible_ascii) {
    std::string visible;
    for (char c = '!'; c <= '~'; ++c)
        visible += c;
    for (auto const& good : {visible, std::string("0"), std::string(128, 'd')}) {
        auto body = with("device", good);
        auto const device = read_device(body);
        BOOST_TEST_REQUIRE(device.has_value());
        BOOST_TEST(device->reveal() == good);
        BOOST_TEST(body.valid());
    }
    for (auto const& wrong :
         {std::string(), std::string(129, 'd'), std::string("a b"), std::string("a\n"),
          std::string("\x7f"), std::string(1, '\0'), std::string("\xC3\xA9")}) {
        auto body = with("device", wrong);
        BOOST_TEST(!read_device(body), wrong);
        BOOST_TEST(faults_of(body) == "device ", wrong);
    }
    json_body number(R"({"device":7})");
    BOOST_TEST(!read_device(number));
    BOOST_TEST(faults_of(number) == "device ");
    json_body none("{}");
    BOOST_TEST(!read_device(none));
    BOOST_TEST(none.valid());
}

BOOST_AUTO_TEST_CASE(a_reference_is_bounded_visible_ascii) {
    for (auto const& good : {std::string("order-4711/a"), std::string(64, '~')}) {
        auto body = with("reference", good);
        BOOST_TEST(read_reference(body) == good);
        BOOST_TEST(body.valid());
    }
    for (auto const& wrong : {std::string(), std::string(65, 'r'), std::string("a b"),
                              std::string("\x7f"), std::string("\xC3\xA9")}) {
        auto body = with("reference", wrong);
        BOOST_TEST(read_reference(body).empty(), wrong);
        BOOST_TEST(faults_of(body) == "reference ", wrong);
    }
}

BOOST_AUTO_TEST_CASE(variables_are_bounded_texts_in_the_order_of_their_names) {
    json_body body(R"({"variables":{"payee":"A. Smith & Co.","amount":"12.50 EUR"}})");
    auto const read = read_variables(body, {"amount", "payee"});
    BOOST_TEST_REQUIRE(read.size() == 2U);
    BOOST_TEST((read[0] == otp::variable{"amount", "12.50 EUR"}));
    BOOST_TEST((read[1] == otp::variable{"payee", "A. Smith & Co."}));
    BOOST_TEST(body.valid());
    json_body none("{}");
    BOOST_TEST(read_variables(none, {}).empty());
    BOOST_TEST(none.valid());
    auto const of_value = [](std::string const& value) {
        return R"({"variables":{"a":")" + value + R"("}})";
    };
    for (auto const& good : {std::string("x"), std::string(100, '~'), std::string("{code}")}) {
        json_body one(of_value(good));
        BOOST_TEST(read_variables(one).at(0).value == good);
    }
    for (auto const& wrong :
         {of_value(""), of_value(std::string(101, 'x')), of_value("`"), of_value("caf\xC3\xA9"),
          of_value("\\n"), std::string(R"({"variables":{"":"x"}})"),
          std::string(R"({"variables":{"A":"x"}})"), std::string(R"({"variables":{"a-b":"x"}})"),
          std::string(R"({"variables":{"a":1}})"), std::string(R"({"variables":"x"})")}) {
        json_body one(wrong);
        BOOST_TEST(read_variables(one).empty(), wrong);
        BOOST_TEST(faults_of(one) == "variables ", wrong);
    }
}

BOOST_AUTO_TEST_CASE(a_send_brings_the_variables_of_its_purpose_and_no_others) {
    for (auto const* text :
         {"{}", R"({"variables":null})", R"({"variables":{}})", R"({"variables":{"amount":"1"}})",
          R"({"variables":{"amount":"1","payer":"x"}})",
          R"({"variables":{"amount":"1","payee":"x","iban":"y"}})"}) {
        json_body body(text);
        static_cast<void>(read_variables(body, {"amount", "payee"}));
        BOOST_TEST(faults_of(body) == "variables ", text);
    }
    json_body unasked(R"({"variables":{"amount":"1"}})");
    static_cast<void>(read_variables(unasked, {}));
    BOOST_TEST(faults_of(unasked) == "variables ");
}

BOOST_AUTO_TEST_CASE(name_no_purpose_of_an_identity_provider) {
    for (auto const* const text : {"hook:supabase", "hook:", " HOOK:x"}) {
        auto body = with("purpose", text);
        BOOST_TEST(!read_purpose(body), text);
        BOOST_TEST(faults_of(body) == "purpose ", text);
    }
    auto body = with("purpose", "hooks");
    BOOST_TEST(read_purpose(body)->name() == "hooks");
}

// Serialisers write null for an unset member.
BOOST_AUTO_TEST_CASE(an_optional_member_that_is_null_is_as_if_it_were_absent) {
    json_body body(R"({"purpose":null,"route_id":null,"route_plan":null,"max_price":null,)"
                   R"("end_user_ip":null,"locale":null,"web_otp_host":null,)"
                   R"("web_otp_frame_host":null,"app_hash":null,)"
                   R"("verification_id":null,"device":null,"reference":null,"variables":null})");
    BOOST_TEST(read_purpose(body)->name() == purpose::default_name);
    auto const route = read_route_id(body);
    BOOST_TEST(!route);
    BOOST_TEST(!read_route_plan(body, route));
    BOOST_TEST(!read_max_price(body));
    BOOST_TEST(!read_end_user_address(body));
    BOOST_TEST(!read_device(body));
    BOOST_TEST(read_locale(body).text.empty());
    BOOST_TEST(!read_autofill_suffix(body, shop));
    BOOST_TEST(!read_verification_id(body));
    BOOST_TEST(read_reference(body).empty());
    BOOST_TEST(read_variables(body).empty());
    BOOST_TEST(body.valid());
}

BOOST_AUTO_TEST_CASE(a_required_member_that_is_null_is_none) {
    json_body body(R"({"phone_number":null,"code":null})");
    BOOST_TEST(!read_phone_number(body));
    BOOST_TEST(!read_code(body, 6));
    BOOST_TEST(faults_of(body) == "phone_number code ");
}

BOOST_AUTO_TEST_CASE(a_last_line_is_a_host_or_a_hash) {
    using kind = otp::autofill_suffix::kind;
    auto host = with("web_otp_host", "login.example.com");
    auto const web = read_autofill_suffix(host, shop).value();
    BOOST_TEST((web.type == kind::web_otp));
    BOOST_TEST(web.text == "login.example.com");
    BOOST_TEST(web.frame.empty());
    auto hash = with("app_hash", "FA+9qCX9VSu");
    auto const app = read_autofill_suffix(hash, shop).value();
    BOOST_TEST((app.type == kind::app_hash));
    BOOST_TEST(app.text == "FA+9qCX9VSu");
    json_body none("{}");
    BOOST_TEST(!read_autofill_suffix(none, shop));
    BOOST_TEST(none.valid());
}

BOOST_AUTO_TEST_CASE(a_last_line_may_have_a_second_host_for_a_page_in_a_frame) {
    json_body both(R"({"web_otp_host":"login.example.com","web_otp_frame_host":"pay.example"})");
    auto const web = read_autofill_suffix(both, shop).value();
    BOOST_TEST(web.text == "login.example.com");
    BOOST_TEST(web.frame == "pay.example");
    auto alone = with("web_otp_frame_host", "pay.example");
    BOOST_TEST(!read_autofill_suffix(alone, shop));
    BOOST_TEST(faults_of(alone) == "web_otp_frame_host ");
    json_body others(R"({"web_otp_host":"login.example.com","web_otp_frame_host":"evil.example"})");
    BOOST_TEST(!read_autofill_suffix(others, shop));
    BOOST_TEST(faults_of(others) == "web_otp_frame_host ");
}

// A browser fills in the code on that host's pages, so the operator lists the client's hosts.
BOOST_AUTO_TEST_CASE(a_last_line_has_a_host_that_the_client_may_name) {
    for (char const* wrong :
         {"", "evil.example", "example.com", "x.login.example.com", "Login.example.com",
          "login.example.com.", "login.example.com\n@b.com", "login.example.com #1"}) {
        auto bad = with("web_otp_host", wrong);
        BOOST_TEST(!read_autofill_suffix(bad, shop), wrong);
        BOOST_TEST(faults_of(bad) == "web_otp_host ", wrong);
    }
    auto host = with("web_otp_host", "login.example.com");
    BOOST_TEST(!read_autofill_suffix(host, otp::client()));
    BOOST_TEST(faults_of(host) == "web_otp_host ");
}

BOOST_AUTO_TEST_CASE(a_last_line_has_a_hash_of_eleven_characters) {
    for (auto const* wrong : {"", "FA+9qCX9VS", "FA+9qCX9VSuu", "FA+9qCX9VS=", "FA-9qCX9VSu",
                              "FA+9qCX9VS\n", "FA+9 CX9VSu"}) {
        auto bad = with("app_hash", wrong);
        BOOST_TEST(!read_autofill_suffix(bad, shop), wrong);
        BOOST_TEST(faults_of(bad) == "app_hash ", wrong);
    }
}

BOOST_AUTO_TEST_CASE(a_message_has_one_last_line) {
    json_body both(R"({"web_otp_host":"a.example","app_hash":"FA+9qCX9VSu"})");
    BOOST_TEST(!read_autofill_suffix(both, shop));
    BOOST_TEST(faults_of(both) == "app_hash ");
}

// All faults are reported at once.
BOOST_AUTO_TEST_CASE(faults_of_several_fields_are_named_together) {
    json_body body(R"({"phone_number":"1","end_user_ip":7,"locale":"x","app_hash":"y"})");
    read_phone_number(body);
    read_end_user_address(body);
    read_locale(body);
    read_autofill_suffix(body, shop);
    BOOST_TEST(faults_of(body) == "phone_number end_user_ip locale app_hash ");
}

BOOST_AUTO_TEST_SUITE_END()
