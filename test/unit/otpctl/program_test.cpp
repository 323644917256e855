// What otpctl asks for each command, what it prints, and how it ends.

#include "otpctl/program.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <sstream>

using namespace otpd::otpctl;

namespace {

/// otpctl with an otpd that answers as a test says.
struct fixture {
    int run(std::vector<char const*> words) {
        words.insert(words.begin(), "otpctl");
        auto const variable = [this](char const* name) { return environment[name]; };
        auto const ask = [this](place const& at, call const& what) {
            asked_at = at;
            asked.push_back(what.verb + ' ' + what.target + ' ' + what.body);
            if (asked.size() <= pages.size()) return reply{200, pages[asked.size() - 1]};
            auto const found = answers.find(what.target);
            return found == answers.end() ? reply{404, R"({"code":"not_found"})"} : found->second;
        };
        return otpd::otpctl::run(static_cast<int>(words.size()), words.data(),
                                 {input, output, errors, variable, ask});
    }

    std::map<std::string, std::string> environment;
    std::map<std::string, reply> answers;
    std::vector<std::string> pages; ///< the first answers, whatever is asked
    std::vector<std::string> asked;
    place asked_at;
    std::istringstream input;
    std::ostringstream output, errors;
};

} // namespace

BOOST_AUTO_TEST_SUITE(otpctl_program)

BOOST_AUTO_TEST_CASE(every_command_makes_its_request) {
    std::string const id(64, 'a');
    std::vector<std::pair<std::vector<char const*>, std::string>> const expected{
        {{"find", "316"}, R"(POST /numbers/find {"phone_number":"316"})"},
        {{"limits", "316"}, R"(POST /numbers/limits {"phone_number":"316"})"},
        {{"why", id.c_str()}, "GET /verifications/" + id + ' '},
        {{"unlock", "316", "--reason=r", "--client=a"},
         R"(POST /numbers/unlock {"phone_number":"316","reason":"r","client":"a"})"},
        {{"forget", "316", "--client=a"},
         R"(POST /numbers/forget-devices {"phone_number":"316","client":"a"})"},
        {{"deny", "NL", "--for=1h", "--reason=r"},
         R"(POST /destinations {"destination":"NL","action":"deny","for_seconds":3600,"reason":"r"})"},
        {{"end", "trust", "NL", "--reason=r"},
         R"(POST /destinations/end {"destination":"NL","action":"trust","reason":"r"})"},
        {{"destinations"}, "GET /destinations "},
        {{"clients"}, "GET /clients "},
        {{"reload"}, "POST /reload {}"},
        {{"stats"}, "GET /stats "},
        {{"drain"}, "POST /drain {}"},
        {{"drain", "--reason=r"}, R"(POST /drain {"reason":"r"})"},
    };
    for (auto const& [words, request] : expected) {
        fixture f;
        for (auto const* path :
             {"/numbers/find", "/numbers/limits", "/numbers/unlock", "/numbers/forget-devices",
              "/destinations", "/destinations/end", "/clients", "/reload", "/stats", "/drain"})
            f.answers[path] = {200, R"({"status":"done"})"};
        f.answers["/verifications/" + id] = {200, "{}"};
        BOOST_TEST(f.run(words) == 0, words.front() << ": " << f.errors.str());
        BOOST_TEST((f.asked == std::vector{request}), f.asked.front() << " is not " << request);
        BOOST_TEST(f.output.str() != "");
    }
}

BOOST_AUTO_TEST_CASE(unlock_acts_on_every_client_that_find_shows) {
    fixture f;
    f.answers["/numbers/find"] = {200, R"({"clients":[{"client":"a"},{"client":"b"}]})"};
    f.answers["/numbers/unlock"] = {200, R"({"status":"number_unlocked"})"};
    BOOST_TEST(f.run({"unlock", "316", "--reason=r"}) == 0);
    BOOST_REQUIRE(f.asked.size() == 3U);
    BOOST_TEST(f.asked[1].ends_with(R"("client":"a"})"));
    BOOST_TEST(f.asked[2].ends_with(R"("client":"b"})"));
    BOOST_TEST(f.output.str() == "status  number_unlocked\nstatus  number_unlocked\n");
}

BOOST_AUTO_TEST_CASE(answers_about_many_clients_are_joined) {
    fixture f;
    f.pages = {R"({"phone_number":"*5","clients":[{"client":"a"}],"next_client":"b",
                   "limits":[{"name":"x","reset_seconds":9},{"name":"own","client":"a"}]})",
               R"({"phone_number":"*5","clients":[{"client":"b"}],"next_client":null,
                   "limits":[{"name":"x","reset_seconds":8},{"name":"y"},
                             {"name":"own","client":"b"}]})"};
    BOOST_TEST(f.run({"find", "316"}) == 0);
    BOOST_REQUIRE(f.asked.size() == 2U);
    BOOST_TEST(f.asked[1] == R"(POST /numbers/find {"phone_number":"316","from_client":"b"})");
    auto const text = f.output.str();
    for (auto const* line : {"\na  ", "\nb  ", "\nx  ", "\ny  ", "\nown of a  ", "\nown of b  "})
        BOOST_TEST(text.find(line) != std::string::npos, line);
    BOOST_TEST(text.find("\nx  ") == text.rfind("\nx  "));
}

