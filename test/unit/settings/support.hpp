#pragma once

/// Loads settings from texts, with the one key that has no default.

#include "app/settings.hpp"
#include "app/settings/keys.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace settings_test {

using otpd::app::load_settings;
using otpd::app::setting_key;
using otpd::app::setting_keys;
using otpd::app::settings;
using otpd::app::settings_sources;

using names = std::map<std::string, std::string>;

inline settings_sources sources(names environment = {}) {
    settings_sources out;
    environment.emplace("BRIDGEXAPI_API_KEY", "key-for-tests");
    out.environment = std::move(environment);
    return out;
}

inline settings_sources with_config(std::string text, names environment = {}) {
    auto out = sources(std::move(environment));
    out.config = otpd::app::source_file{"config.toml", std::move(text)};
    return out;
}

inline settings_sources with_dotenv(std::string text, names environment = {}) {
    auto out = sources(std::move(environment));
    out.dotenv = otpd::app::source_file{".env", std::move(text)};
    return out;
}

inline std::vector<std::string> faults(settings_sources const& from) {
    auto const loaded = load_settings(from);
    return loaded ? std::vector<std::string>() : loaded.error().lines;
}

/// The settings; fails the test with their faults if there are any.
inline settings good(settings_sources const& from) {
    for (auto const& line : faults(from))
        BOOST_ERROR(line);
    return load_settings(from).value();
}

/// The only fault; fails the test if there is not exactly one.
inline std::string fault(settings_sources const& from) {
    auto const lines = faults(from);
    BOOST_TEST_REQUIRE(lines.size() == 1U);
    return lines.front();
}

inline setting_key const& key(std::string_view path) {
    auto const keys = setting_keys();
    auto const found =
        std::ranges::find_if(keys, [&](setting_key const& key) { return key.path() == path; });
    BOOST_TEST_REQUIRE((found != keys.end()));
    return *found;
}

inline std::string shown(settings const& all, std::string_view path) {
    return key(path).show(all);
}

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// Long enough for every kind of secret.
inline std::string const good_secret = "0123456789abcdef0123456789abcdef";

/// For an address that other machines reach, with all that this requires.
inline names on_network(names more = {}) {
    more.emplace("OTPD_SERVER_LISTEN", "0.0.0.0:8000");
    more.emplace("API_AUTH_TOKEN", good_secret);
    more.emplace("OTPD_MONEY_DAILY_CAP", "25");
    return more;
}

/// Consecutive capital letters from `first` on: a secret must have different characters.
inline std::string letters_from(char first, std::size_t length = 32) {
    constexpr std::size_t letters = 26;
    std::string out;
    for (std::size_t i = 0; i < length; ++i)
        out += static_cast<char>('A' + (static_cast<std::size_t>(first - 'A') + i) % letters);
    return out;
}

} // namespace settings_test
