// What may stand in the tables that occur any number of times, and how it is read.

#include "otpd/core/encoding.hpp"
#include "settings_table_reader.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace otpd::app {

namespace {

// --- [[client]] ----------------------------------------------------------------------------------

bool read_client_name(client_settings& to, std::string_view text) {
    to.profile.name = text;
    return rules::is_name(text, "_-", otp::client::max_name_length);
}

bool read_token_digests(client_settings& to, std::string_view text) {
    constexpr std::size_t most = 2; // one that is being replaced, and its successor
    for (auto const item : values::split_list(text)) {
        client_settings::token_digest digest{};
        if (!from_hex(item, digest)) return false;
        to.tokens.push_back(digest);
    }
    return !to.tokens.empty() && to.tokens.size() <= most;
}

bool read_client_purposes(client_settings& to, std::string_view text) {
    return assign(rules::parse_purposes(text), to.profile.purposes);
}
bool read_client_routes(client_settings& to, std::string_view text) {
    return assign(rules::parse_routes(text), to.profile.routes);
}
bool read_client_countries(client_settings& to, std::string_view text) {
    return assign(rules::parse_countries(text), to.profile.countries);
}
bool read_client_caller_id(client_settings& to, std::string_view text) {
    to.profile.caller_id = text;
    return rules::is_caller_id(text);
}
bool read_client_route(client_settings& to, std::string_view text) {
    return assign(rules::parse_route(text), to.profile.default_route_id);
}
bool read_client_plan(client_settings& to, std::string_view text) {
    to.profile.default_plan = text;
    return rules::is_name(text, "_-", otp::route_plan::max_name_length);
}
bool read_client_price(client_settings& to, std::string_view text) {
    return assign(values::parse_price(text), to.profile.max_price);
}
bool read_web_otp_hosts(client_settings& to, std::string_view text) {
    auto hosts = rules::parse_web_otp_hosts(text);
    if (!hosts) return false;
    to.profile.tail = rules::default_tail_of(*hosts);
    to.profile.web_otp_hosts = *std::move(hosts);
    return true;
}
/// Not with hosts.
bool read_app_hash(client_settings& to, std::string_view text) {
    return assign(otp::message_tail::app_hash_of(text), to.profile.tail) &&
           to.profile.web_otp_hosts.empty();
}

using kind = value_kind;

constexpr reader<client_settings> client_keys[] = {
    {table_key{"client", "name", kind::text, "shop",
               "Its name in the log and in limits; renamed, it is another client.",
               "1 to 32 lower-case letters, digits, _ and -"}
         .needed(),
     read_client_name},
    {table_key{"client", "token_sha256", kind::text_list,
               "9a3fb0e5fbe9cf1de24fa47dd9cb6b1e3bb9f5b6da8cbb1cf1fb4d1ca1e2ff00",
               "Hashes of its bearer tokens (printf %s \"$TOKEN\" | sha256sum); two while one "
               "replaces the other.",
               "one or two different SHA-256 hashes in hexadecimal"}
         .needed()
         .hidden(),
     read_token_digests},
    {{"client", "purposes", kind::text_list, "login,payment",
      "What it may send codes for; empty: anything.",
      "a list of different purposes of 1 to 50 printable ASCII characters"},
     read_client_purposes},
    {{"client", "routes", kind::whole_list, "3,5", "Routes it may name; empty: otp.allowed_routes.",
      "a list of different route ids from 1 to 8"},
     read_client_routes},
    {{"client", "countries", kind::text_list, "NL,BE",
      "Countries it may send to; empty: numbers.countries.",
      "a list of different countries of two upper-case letters"},
     read_client_countries},
    {{"client", "caller_id", kind::text, "MYSHOP",
      "Sender of its SMS, instead of otp.default_caller_id.",
      "3 to 11 printable ASCII characters without spaces at the ends"},
     read_client_caller_id},
    {{"client", "default_route_id", kind::whole, "5",
      "Route of its sends that name none, instead of otp.default_route_id.",
      "a whole number from 1 to 8"},
     read_client_route},
    {table_key{"client", "default_route_plan", kind::text, "login",
               "Instead of it: the [[route_plan]] of its sends that name neither route nor plan.",
               "the name of a [[route_plan]]; not with default_route_id"}
         .instead_of("default_route_id"),
     read_client_plan},
    {{"client", "max_price", kind::money, "0.12",
      "Most that one SMS of it may cost, as far as prices are known.", values::price_rule},
     read_client_price},
    {{"client", "web_otp_hosts", kind::text_list, "shop.example,pay.example",
      "Sites that its sends may name for the autofill suffix, the last line by which browsers fill "
      "the code in there (WebOTP); one alone is that of sends that name none.",
      rules::web_otp_hosts_rule},
     read_web_otp_hosts},
    {table_key{
         "client", "app_hash", kind::text, "FA+9qCX9VSu",
         "Instead of it: the Android app of this hash reads the code (SMS Retriever), from SMS "
         "of at most 140 characters.",
         "11 characters of base64; not with web_otp_hosts"}
         .instead_of("web_otp_hosts"),
     read_app_hash},
};

// --- [[limit]] -----------------------------------------------------------------------------------

bool read_limit_name(otp::limit& to, std::string_view text) {
    to.name = text;
    return rules::is_name(text, "_", otp::limit::max_name_length);
}
bool read_limit_key(otp::limit& to, std::string_view text) {
    return assign(rules::parse_word<otp::limit_key>(rules::limit_keys, text), to.key);
}
bool read_limit_mode(otp::limit& to, std::string_view text) {
    return assign(rules::parse_word<otp::limit_mode>(rules::limit_modes, text), to.mode);
}
bool read_limit_step(otp::limit& to, std::string_view text) {
    return assign(rules::parse_word<otp::limit_step>(rules::limit_steps, text), to.step);
}
bool read_limit_quota(otp::limit& to, std::string_view text) {
    constexpr std::int64_t most = 1'000'000'000;
    auto const quota = values::parse_whole(text);
    if (!quota || *quota < 1 || *quota > most) return false;
    to.quota = static_cast<std::uint64_t>(*quota);
    return true;
}
bool read_limit_window(otp::limit& to, std::string_view text) {
    constexpr std::int64_t most = 31 * 86'400;
    auto const window = values::parse_whole(text);
    if (!window || *window < 1 || *window > most) return false;
    to.window = std::chrono::seconds(*window);
    return true;
}
bool read_limit_client(otp::limit& to, std::string_view text) {
    to.client = text;
    return rules::is_name(text, "_-", otp::client::max_name_length);
}

constexpr reader<otp::limit> limit_table_keys[] = {
    {table_key{"limit", "name", kind::text, "shop_country_1d",
               "Its name in answers, in the log and in metrics.",
               "1 to 32 lower-case letters, digits and _"}
         .needed(),
     read_limit_name},
    {table_key{"limit", "key", kind::text, "country",
               "Whom it counts for: each country, each number, each API client, ...",
               "number, prefix, country, end_user_address, caller_address, client or everybody"}
         .needed(),
     read_limit_key},
    {table_key{"limit", "quota", kind::whole, "2000", "How many are admitted in the window.",
               "a whole number from 1 to 1000000000"}
         .needed(),
     read_limit_quota},
    {table_key{"limit", "window_seconds", kind::whole, "86400",
               "Time in which the whole quota is regained, evenly.",
               "a whole number from 1 to 2678400 seconds"}
         .needed(),
     read_limit_window},
    {{"limit", "mode", kind::text, "enforce",
      "Whether it refuses or, to try it out, only logs and counts; enforce without it.",
      "enforce or observe"},
     read_limit_mode},
    {{"limit", "step", kind::text, "send",
      "What it counts: sends, or guesses without a verification's id that do not verify; send "
      "without it.",
      "send or guess"},
     read_limit_step},
    {{"limit", "client", kind::text, "shop",
      "Counts this client's requests only; without it everybody's.",
      "the name of a [[client]], or default for the holder of auth.token"},
     read_limit_client},
};

// --- [[template]] and [[test_number]] ------------------------------------------------------------

bool read_template_purpose(otp::message_template& to, std::string_view text) {
    auto what = purpose::parse(text);
    if (what) to.purpose = what->name();
    return what.has_value();
}
bool read_template_locale(otp::message_template& to, std::string_view text) {
    return assign(otp::locale_tag::parse(text), to.locale);
}
/// Whether it is sound depends on other settings (check_tables).
bool read_template_text(otp::message_template& to, std::string_view text) {
    to.text = text;
    return true;
}

constexpr reader<otp::message_template> template_keys[] = {
    {{"template", "purpose", kind::text, "payment",
      "For codes of this purpose; without it of all that have no template of their own.",
      "1 to 50 printable ASCII characters"},
     read_template_purpose},
    {{"template", "locale", kind::text, "nl",
      "For requests in this language (zh: also in zh-Hans and zh-Hans-CN, RFC 4647 3.4); without "
      "it in all that have no template of their own.",
      "a language tag of BCP 47, such as nl, pt-BR or zh-Hans"},
     read_template_locale},
    {table_key{"template", "text", kind::text,
               "Uw betaalcode is {code}. Deze is {minutes} minuten geldig.", "Text of the SMS.",
               "printable ASCII other than ` with {code} once, {minutes} (its life) where wanted "
               "and no other braces, at most 158 characters and 160 GSM septets with the code and "
               "the client's "
               "autofill suffix"}
         .needed(),
     read_template_text},
};

/// What a test number is until all of it is there: its types have no empty value.
struct test_number_entry {
    std::optional<phone_number> number;
    std::optional<passcode> code;
    std::chrono::sys_days until;
};

bool read_test_number(test_number_entry& to, std::string_view text) {
    auto number = phone_number::parse(text);
    if (number) to.number = std::move(*number);
    return to.number.has_value();
}
bool read_test_code(test_number_entry& to, std::string_view text) {
    to.code = passcode::parse(text);
    return to.code.has_value();
}
bool read_until(test_number_entry& to, std::string_view text) {
    return assign(values::parse_date(text), to.until);
}

constexpr reader<test_number_entry> test_number_keys[] = {
    {table_key{"test_number", "number", kind::text, "+31612345678", "Country code first.",
               "10 to 15 digits, with a + before them or without"}
         .needed()
         .hidden(),
     read_test_number},
    {table_key{"test_number", "code", kind::text, "271828", "Always this code.",
               "as many digits as otp.length says"}
         .needed()
         .hidden(),
     read_test_code},
    {table_key{"test_number", "until", kind::date, "2027-01-31",
               "Its last day, in UTC; afterwards it is a number as any other.",
               "a day such as 2027-01-31"}
         .needed(),
     read_until},
};

void read_client(found_table const& from, settings& to, fault_lines& faults) {
    auto entry = read_entry<client_settings>(from, client_keys, faults);
    if (entry) to.clients.push_back(*std::move(entry));
}
void read_limit(found_table const& from, settings& to, fault_lines& faults) {
    auto entry = read_entry<otp::limit>(from, limit_table_keys, faults);
    if (entry) to.own_limits.push_back(*std::move(entry));
}
void read_template(found_table const& from, settings& to, fault_lines& faults) {
    auto entry = read_entry<otp::message_template>(from, template_keys, faults);
    if (entry) to.templates.push_back(*std::move(entry));
}
void read_test_number_entry(found_table const& from, settings& to, fault_lines& faults) {
    auto const entry = read_entry<test_number_entry>(from, test_number_keys, faults);
    if (entry) to.test_numbers.push_back({*entry->number, *entry->code, entry->until});
}

// --- all of them ---------------------------------------------------------------------------------

/// In the order of config.toml.
std::span<table_kind const> tables() {
    static std::array const all{
        table_kind{"client",
                   "A program that may call the API, besides the holder of auth.token. Its "
                   "verifications are its own.",
                   [] { return keys_of<client_settings>(client_keys); }, read_client},
        table_kind{"limit", "A limit of your own, besides those of [limits].",
                   [] { return keys_of<otp::limit>(limit_table_keys); }, read_limit},
        table_kind{"template",
                   "Text for a purpose, a language or both, instead of otp.message_template.",
                   [] { return keys_of<otp::message_template>(template_keys); }, read_template},
        table_kind{"test_number",
                   "A number that gets no SMS and always the same code, for reviewers of apps and "
                   "for monitoring.",
                   [] { return keys_of<test_number_entry>(test_number_keys); },
                   read_test_number_entry},
        route_plan_table(),
        budget_table(),
        webhook_table()};
    return all;
}

} // namespace

