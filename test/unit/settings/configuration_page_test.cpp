// The table of docs/configuration.md has every key, with the default and the words of the table of
// keys.

#include "support.hpp"

#include <fstream>
#include <iterator>

using namespace settings_test;

namespace {

std::string code(std::string_view text) {
    return text.empty() ? std::string() : '`' + std::string(text) + '`';
}

std::string row(setting_key const& key) {
    return "| " + code(key.path()) + " | " + code(key.initial) + " | " + code(key.alias) + " | " +
           std::string(key.help) + " |\n";
}

} // namespace

BOOST_AUTO_TEST_SUITE(configuration_page)

BOOST_AUTO_TEST_CASE(it_has_every_key_in_order) {
    std::ifstream in(OTPD_SOURCE_DIR "/docs/configuration.md");
    std::string const page{std::istreambuf_iterator<char>(in), {}};
    std::string table;
    for (auto const& key : setting_keys())
        table += row(key);
    BOOST_TEST(page.ends_with('\n' + table),
               "docs/configuration.md should end with this:\n" + table);
}

BOOST_AUTO_TEST_SUITE_END()
