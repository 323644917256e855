/// Settings from config.toml, .env and the environment. With any contents, the program must start
/// or report the faults: one line each, which names the position or the key and contains no secret.
/// The input has three parts, separated by a line `----`.

#include "app/settings.hpp"
#include "target.hpp"

#include <algorithm>
#include <chrono>
#include <string>

using otpd::fuzz::cutter;
using otpd::fuzz::must;
using namespace otpd::app;

namespace {

/// A part of the secrets in the environment. It must not appear anywhere else.
constexpr std::string_view canary = "c4n4ry";

/// The text up to the next line `----`.
std::string part(std::string_view& rest) {
    constexpr std::string_view mark = "\n----\n";
    auto const end = std::min(rest.find(mark), rest.size());
    std::string text(rest.substr(0, end));
    rest.remove_prefix(std::min(end + mark.size(), rest.size()));
    return text;
}

settings_sources read_sources(std::string_view bytes) {
    settings_sources from;
    from.config = source_file{"config.toml", part(bytes)};
    from.dotenv = source_file{".env", part(bytes)};
    cutter lines(bytes);
    while (!lines.rest().empty()) {
        auto const line = lines.line();
        auto const equals = std::min(line.find('='), line.size());
        from.environment.emplace(line.substr(0, equals),
                                 line.substr(std::min(equals + 1, line.size())));
    }
    // Some are valid; others are too short, or contain characters that no header may have.
    from.environment.emplace("BRIDGEXAPI_API_KEY", "key-" + std::string(canary));
    from.environment.emplace("OTPD_OTP_HMAC_SECRET",
                             std::string(canary) +
                                 (bytes.size() % 2 == 0 ? "-0123456789abcdef0123456789" : ""));
    return from;
}

bool is_one_line(std::string_view text) {
    return !text.empty() &&
           std::ranges::none_of(text, [](char c) { return c == '\n' || c == '\r' || c == '\0'; });
}

bool names_a_place(std::string_view line) {
    // A name that looks like a password is not repeated; the message then contains its position.
    auto const has = [line](std::string_view part) {
        return line.find(part) != std::string_view::npos;
    };
    return has(".") || has("[") || has("OTPD_") || has("\"") || has("in the environment");
}

} // namespace

OTPD_FUZZ_TARGET(configuration) {
    if (bytes.find(canary) != std::string_view::npos) return; // it is no secret in that case
    auto const loaded = load_settings(read_sources(bytes));
    if (!loaded) {
        must(!loaded.error().lines.empty(), "who refuses says why");
        for (auto const& line : loaded.error().lines) {
            must(is_one_line(line), "a fault is one line");
            must(names_a_place(line), "a fault names a key or a place");
            must(line.find(canary) == std::string::npos, "a fault repeats no secret");
        }
        return;
    }
    for (auto const& line : describe(*loaded))
        must(is_one_line(line.key) && line.value.find(canary) == std::string::npos,
             "no secret is described");
    must(changed_keys(*loaded, *loaded).empty(), "settings are equal to themselves");
    auto const today = std::chrono::sys_days(std::chrono::year(2026) / 11 / 26);
    for (auto const& note : settings_notes(*loaded, today))
        must(note.find(canary) == std::string::npos, "no note repeats a secret");
}
