// Prints settings for people: for the log, after a reload, as config.toml and as a page.

#include "keys.hpp"
#include "settings.hpp"

#include <sstream>
#include <utility>

namespace otpd::app {

namespace {

// --- config.toml --------------------------------------------------------------------------------

constexpr std::string_view file_head =
    "# Every setting of otpd with its default. A value is taken from the first of these that has "
    "it: an option,\n# the environment (OTPD_SECTION_KEY, or the name after \"Also\"), .env in the "
    "working directory, this file.\n# Secrets belong into files of their own, the environment or "
    ".env; here they are commented out.\n";

std::string toml_list(std::string_view text, std::string const& quote) {
    std::string items;
    for (auto const item : values::split_list(text))
        items += (items.empty() ? "" : ", ") + quote + std::string(item) + quote;
    return '[' + items + ']';
}

std::string must_be(key_words const& key) {
    auto out = "Must be " + key.allowed + '.';
    if (key.is_required) out += " Required.";
    if (!key.alias.empty()) out += " Also " + key.alias + '.';
    if (key.needs_restart) out += " A change needs a restart.";
    return out;
}

/// The key for a secret's file follows without a description of its own.
std::string entry(key_words const& key, std::string_view comment) {
    std::string out;
    if (!key.is_file) out = "\n# " + key.help + "\n# " + must_be(key) + '\n';
    out.append(comment).append(key.name + " = " + toml_literal(key.kind, key.initial));
    if (key.is_file && !key.alias.empty()) out += " # Also " + key.alias + '.';
    return out + '\n';
}

/// The keys of a list's tables, as comments only. The example is that of the list.
std::string parts_of(key_words const& key) {
    std::string out;
    for (auto const& part : key.parts)
        out += "\n# In a " + key.part + ", " + part.name + " = " +
               toml_literal(part.kind, part.initial) + ": " + part.help + "\n# Must be " +
               part.allowed + ".\n";
    return out;
}

// --- the page -----------------------------------------------------------------------------------

constexpr std::string_view page_head = R"md(# Configuration

How otpd is set up, and every setting with its default. [config.toml](../config.toml) is the same
list as a working configuration file. `otpd --print-config` prints that file, and
`otpd --print-config=markdown` this page.

## Where a value comes from

The first of these that has the setting wins:

1. an option of the program (`otpd --help`);
2. the environment;
3. `.env` in the working directory;
4. the file that `--config` names, else `config.toml` in the working directory.

The key `section.key` is `OTPD_SECTION_KEY` in the environment. Keys under *also known as* have a
second name, that of the reference service.

Each secret has a second key that ends in `_file` and names a file with the secret in it:
`OTP_HMAC_SECRET_FILE=/run/secrets/hmac`. systemd's credentials, and the secrets of Docker and of
Kubernetes, are such files. Set the one or the other, not both. Otherwise put secrets into the
environment or into `.env`. [Operations](operations.md#secrets) says which they are and how to
replace them.

## What to set first

| environment | what |
|---|---|
| `BRIDGEXAPI_API_KEY` | the BridgeXAPI account that pays; required |
| `API_AUTH_TOKEN` | the token that clients send as `Authorization: Bearer`; may be unset on a loopback address only |
| `OTP_HMAC_SECRET` | keys the codes; required with every store but `memory:`, and the same for all instances |
| `OTPD_MONEY_DAILY_CAP` | the most that may be spent in a UTC day, in the account's currency; required on an address that others reach (`0`: no cap) |
| `OTPD_SERVER_LISTEN` | address and port of the API |

## Checking it

Bad and unsafe values do not start. Each fault is one line that says what is wrong and what is
allowed; the exit code is 2. `--check-config` checks and ends:

<!-- samples: {} -->
```console
$ BRIDGEXAPI_API_KEY=x OTP_LENGTH=4 otpd --check-config
otpd: otp.length = 4 with otp.guesses_per_day = 20 can be guessed with a chance of 0.006, over otp.accepted_guess_risk = 0.0001: use longer codes or fewer guesses, or raise otp.accepted_guess_risk to accept it

$ BRIDGEXAPI_API_KEY=x OTPD_SERVER_LISTEN=0.0.0.0:8000 otpd --check-config
otpd: auth.token or a [[client]] is required with server.listen = 0.0.0.0:8000: set API_AUTH_TOKEN, or listen on 127.0.0.1
otpd: money.daily_cap or an enforced [[budget]] of key total is required with server.listen = 0.0.0.0:8000: set OTPD_MONEY_DAILY_CAP to what may be spent in a UTC day, in the account's currency (0: without a cap), or listen on 127.0.0.1
```

[What does not start](operations.md#what-does-not-start) lists the unsafe settings, and how to
accept the few that may be meant.

SIGHUP and `POST /reload` [read the settings again](operations.md#reload) and apply all that the
list below does not mark with *needs a restart*. Bad settings change nothing. The environment is
that of the start: what is set there stays.

## Tables

The configuration file may hold these tables, each any number of times. They have no names in the
environment.

)md";

constexpr std::string_view page_tables_end =
    R"md(A token is never in the file, only its hash: `printf %s "$TOKEN" | sha256sum`. A client may have
two, one while the other is replaced. [API clients](operations.md#api-clients) says what each client
sees.

)md";

std::string code(std::string_view text) {
    return text.empty() ? std::string() : '`' + std::string(text) + '`';
}

/// A row of a table. Escapes characters that would end a cell or begin code.
std::string row(std::initializer_list<std::string> cells) {
    std::string out = "|";
    for (auto const& cell : cells) {
        bool const is_code = cell.starts_with('`');
        out += ' ';
        for (char const c : cell)
            out.append(c == '|' || (c == '`' && !is_code) ? "\\" : "").push_back(c);
        out += " |";
    }
    return out + '\n';
}

std::string rows_of(std::vector<key_words> const& keys) {
    std::string out = "| key | example | must be | what |\n|---|---|---|---|\n";
    for (auto const& key : keys)
        out += row({code(key.name), code(toml_literal(key.kind, key.initial)),
                    key.allowed + (key.is_required ? "; required" : ""), key.help});
    return out + '\n';
}

std::string page_of(table_kind const& kind) {
    auto out = "### `[[" + kind.name + "]]`\n\n" + kind.help + " More: " + kind.more + ".\n\n" +
               rows_of(kind.keys);
    for (auto const& key : kind.keys)
        if (!key.parts.empty()) out += "In a " + key.part + ":\n\n" + rows_of(key.parts);
    return out;
}

} // namespace

std::string toml_literal(value_kind kind, std::string_view text) {
    if (kind == value_kind::text_list) return toml_list(text, "\"");
    if (kind == value_kind::whole_list) return toml_list(text, "");
    bool const is_quoted = kind == value_kind::text || kind == value_kind::money;
    return is_quoted ? '"' + std::string(text) + '"' : std::string(text);
}

std::string config_file() {
    std::string out(file_head);
    std::string_view section;
    for (auto const& key : setting_keys()) {
        if (key.section != section) out += "\n[" + key.section + "]\n";
        section = key.section;
        out += entry(key, key.is_secret || key.is_file ? "# " : "");
    }
    out +=
        "\n# Tables that may be repeated, in this file only. An example of each is commented out "
        "with a # and no space.\n";
    for (auto const& kind : table_kinds()) {
        out += "\n# " + kind.help + "\n#[[" + kind.name + "]]\n";
        for (auto const& key : kind.keys)
            out += entry(key, key.alternative.empty() && !key.is_file ? "#" : "# ") + parts_of(key);
    }
    return out;
}

std::string configuration_page() {
    std::string out(page_head);
    for (auto const& kind : table_kinds())
        out += page_of(kind);
    out += page_tables_end;
    out += "## Every setting\n\n| key | default | also known as | what |\n|---|---|---|---|\n";
    for (auto const& key : setting_keys())
        out += row({code(key.path()), code(key.initial), code(key.alias),
                    key.help + (key.needs_restart ? " *Needs a restart.*" : "")});
    return out;
}

std::vector<setting_line> describe(settings const& settings) {
    std::vector<setting_line> lines;
    for (auto const& key : setting_keys())
        lines.push_back({key.path(), key.show(settings)});
    for (auto const& kind : table_kinds())
        std::ranges::move(kind.describe(settings), std::back_inserter(lines));
    return lines;
}

std::vector<std::string> changed_keys(settings const& before, settings const& after) {
    std::vector<std::string> changed;
    for (auto const& key : setting_keys())
        if (!key.same(before, after)) changed.push_back(key.path());
    for (auto const& kind : table_kinds())
        std::ranges::move(kind.differences(before, after), std::back_inserter(changed));
    return changed;
}

std::vector<std::string> settings_notes(settings const& settings, std::chrono::sys_days today) {
    std::vector<std::string> notes;
    for (auto const& test_number : settings.test_numbers)
        if (test_number.until < today)
            notes.push_back("[[test_number]] " + test_number.number->masked() + " ended with " +
                            values::format_date(test_number.until) +
                            ": it is a number as any other and gets an SMS");
    if (!settings.clients.empty() && settings.admin.token.empty() && settings.admin.socket.empty())
        notes.emplace_back("with a [[client]] nobody sees account, budgets and scores through the "
                           "API: set admin.token for the admin listener, or admin.socket");
    if (settings.limits.enabled && settings.otp.pumping.enabled &&
        settings.otp.pumping.mode == otp::limit_mode::observe)
        notes.emplace_back(
            "pumping.mode = observe: pumped SMS are logged and counted, not refused");
    if (!settings.tracing.url.empty() && !net::parse_base_url(settings.tracing.url))
        notes.emplace_back("tracing.url is not https: whoever reads the network's traffic learns "
                           "when which route of the API was called");
    return notes;
}

} // namespace otpd::app
