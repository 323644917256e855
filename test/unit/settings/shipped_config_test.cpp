// The repository's config.toml and docs/configuration.md are the program's output: every setting
// with its default and allowed values, and an example of each table.

#include "tables.hpp"

#include <fstream>
#include <iterator>
#include <sstream>

using namespace settings_test;

namespace {

std::string shipped_file(char const* path = "/config.toml") {
    std::ifstream in(OTPD_SOURCE_DIR + std::string(path));
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The file with its examples uncommented.
std::string file_with_examples() {
    std::string out;
    std::istringstream in(shipped_file());
    for (std::string line; std::getline(in, line);) {
        bool const commented_out = line.size() > 1 && line[0] == '#' && line[1] != ' ';
        out += (commented_out ? line.substr(1) : line) + '\n';
    }
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(shipped_config)

BOOST_AUTO_TEST_CASE(it_is_what_the_program_prints) {
    BOOST_TEST((shipped_file() == otpd::app::config_file()),
               "make it again: otpd --print-config >config.toml");
    BOOST_TEST((shipped_file("/docs/configuration.md") == otpd::app::configuration_page()),
               "make it again: otpd --print-config=markdown >docs/configuration.md");
}

BOOST_AUTO_TEST_CASE(it_changes_nothing) {
    auto const all = good(with_config(shipped_file()));
    settings const defaults;
    for (auto const& key : setting_keys())
        if (key.path() != "bridgexapi.api_key") BOOST_TEST_CONTEXT(key.path()) {
                BOOST_TEST(key.show(all) == key.show(defaults));
            }
}

BOOST_AUTO_TEST_CASE(its_examples_are_good) {
    auto const all = good(with_config(file_with_examples()));
    BOOST_TEST_REQUIRE(all.clients.size() == 1U);
    auto const& client = all.clients.front().profile;
    BOOST_TEST(client.name == "shop");
    BOOST_TEST((client.purposes == std::vector<std::string>{"login", "payment"}));
    BOOST_TEST((client.web_otp_hosts == std::vector<std::string>{"pay.example", "shop.example"}));
    BOOST_TEST_REQUIRE(all.otp.limits.size() == 1U);
    BOOST_TEST(all.otp.limits.front().client == client.name);
    BOOST_TEST_REQUIRE(all.templates.size() == 1U);
    BOOST_TEST(all.templates.front().locale.text == "nl");
    BOOST_TEST_REQUIRE(all.purposes.size() == 1U);
    BOOST_TEST(all.purposes.front().plan == "login");
    BOOST_TEST_REQUIRE(all.test_numbers.size() == 1U);
    BOOST_TEST_REQUIRE(all.otp.plans.size() == 1U);
    BOOST_TEST(all.otp.plans.front().steps.size() == 3U);
    BOOST_TEST_REQUIRE(all.otp.budgets.size() == 1U);
    BOOST_TEST(all.otp.budgets.front().only == client.name);
    BOOST_TEST_REQUIRE(all.webhook_endpoints.size() == 1U);
    BOOST_TEST(all.webhook_endpoints.front().client == client.name);
    BOOST_TEST_REQUIRE(all.hooks.size() == 1U);
    BOOST_TEST(all.hooks.front().client == client.name);
}

BOOST_AUTO_TEST_CASE(it_is_good_with_its_secrets_filled_in_too) {
    auto text = shipped_file();
    for (auto const& key : setting_keys()) {
        auto const commented = "\n# " + key.name + " = ";
        if (auto const at = text.find(commented);
            (key.is_secret || key.is_file) && at != std::string::npos)
            text.erase(at + 1, 2);
    }
    auto const bare = faults(otpd::app::settings_sources{
        {}, {{"BRIDGEXAPI_API_KEY", "key-for-tests"}}, {}, otpd::app::source_file{"x", text}});
    BOOST_TEST(bare.empty());
}

BOOST_AUTO_TEST_SUITE_END()
