// The config.toml of the repository is the table of keys, written out: every setting with its
// default and what is allowed, and an example of each table that may be repeated. This test writes
// it out again and compares, so the two cannot part.

#include "tables.hpp"

#include <fstream>
#include <iterator>
#include <sstream>

using namespace settings_test;

namespace {

std::string entry(setting_key const& key) {
    std::string out = "\n# " + std::string(key.help) + "\n# Must be " + key.allowed_values() + '.';
    if (!key.alias.empty()) out += " Also " + std::string(key.alias) + '.';
    out += '\n' + std::string(key.secret ? "# " : "") + std::string(key.name) + " = ";
    return out + toml_literal(key.kind, key.initial) + '\n';
}

std::string example(table_key const& key) {
    return "\n# " + std::string(key.help) + "\n# Must be " + std::string(key.allowed) + '.' +
           (key.required ? " Required." : "") + '\n' + (key.alternative.empty() ? "#" : "# ") +
           std::string(key.name) + " = " + toml_literal(key.kind, key.example) + '\n';
}

/// What may stand in each table of a list: words only, its example is the list's.
std::string parts_of(table_key const& key) {
    std::string out;
    if (key.parts == nullptr) return out;
    for (auto const& each : key.parts())
        out += "\n# In a " + std::string(key.part) + ", " + std::string(each.name) + " = " +
               toml_literal(each.kind, each.example) + ": " + std::string(each.help) +
               "\n# Must be " + std::string(each.allowed) + ".\n";
    return out;
}

std::string examples() {
    std::string out = "\n# Tables that may be repeated, in this file only. An example of each is "
                      "commented out with a # and no "
                      "space.\n";
    std::string_view table;
    for (auto const& key : table_keys()) {
        auto const name = std::string(key.table);
        if (key.table != table)
            out += "\n# " + std::string(otpd::app::help_of_table(table = key.table)) + "\n#[[" +
                   name + "]]\n";
        out += example(key) + parts_of(key);
    }
    return out;
}

std::string expected_file() {
    std::string out =
        "# Every setting of otpd with its default. A value is taken from the first of these that "
        "has it: "
        "an option,\n# the environment (OTPD_SECTION_KEY, or the name after \"Also\"), .env in the "
        "working directory, this file.\n# Secrets belong into the environment or into .env; here "
        "they "
        "are commented out.\n";
    std::string_view section;
    for (auto const& key : setting_keys()) {
        if (key.section != section) out += "\n[" + std::string(key.section) + "]\n";
        section = key.section;
        out += entry(key);
    }
    return out + examples();
}

std::string shipped_file() {
    std::ifstream in(OTPD_SOURCE_DIR "/config.toml");
    return {std::istreambuf_iterator<char>(in), {}};
}

/// With its examples made part of it.
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

BOOST_AUTO_TEST_CASE(it_is_the_table_written_out) {
    auto const expected = expected_file();
    BOOST_TEST(shipped_file() == expected, "config.toml should be:\n" << expected);
}

BOOST_AUTO_TEST_CASE(it_changes_nothing) {
    auto const all = good(with_config(shipped_file()));
    auto const defaults = settings::defaults();
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
    BOOST_TEST_REQUIRE(all.own_limits.size() == 1U);
    BOOST_TEST(all.own_limits.front().client == client.name);
    BOOST_TEST_REQUIRE(all.templates.size() == 1U);
    BOOST_TEST(all.templates.front().locale.text == "nl");
    BOOST_TEST_REQUIRE(all.test_numbers.size() == 1U);
    BOOST_TEST_REQUIRE(all.route_plans.size() == 1U);
    BOOST_TEST(all.route_plans.front().steps.size() == 3U);
    BOOST_TEST_REQUIRE(all.budgets.size() == 1U);
    BOOST_TEST(all.budgets.front().only == client.name);
    BOOST_TEST_REQUIRE(all.webhook_endpoints.size() == 1U);
    BOOST_TEST(all.webhook_endpoints.front().client == client.name);
}

BOOST_AUTO_TEST_CASE(it_is_good_with_its_secrets_filled_in_too) {
    auto text = shipped_file();
    for (auto const& key : setting_keys()) {
        auto const commented = "\n# " + std::string(key.name) + " = ";
        if (auto const at = text.find(commented); key.secret && at != std::string::npos)
            text.erase(at + 1, 2);
    }
    auto const bare = faults(otpd::app::settings_sources{
        {}, {{"BRIDGEXAPI_API_KEY", "key-for-tests"}}, {}, otpd::app::source_file{"x", text}});
    BOOST_TEST(bare.empty());
}

BOOST_AUTO_TEST_SUITE_END()