BOOST_AUTO_TEST_CASE(a_refusal_for_one_client_keeps_no_other_from_it) {
    fixture f;
    f.answers["/numbers/find"] = {200, R"({"clients":[{"client":"a"},{"client":"b"}]})"};
    f.answers["/numbers/forget-devices"] = {503,
                                            R"({"detail":"Not now.","code":"store_unavailable"})"};
    BOOST_TEST(f.run({"forget", "316"}) == 1);
    BOOST_TEST(f.asked.size() == 3U);
    BOOST_TEST(f.errors.str() == "otpctl: a: Not now. [store_unavailable]\n"
                                 "b: Not now. [store_unavailable]\n");
}

BOOST_AUTO_TEST_CASE(a_number_that_no_client_knows_is_a_refusal) {
    fixture f;
    f.answers["/numbers/find"] = {200, R"({"clients":[]})"};
    BOOST_TEST(f.run({"unlock", "316", "--reason=r"}) == 1);
    BOOST_TEST(f.errors.str() == "otpctl: no client knows this number: is it typed right?\n");
}

BOOST_AUTO_TEST_CASE(a_number_can_come_from_the_input) {
    fixture f;
    f.input.str(" +31612345678 \r\nmore\n");
    f.answers["/numbers/find"] = {200, R"({"phone_number":"*5678"})"};
    BOOST_TEST(f.run({"find", "-"}) == 0);
    BOOST_TEST(f.asked.front() == R"(POST /numbers/find {"phone_number":"+31612345678"})");
    fixture without;
    BOOST_TEST(without.run({"find", "-"}) == 2);
}

BOOST_AUTO_TEST_CASE(json_is_printed_as_it_came) {
    fixture f;
    f.answers["/stats"] = {200, R"({ "x":1.50 })"};
    BOOST_TEST(f.run({"stats", "--json"}) == 0);
    BOOST_TEST(f.output.str() == "{ \"x\":1.50 }\n");
    f.answers["/stats"] = {503, R"({"detail":"No."})"};
    BOOST_TEST(f.run({"stats", "--json"}) == 1);
    BOOST_TEST(f.output.str() == "{ \"x\":1.50 }\n{\"detail\":\"No.\"}\n");
    BOOST_TEST(f.errors.str() == "otpctl: No.\n");
}

BOOST_AUTO_TEST_CASE(refusals_end_with_1_and_wrong_usage_with_2) {
    fixture f;
    BOOST_TEST(f.run({"stats"}) == 1);
    BOOST_TEST(f.errors.str() == "otpctl: this otpd has no /stats: is it an older version?\n");
    f.answers["/stats"] = {500, "<html>"};
    BOOST_TEST(f.run({"stats"}) == 1);
    f.answers["/reload"] = {422, R"({"detail":"Bad settings.","errors":[{"msg":"a.b is wrong"}]})"};
    f.errors.str("");
    BOOST_TEST(f.run({"reload"}) == 1);
    BOOST_TEST(f.errors.str() == "otpctl: Bad settings.\n  a.b is wrong\n");
    BOOST_TEST(f.run({"frobnicate"}) == 2);
    BOOST_TEST(f.run({"why", "../numbers"}) == 2);
    BOOST_TEST(f.run({"stats", "--url=https://a"}) == 2);
    BOOST_TEST(f.run({"--help"}) == 0);
}

BOOST_AUTO_TEST_CASE(the_socket_may_be_named_as_otpd_has_it) {
    fixture f;
    f.answers["/stats"] = {200, "{}"};
    f.environment["OTPD_ADMIN_SOCKET"] = "/a";
    BOOST_TEST(f.run({"stats"}) == 0);
    BOOST_TEST(f.asked_at.socket == "/a");
    f.environment["OTPD_SOCKET"] = "/b";
    BOOST_TEST(f.run({"stats"}) == 0);
    BOOST_TEST(f.asked_at.socket == "/b");
}

BOOST_AUTO_TEST_CASE(the_token_goes_with_a_url_only) {
    fixture f;
    f.environment["OTPD_ADMIN_TOKEN"] = "token-of-the-operator";
    f.answers["/stats"] = {200, "{}"};
    BOOST_TEST(f.run({"stats"}) == 0);
    BOOST_TEST(f.asked_at.socket == default_socket);
    BOOST_TEST(f.asked_at.token.empty());
    BOOST_TEST(f.run({"stats", "--url", "http://127.0.0.1:9464/"}) == 0);
    BOOST_TEST(f.asked_at.socket == "");
    BOOST_TEST(f.asked_at.host == "127.0.0.1");
    BOOST_TEST(f.asked_at.port == "9464");
    BOOST_TEST(f.asked_at.token.reveal() == "token-of-the-operator");
    f.answers["/stats"] = {401, R"({"detail":"Who?"})"};
    BOOST_TEST(f.run({"stats", "--url", "http://[::1]:9464"}) == 1);
    BOOST_TEST(f.asked_at.host == "::1");
    BOOST_TEST(f.errors.str() == "otpctl: Who?; set OTPD_ADMIN_TOKEN, or --token-file\n");
    f.environment["OTPD_ADMIN_TOKEN"] = "a\r\nb";
    BOOST_TEST(f.run({"stats", "--url", "http://127.0.0.1"}) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
