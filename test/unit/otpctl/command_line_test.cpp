// The command line of otpctl, and its times.

#include "otpctl/command_line.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace otpd::otpctl;

namespace {

invocation parsed(std::vector<char const*> words, std::string_view socket = {}) {
    words.insert(words.begin(), "otpctl");
    return parse_command_line(static_cast<int>(words.size()), words.data(), socket);
}

std::string fault_of(std::vector<char const*> const& words) {
    try {
        static_cast<void>(parsed(words));
        return "";
    } catch (usage_fault const& why) {
        return why.what();
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(otpctl_command_line)

BOOST_AUTO_TEST_CASE(a_command_has_its_operand_and_options) {
    auto const asked =
        parsed({"unlock", "+31612345678", "--reason", "ticket 4711", "--client=shop", "--json"});
    BOOST_TEST(asked.called->name == "unlock");
    BOOST_TEST(asked.operands.back() == "+31612345678");
    BOOST_TEST(asked.reason.value() == "ticket 4711");
    BOOST_TEST(asked.client.value() == "shop");
    BOOST_TEST(asked.as_json);
    BOOST_TEST(asked.socket == default_socket);
    BOOST_TEST(asked.timeout.count() == 35); // more than server.request_timeout_ms is
}

BOOST_AUTO_TEST_CASE(options_may_come_before_the_command) {
    auto const asked = parsed({"--socket", "/tmp/s", "--timeout", "2m", "deny", "--for", "1h",
                               "+4479", "--reason", "pumped"});
    BOOST_TEST(asked.called->name == "deny");
    BOOST_TEST(asked.operands.back() == "+4479");
    BOOST_TEST(asked.lasts.value().count() == 3600);
    BOOST_TEST(asked.timeout.count() == 120);
    BOOST_TEST(asked.socket == "/tmp/s");
}

BOOST_AUTO_TEST_CASE(the_socket_is_the_options_then_the_environments_then_the_packages) {
    BOOST_TEST(parsed({"stats"}, "/a").socket == "/a");
    BOOST_TEST(parsed({"stats", "--socket=/b"}, "/a").socket == "/b");
    BOOST_TEST(parsed({"stats"}).socket == "/run/otpd/otpd.sock");
}

BOOST_AUTO_TEST_CASE(a_hyphen_is_an_operand) {
    BOOST_TEST(parsed({"find", "-"}).operands.back() == "-");
}

BOOST_AUTO_TEST_CASE(end_has_an_action_and_a_destination) {
    auto const asked = parsed({"end", "deny", "NL", "--reason", "over"});
    BOOST_TEST((asked.operands == std::vector<std::string>{"deny", "NL"}));
    BOOST_TEST(fault_of({"end", "forbid", "NL", "--reason", "over"}) ==
               "end takes deny, trust or allow, and a destination");
}

BOOST_AUTO_TEST_CASE(help_and_version_need_nothing_else) {
    BOOST_TEST((parsed({"--help"}).what == invocation::asks_for::help));
    BOOST_TEST((parsed({"find", "--help"}).what == invocation::asks_for::help));
    BOOST_TEST((parsed({"--version"}).what == invocation::asks_for::version));
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_too_much_is_named) {
    BOOST_TEST(fault_of({}) == "say what to do");
    BOOST_TEST(fault_of({"lookup", "x"}) == "there is no command of that name");
    BOOST_TEST(fault_of({"find"}) == "usage: otpctl find NUMBER");
    BOOST_TEST(fault_of({"find", "1", "2"}) == "usage: otpctl find NUMBER");
    BOOST_TEST(fault_of({"stats", "now"}) == "usage: otpctl stats");
    BOOST_TEST(fault_of({"unlock", "1"}) == "unlock needs --reason");
    BOOST_TEST(fault_of({"deny", "NL", "--reason", "x"}) == "deny needs --for");
    BOOST_TEST(fault_of({"find", "1", "--for", "1h"}) == "find takes no --for");
    BOOST_TEST(fault_of({"deny", "NL", "--for", "1", "--reason", "x"}) ==
               "--for takes a time, such as 90s, 15m, 1h or 7d");
    BOOST_TEST(fault_of({"stats", "--socket=/a", "--url=http://b"}) ==
               "--socket and --url are two places");
    BOOST_TEST(fault_of({"stats", "--token-file=/a"}) ==
               "--token-file needs --url: the socket asks for no token");
}

BOOST_AUTO_TEST_CASE(a_fault_never_repeats_the_operand) {
    for (auto const& words :
         std::vector<std::vector<char const*>>{{"find", "31612345678", "31612345678"},
                                               {"31612345678"},
                                               {"find", "--31612345678"},
                                               {"find", "-31612345678"},
                                               {"find", "--json=31612345678"},
                                               {"unlock", "31612345678", "--reason"}})
        BOOST_TEST(fault_of(words).find("31612345678") == std::string::npos, fault_of(words));
}

BOOST_AUTO_TEST_CASE(options_are_written_out) {
    BOOST_TEST(fault_of({"stats", "--js"}) != "");
    BOOST_TEST(fault_of({"stats", "--frobnicate"}) != "");
}

BOOST_AUTO_TEST_CASE(every_command_is_in_the_help_once) {
    std::set<std::string_view> names;
    for (auto const& command : commands()) {
        BOOST_TEST(names.insert(command.name).second, command.name);
        BOOST_TEST(usage().find("\n  " + std::string(command.name) + ' ') != std::string::npos,
                   command.name);
    }
}

BOOST_AUTO_TEST_CASE(times_are_a_number_and_a_unit) {
    auto const seconds = [](std::string_view text) {
        auto const value = parse_duration(text);
        return value ? value->count() : -1;
    };
    BOOST_TEST(seconds("90s") == 90);
    BOOST_TEST(seconds("15m") == 900);
    BOOST_TEST(seconds("1h") == 3600);
    BOOST_TEST(seconds("7d") == 604'800);
    BOOST_TEST(seconds("0s") == 0);
    BOOST_TEST(seconds("3660d") == 316'224'000);
    for (auto const* bad : {"", "s", "1", "1x", "-1s", "1.5h", " 1h", "1h ", "+1h", "1hh", "3661d",
                            "99999999999999999999s", "9223372036854775807d"})
        BOOST_TEST(seconds(bad) == -1, bad);
}

BOOST_AUTO_TEST_SUITE_END()
