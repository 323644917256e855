// The config.toml of the repository is the table of keys, written out: every setting with its
// default and what is allowed. This test writes it out again and compares, so the two cannot part.

#include "support.hpp"

#include <fstream>
#include <iterator>
#include <sstream>

using namespace settings_test;
using otpd::app::value_kind;

namespace {

std::string toml_literal(setting_key const& key) {
    auto text = std::string(key.initial);
    switch (key.kind) {
    case value_kind::whole:
    case value_kind::number:
    case value_kind::boolean:
        return text;
    case value_kind::text:
        return '"' + text + '"';
    case value_kind::whole_list:
    case value_kind::text_list:
        break;
    }
    std::string spaced;
    for (char const c : text)
        spaced += c == ',' ? std::string(", ") : std::string(1, c);
    return '[' + spaced + ']';
}

std::string entry(setting_key const& key) {
    std::string out = "\n# " + std::string(key.help) + "\n# Must be " + key.allowed_values() + '.';
    if (!key.alias.empty()) out += " Also " + std::string(key.alias) + '.';
    out += '\n' + std::string(key.secret ? "# " : "") + std::string(key.name) + " = ";
    return out + toml_literal(key) + '\n';
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
    return out;
}

std::string shipped_file() {
    std::ifstream in(OTPD_SOURCE_DIR "/config.toml");
    return {std::istreambuf_iterator<char>(in), {}};
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
