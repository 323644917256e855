#include "otpd/core/encoding.hpp"
#include "settings_rows.hpp"

#include <algorithm>
#include <array>

namespace otpd::app {

namespace {

using values::place;

std::optional<otpd::otp::limit_mode> parse_mode(std::string_view text) {
    return rules::parse_word<otpd::otp::limit_mode>(rules::limit_modes, text);
}

std::string show_mode(settings const& from) {
    return rules::word_for(rules::limit_modes, from.pumping.mode);
}

std::optional<std::vector<std::string>> parse_limit_names(std::string_view text) {
    std::vector<std::string> names;
    for (auto const item : values::split_list(text)) {
        bool const built_in = std::ranges::any_of(
            built_in_limits(), [&](built_in_limit const& each) { return each.name == item; });
        bool const again = std::ranges::find(names, item) != names.end();
        if (!built_in || again) return std::nullopt;
        names.emplace_back(item);
    }
    return names;
}

std::string show_observed(settings const& from) {
    return rules::joined(from.limits.observe);
}

std::optional<std::vector<line_type>> parse_line_types(std::string_view text) {
    std::vector<line_type> types;
    for (auto const item : values::split_list(text)) {
        auto const type = parse_line_type(item);
        if (!type || std::ranges::find(types, *type) != types.end()) return std::nullopt;
        types.push_back(*type);
    }
    if (types.empty()) return std::nullopt;
    return types;
}

std::string show_line_types(settings const& from) {
    std::string out;
    for (auto const type : from.numbers.line_types)
        out.append(out.empty() ? "" : ",").append(to_string(type));
    return out;
}

std::string show_countries(settings const& from) {
    return rules::joined(from.numbers.countries);
}

/// Digits that numbers begin with.
bool is_prefix(std::string_view item) {
    return !item.empty() && item.size() <= phone_number::max_digits && all_ascii_digits(item) &&
           item.front() != '0';
}
bool is_destination(std::string_view item) {
    return is_prefix(item) || (item.size() == 2 && rules::parse_countries(item));
}

template <bool (*Is)(std::string_view)>
std::optional<std::vector<otpd::otp::destination>> parse_list(std::string_view text) {
    std::vector<otpd::otp::destination> list;
    for (auto const item : values::split_list(text)) {
        if (!Is(item)) return std::nullopt;
        list.push_back(otpd::otp::destination{std::string(item)});
    }
    return list;
}
constexpr auto parse_prefixes = parse_list<is_prefix>;
constexpr auto parse_destinations = parse_list<is_destination>;

template <auto Member>
std::string show_destinations(settings const& from) {
    std::string out;
    for (auto const& each : from.numbers.*Member)
        out.append(out.empty() ? "" : ",").append(each.text);
    return out;
}

template <auto Member>
using limits = place<&settings::limits, Member>;
template <auto Member>
using pumping = place<&settings::pumping, Member>;
template <auto Member>
using numbers = place<&settings::numbers, Member>;

using lms = limits_settings;
using pms = otpd::otp::pumping_rules;
using nms = numbers_settings;

constexpr std::string_view destination_rule =
    "a list of countries of two upper-case letters, and of 1 to 15 digits that numbers begin with";
constexpr double most = 1'000'000'000;

constexpr setting_key keys[] = {
    row("limits", "enabled", "true",
        "Cooldown, limits and the watch for pumped SMS; false is for load tests on loopback.")
        .boolean<limits<&lms::enabled>>(),
    row("limits", "accept_none", "false",
        "Lets an address that others reach be served without one limit or guard that refuses "
        "sends of all.")
        .boolean<limits<&lms::accept_none>>(),
    row("limits", "number_10m", "5", "Sends to one number in 10 minutes; 0: no such limit.")
        .whole<limits<&lms::number_10m>>(0, most),
    row("limits", "number_24h", "10", "Sends to one number in 24 hours; 0: no such limit.")
        .whole<limits<&lms::number_24h>>(0, most),
    row("limits", "address_1h", "30",
        "Sends for one address of an end user (end_user_ip) in an hour; 0: no such limit.")
        .whole<limits<&lms::address_1h>>(0, most),
    row("limits", "client_1m", "600", "Sends of one API client in a minute; 0: no such limit.")
        .whole<limits<&lms::client_1m>>(0, most),
    row("limits", "prefix_1h", "100",
        "Sends to numbers that differ in their last four digits only in an hour; 0: no such limit.")
        .whole<limits<&lms::prefix_1h>>(0, most),
    row("limits", "country_1h", "5000", "Sends to one country in an hour; 0: no such limit.")
        .whole<limits<&lms::country_1h>>(0, most),
    row("limits", "global_1m", "1000", "Sends of everybody in a minute; 0: no such limit.")
        .whole<limits<&lms::global_1m>>(0, most),
    row("limits", "global_24h", "100000", "Sends of everybody in 24 hours; 0: no such limit.")
        .whole<limits<&lms::global_24h>>(0, most),
    row("limits", "guesses_address_1h", "60",
        "Guesses without a verification's id for one end user's address in an hour; 0: no such "
        "limit.")
        .whole<limits<&lms::guesses_address_1h>>(0, most),
    row("limits", "guesses_client_1m", "600",
        "Guesses without a verification's id of one API client in a minute; 0: no such limit.")
        .whole<limits<&lms::guesses_client_1m>>(0, most),
    row("limits", "observe", "",
        "Limits that refuse nothing: what they would have refused is logged and counted.")
        .parsed<limits<&lms::observe>, parse_limit_names>(
            value_kind::text_list, show_observed,
            "a list of names of the limits above, such as prefix_1h"),
    row("limits", "reads_client_1m", "600",
        "Questions of one API client (balance, routes, prices, deliveries, scores, estimates) in a "
        "minute, of each instance; 0: no such limit.")
        .whole<limits<&lms::reads_client_1m>>(0, most),

    row("pumping", "enabled", "true",
        "Refuses sends to a prefix or country where codes are not typed (SMS pumping).")
        .boolean<pumping<&pms::enabled>>(),
    row("pumping", "mode", "enforce", "Whether it refuses sends or only logs and counts.")
        .parsed<pumping<&pms::mode>, parse_mode>(value_kind::text, show_mode, "enforce or observe"),
    row("pumping", "prefix_out_max", "60",
        "Codes out (sent and not typed) that a prefix may have, and three more for each that was "
        "typed; in an hour, and in typing_seconds.")
        .whole<pumping<&pms::prefix_out_max>>(1, most, "codes"),
    row("pumping", "country_out_max", "400", "The same of a country.")
        .whole<pumping<&pms::country_out_max>>(1, most, "codes"),
    row("pumping", "typing_seconds", "120", "How long it takes until most codes are typed.")
        .whole<pumping<&pms::typing>>(10, 3600, unit_s),

    row("numbers", "check", "true",
        "Refuses numbers that no country's numbering plan has, and lines of other kinds.")
        .boolean<numbers<&nms::checked>>(),
    row("numbers", "countries", "", "Countries that are sent to; empty: all.")
        .parsed<numbers<&nms::countries>, rules::parse_countries>(
            value_kind::text_list, show_countries,
            "a list of different countries of two upper-case letters"),
    row("numbers", "line_types",
        "mobile,fixed_line,fixed_line_or_mobile,voip,toll_free,personal_number,uan,unknown",
        "Kinds of lines that are sent to; unknown: numbers of ranges that may be younger than the "
        "numbering plans.")
        .parsed<numbers<&nms::line_types>, parse_line_types>(
            value_kind::text_list, show_line_types,
            "a list of mobile, fixed_line, fixed_line_or_mobile, voip, toll_free, premium_rate, "
            "shared_cost, personal_number, pager, uan, voicemail, satellite and unknown"),
    row("numbers", "allowed", "",
        "Digits that numbers begin with which are sent to whatever the plan, line_types and "
        "countries say; denied and a client's countries hold.")
        .parsed<numbers<&nms::allowed>, parse_prefixes>(
            value_kind::text_list, show_destinations<&nms::allowed>,
            "a list of 1 to 15 digits that numbers begin with, country code first"),
    row("numbers", "denied", "", "Destinations to which nothing is sent.")
        .parsed<numbers<&nms::denied>, parse_destinations>(
            value_kind::text_list, show_destinations<&nms::denied>, destination_rule),
    row("numbers", "trusted", "",
        "Destinations that are not watched for pumped SMS; limits hold all the same.")
        .parsed<numbers<&nms::trusted>, parse_destinations>(
            value_kind::text_list, show_destinations<&nms::trusted>, destination_rule),
};

} // namespace

std::span<setting_key const> limit_keys() noexcept {
    return keys;
}

std::span<built_in_limit const> built_in_limits() noexcept {
    using enum otpd::otp::limit_key;
    using enum otpd::otp::limit_step;
    using std::chrono::hours;
    using std::chrono::minutes;
    static constexpr std::array<built_in_limit, 10> list{{
        {"number_10m", number, send, minutes(10), &lms::number_10m},
        {"number_24h", number, send, hours(24), &lms::number_24h},
        {"address_1h", end_user_address, send, hours(1), &lms::address_1h},
        {"client_1m", client, send, minutes(1), &lms::client_1m},
        {"prefix_1h", prefix, send, hours(1), &lms::prefix_1h},
        {"country_1h", country, send, hours(1), &lms::country_1h},
        {"global_1m", everybody, send, minutes(1), &lms::global_1m},
        {"global_24h", everybody, send, hours(24), &lms::global_24h},
        {"guesses_address_1h", end_user_address, guess, hours(1), &lms::guesses_address_1h},
        {"guesses_client_1m", client, guess, minutes(1), &lms::guesses_client_1m},
    }};
    return list;
}

} // namespace otpd::app
