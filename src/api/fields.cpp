#include "fields.hpp"

#include "caller.hpp"
#include "decimal.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/http/address_range.hpp"
#include "otpd/otp/route_plan.hpp"
#include "otpd/store/verification.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

namespace otpd::api {

namespace {

std::string_view explain(phone_number_fault fault) {
    switch (fault) {
    case phone_number_fault::not_digits:
        return "Value error, phone_number must contain digits only, with one + before them at "
               "most.";
    case phone_number_fault::bad_length:
        return "Value error, phone_number must be between 10 and 15 digits.";
    case phone_number_fault::leading_zero:
        return "Value error, phone_number must start with a country code, not with 0.";
    }
    return {};
}

std::string_view explain(purpose_fault fault) {
    switch (fault) {
    case purpose_fault::empty:
        return "Value error, purpose cannot be empty.";
    case purpose_fault::too_long:
        return "Value error, purpose must be 50 characters or less.";
    case purpose_fault::not_printable:
        return "Value error, purpose must be printable ASCII characters.";
    }
    return {};
}

/// Whether it has digits like a whole number, also in groups.
bool has_whole_number(std::string_view text) {
    std::size_t digits = 0;
    for (char const c : text) {
        if ('0' <= c && c <= '9') {
            if (++digits >= phone_number::min_digits) return true;
        } else if (std::string_view(" -./()").find(c) == std::string_view::npos) {
            digits = 0;
        }
    }
    return false;
}

/// Whether it has the last digits of the number, however it is written.
bool has_end_of(std::string_view text, phone_number const& number) {
    constexpr std::size_t telling = 8;
    std::string digits;
    std::ranges::copy_if(text, std::back_inserter(digits),
                         [](char c) { return '0' <= c && c <= '9'; });
    std::string_view const whole = number.digits();
    return digits.find(whole.substr(whole.size() - std::min(telling, whole.size()))) !=
           std::string::npos;
}

} // namespace

std::optional<phone_number> read_phone_number(json_body& body) {
    constexpr std::string_view name = "phone_number";
    auto const text = body.required_string(name);
    if (!text) return std::nullopt;
    auto number = phone_number::parse(*text);
    if (number) return std::move(*number);
    body.reject(name, explain(number.error()));
    return std::nullopt;
}

std::optional<purpose> read_purpose(json_body& body) {
    constexpr std::string_view name = "purpose";
    auto what = purpose::parse(body.optional_string(name).value_or(purpose::default_name));
    if (what && what->is_of_hook()) {
        body.reject(name, "Value error, purpose must not begin with hook:, as those of identity "
                          "providers do.");
        return std::nullopt;
    }
    if (what) return std::move(*what);
    body.reject(name, explain(what.error()));
    return std::nullopt;
}

std::optional<std::string> read_reason(json_body& body, bool is_required,
                                       std::optional<phone_number> const& about) {
    constexpr std::string_view name = "reason";
    constexpr std::size_t longest = 200;
    auto const text = is_required ? body.required_string(name) : body.optional_string(name);
    if (!text) return std::nullopt;
    auto const is_printable = [](char c) { return c >= ' ' && c <= '~'; };
    bool const says_something = text->find_first_not_of(' ') != std::string_view::npos;
    if (!says_something || text->size() > longest || !std::ranges::all_of(*text, is_printable)) {
        body.reject(name, "Value error, reason must be 1 to 200 printable ASCII characters.");
        return std::nullopt;
    }
    if (has_whole_number(*text) || (about && has_end_of(*text, *about))) {
        body.reject(name,
                    "Value error, reason must not contain a phone number: ten digits or more, "
                    "or the last digits of the number.");
        return std::nullopt;
    }
    return std::string(*text);
}

std::optional<passcode> read_code(json_body& body, std::size_t usual_length) {
    constexpr std::string_view name = "code";
    auto const text = body.required_string(name);
    if (!text) return std::nullopt;
    auto const code = passcode::parse_typed(*text);
    if (code) return *code;
    if (code.error() == passcode_fault::not_digits)
        body.reject(name, "Value error, code must be numeric.");
    else
        reject_length(body, usual_length);
    return std::nullopt;
}

void reject_length(json_body& body, std::size_t usual_length) {
    body.reject("code", "Value error, code must be " + std::to_string(usual_length) + " digits.");
}

std::optional<std::string> read_verification_id(json_body& body, bool is_required) {
    constexpr std::string_view name = "verification_id";
    constexpr std::size_t digits = 64;
    auto const text = is_required ? body.required_string(name) : body.optional_string(name);
    if (!text) return std::nullopt;
    std::array<std::byte, digits / 2> bytes{};
    if (from_hex(*text, bytes)) return std::string(*text);
    body.reject(name, "Value error, verification_id must be 64 hexadecimal digits.");
    return std::nullopt;
}

std::optional<std::string> read_end_user_address(json_body& body) {
    constexpr std::string_view name = "end_user_ip";
    auto const text = body.optional_string(name);
    if (!text) return std::nullopt;
    if (auto const address = http::parse_address(*text)) return address_block(*address);
    body.reject(name, "Value error, end_user_ip must be an IPv4 or IPv6 address.");
    return std::nullopt;
}

namespace {

std::optional<std::string> read_visible(json_body& body, std::string_view name,
                                        std::size_t longest) {
    auto const text = body.optional_string(name);
    if (!text) return std::nullopt;
    auto const is_visible = [](char c) { return '!' <= c && c <= '~'; };
    if (!text->empty() && text->size() <= longest && std::ranges::all_of(*text, is_visible))
        return std::string(*text);
    body.reject(name, "Value error, " + std::string(name) + " must be 1 to " +
                          std::to_string(longest) + " visible ASCII characters.");
    return std::nullopt;
}

} // namespace

std::optional<secret_string> read_device(json_body& body) {
    constexpr std::size_t longest = 128;
    auto text = read_visible(body, "device", longest);
    if (!text) return std::nullopt;
    return secret_string(*std::move(text));
}

std::string read_reference(json_body& body) {
    return read_visible(body, "reference", store::reference_max).value_or(std::string());
}

namespace {

constexpr std::string_view variables_name = "variables";

bool is_variable(json_body::named_text const& given) {
    auto const& [name, value] = given;
    auto const is_of_name = [](char c) {
        return ('a' <= c && c <= 'z') || is_ascii_digit(c) || c == '_';
    };
    auto const is_of_value = [](char c) { return ' ' <= c && c <= '~' && c != '`'; };
    return !name.empty() && name.size() <= otp::variable::max_name_length &&
           std::ranges::all_of(name, is_of_name) && !value.empty() &&
           value.size() <= otp::variable::max_value_length &&
           std::ranges::all_of(value, is_of_value);
}

/// "amount, payee", or "absent"
std::string listed(std::vector<std::string> const& names) {
    std::string list;
    for (auto const& name : names)
        list.append(list.empty() ? "" : ", ").append(name);
    return list.empty() ? "absent" : list;
}

} // namespace

std::vector<otp::variable> read_variables(json_body& body) {
    auto given = body.optional_texts(variables_name);
    if (!given) return {};
    if (!std::ranges::all_of(*given, is_variable)) {
        body.reject(variables_name,
                    "Value error, variables must be names of a-z, 0-9 and _ with 1 to 100 "
                    "printable ASCII characters other than ` each.");
        return {};
    }
    std::vector<otp::variable> list;
    for (auto& [name, value] : *given)
        list.push_back({std::move(name), std::move(value)});
    std::ranges::sort(list, {}, &otp::variable::name);
    return list;
}

std::vector<otp::variable> read_variables(json_body& body, std::vector<std::string> const& names) {
    bool const was_valid = body.valid();
    auto list = read_variables(body);
    if (was_valid && body.valid() && !std::ranges::equal(list, names, {}, &otp::variable::name))
        body.reject(variables_name,
                    "Value error, variables of this purpose must be " + listed(names) + ".");
    return list;
}

otp::locale_tag read_locale(json_body& body) {
    constexpr std::string_view name = "locale";
    auto const text = body.optional_string(name);
    if (!text) return {};
    auto locale = otp::locale_tag::parse(*text);
    if (!locale)
        body.reject(name, "Value error, locale must be a language tag of BCP 47: nl, pt-BR.");
    return std::move(locale).value_or(otp::locale_tag{});
}

std::optional<int> read_route_id(json_body& body) {
    constexpr int first_route = 1;
    constexpr int last_route = 8; // BridgeXAPI's catalogue
    return body.optional_integer("route_id", first_route, last_route);
}

std::optional<std::string> read_route_plan(json_body& body, std::optional<int> route_id) {
    constexpr std::string_view name = "route_plan";
    auto const text = body.optional_string(name);
    if (!text) return std::nullopt;
    if (route_id)
        body.reject(name, "Value error, route_plan and route_id exclude each other.");
    else if (text->empty() || text->size() > otp::route_plan::max_name_length)
        body.reject(name, "Value error, route_plan must be 1 to 32 characters.");
    else
        return std::string(*text);
    return std::nullopt;
}

std::optional<money> read_max_price(json_body& body) {
    constexpr std::string_view name = "max_price";
    auto const given = body.optional_decimal(name);
    if (!given) return std::nullopt;
    // An exponent in a string is likely a mistake; in a number, serialisers write it.
    bool const plain = !given->quoted || given->text.find_first_of("eE") == std::string_view::npos;
    auto const amount = plain ? parse_amount(given->text) : std::nullopt;
    if (!amount)
        body.reject(name, "Value error, max_price must be an amount over 0 with at most 6 "
                          "decimals.");
    return amount;
}

namespace {

/// A text with a foreign host would make browsers fill the code in there.
bool is_host_of(otp::client const& client, std::string_view host, std::string_view member,
                json_body& body) {
    if (std::ranges::find(client.web_otp_hosts, host) != client.web_otp_hosts.end()) return true;
    body.reject(member, "Value error, " + std::string(member) +
                            " must be one of the hosts in web_otp_hosts of this API client's "
                            "settings.");
    return false;
}

} // namespace

std::optional<otp::autofill_suffix> read_autofill_suffix(json_body& body,
                                                         otp::client const& client) {
    constexpr std::string_view host_name = "web_otp_host";
    constexpr std::string_view frame_name = "web_otp_frame_host";
    auto const host = body.optional_string(host_name);
    auto const frame = body.optional_string(frame_name);
    auto const hash = body.optional_string("app_hash");
    if ((host || frame) && hash) {
        body.reject("app_hash", "Value error, app_hash and web_otp_host exclude each other.");
        return std::nullopt;
    }
    if (frame && !host) {
        body.reject(frame_name, "Value error, web_otp_frame_host needs web_otp_host.");
        return std::nullopt;
    }
    if (host) {
        bool const own = is_host_of(client, *host, host_name, body);
        bool const own_frame = !frame || is_host_of(client, *frame, frame_name, body);
        if (!own || !own_frame) return std::nullopt;
        return otp::autofill_suffix::web_otp_for(*host, frame.value_or(std::string_view()));
    }
    if (!hash) return std::nullopt;
    auto suffix = otp::autofill_suffix::app_hash_of(*hash);
    if (!suffix) body.reject("app_hash", "Value error, app_hash must be 11 characters of base64.");
    return suffix;
}

} // namespace otpd::api
