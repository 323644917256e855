#include "otpd/app/settings_keys.hpp"

#include "settings_rows.hpp"

#include <stdexcept>

namespace otpd::app {

namespace {

using values::place;

constexpr rules::words<5> level_names{"trace", "debug", "info", "warn", "error"};

std::optional<log_level> parse_level(std::string_view text) {
    return rules::parse_word<log_level>(level_names, text);
}

std::string show_level(settings const& from) {
    return std::string(to_string(from.log.level));
}

constexpr setting_key log_rows[] = {
    row("log", "level", "info", "Lowest level that is written.")
        .parsed<place<&settings::log, &log_settings::level>, parse_level>(
            value_kind::text, show_level, "trace, debug, info, warn or error"),
    row("log", "queue_lines_max", "8192",
        "Lines that may wait to be written; then the oldest is lost.")
        .whole<place<&settings::log, &log_settings::queue_lines_max>>(16, 1'000'000, "lines"),
};

std::vector<setting_key> all_keys() {
    std::vector<setting_key> all;
    for (auto const section :
         {server_keys(), otp_keys(), store_keys(), limit_keys(), route_keys(), log_keys()})
        all.insert(all.end(), section.begin(), section.end());
    return all;
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

} // namespace

std::string setting_key::path() const {
    return std::string(section) + '.' + std::string(name);
}

std::string setting_key::environment_name() const {
    return "OTPD_" + upper(section) + '_' + upper(name);
}

std::string setting_key::allowed_values() const {
    if (!allowed.empty()) return std::string(allowed);
    std::string out = kind == value_kind::whole ? "a whole number" : "a number";
    out += " from " + values::format_number(min) + " to " + values::format_number(max);
    if (!unit.empty()) out += ' ' + std::string(unit);
    return out;
}

std::span<setting_key const> log_keys() noexcept {
    return log_rows;
}

std::span<setting_key const> setting_keys() noexcept {
    static auto const all = all_keys();
    return all;
}

std::string_view to_string(log_level level) noexcept {
    return level_names[static_cast<std::size_t>(level)];
}

settings settings::defaults() {
    settings out;
    for (auto const& key : setting_keys())
        if (!key.read(out, key.initial, key)) throw std::logic_error("bad default: " + key.path());
    return out;
}

} // namespace otpd::app