std::string place_and_title(found_table const& of) {
    return of.source + ": " + of.title + (of.is_part ? ": " : " ");
}

std::string fault_of(found_table const& in, table_key const& key, found_value const& value) {
    auto const shown = key.secret ? std::string() : " = " + values::quoted_for_message(value.text);
    return value.source + ": " + in.title + (in.is_part ? ": " : " ") + std::string(key.name) +
           shown + ": must be " + std::string(key.allowed) +
           (value.usable ? "" : ", written as a TOML " + std::string(toml_type(key.kind)));
}

std::optional<std::string> leftover_in(found_table const& in, table_key const& key,
                                       found_value const& value) {
    auto const* const why = key.secret ? values::leftover_in_secret(value.text, key.kind) : nullptr;
    if (why == nullptr) return std::nullopt;
    return value.source + ": " + in.title + (in.is_part ? ": " : " ") + std::string(key.name) +
           ": " + why;
}

std::span<table_key const> table_keys() noexcept {
    static auto const all = [] {
        std::vector<table_key> keys;
        for (auto const& each : tables())
            std::ranges::move(each.keys(), std::back_inserter(keys));
        return keys;
    }();
    return all;
}

std::string_view help_of_table(std::string_view table) noexcept {
    return std::ranges::find(tables(), table, &table_kind::name)->help;
}

void read_tables(std::vector<found_table> const& found, settings& to, fault_lines& faults) {
    for (auto const& each : found)
        std::ranges::find(tables(), each.name, &table_kind::name)->read(each, to, faults);
}

} // namespace otpd::app
