#include "otpd/otp/message.hpp"

#include "otpd/bridgexapi/types.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/core/gsm_alphabet.hpp"
#include "otpd/core/language_tag.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

namespace otpd::otp {

namespace {

constexpr std::string_view code_placeholder = "{code}";
constexpr std::string_view minutes_placeholder = "{minutes}";

constexpr std::size_t max_host_length = 64;
constexpr std::size_t app_hash_length = 11;
/// SMS Retriever reads no longer message (developers.google.com/identity/sms-retriever/verify).
constexpr std::size_t max_length_with_app_hash = 140;

bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}
bool is_letter(char c) noexcept {
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}
bool is_label(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
           std::ranges::all_of(text,
                               [](char c) { return is_lower(c) || is_ascii_digit(c) || c == '-'; });
}

/// Requires at least two labels: a browser matches the last line with the origin of a page.
bool is_host(std::string_view text) noexcept {
    if (text.size() > max_host_length) return false;
    std::size_t labels = 0;
    for (;; ++labels) {
        auto const dot = text.find('.');
        if (!is_label(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return labels >= 1;
        text.remove_prefix(dot + 1);
    }
}

std::string minutes_text(std::chrono::seconds ttl) {
    // Rounds down: a user who sees too many minutes would be late.
    auto const whole = std::chrono::floor<std::chrono::minutes>(ttl);
    return std::to_string(std::max(whole, std::chrono::minutes(1)).count());
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

std::string placeholder_of(std::string_view name) {
    return std::string("{").append(name).append("}");
}

/// "{code}, {amount} and {minutes}"
std::string known_placeholders(std::vector<variable> const& variables) {
    std::string list(code_placeholder);
    for (auto const& variable : variables)
        list.append(", ").append(placeholder_of(variable.name));
    return list.append(" and ").append(minutes_placeholder);
}

std::string_view value_of(std::string_view placeholder, std::vector<variable> const& variables) {
    auto const found = std::ranges::find_if(variables, [&](variable const& variable) {
        return placeholder_of(variable.name) == placeholder;
    });
    return found == variables.end() ? std::string_view() : found->value;
}

/// Calls `add` with each part of the text in order, its placeholders filled in. What is filled in
/// is not searched for placeholders.
template <class Add>
void fill_in(std::string_view text, std::string_view code, message_facts const& facts, Add add) {
    auto const minutes = minutes_text(facts.ttl);
    for (;;) {
        auto const begin = std::min(text.find('{'), text.size());
        auto const end = text.find('}', begin);
        if (end == std::string_view::npos) return add(text);
        add(text.substr(0, begin));
        auto const placeholder = text.substr(begin, end + 1 - begin);
        if (placeholder == code_placeholder)
            add(code);
        else if (placeholder == minutes_placeholder)
            add(std::string_view(minutes));
        else
            add(value_of(placeholder, facts.variables));
        text.remove_prefix(end + 1);
    }
}

/// The number of characters after the text.
std::size_t length_of(autofill_suffix const& suffix, std::size_t code_length) noexcept {
    switch (suffix.type) {
    case autofill_suffix::kind::web_otp: // "\n@host #code", " @frame"
        return 1 + 1 + suffix.text.size() + 2 + code_length +
               (suffix.frame.empty() ? 0 : 2 + suffix.frame.size());
    case autofill_suffix::kind::app_hash:
        return 1 + suffix.text.size();
    case autofill_suffix::kind::none:
        break;
    }
    return 0;
}

struct text_size {
    std::size_t characters = 0;
    std::optional<std::size_t> septets = 0; ///< nothing: not in the GSM alphabet
};

/// The suffix takes one septet per character.
text_size size_of(std::string_view text, std::size_t code_length, message_facts const& facts,
                  autofill_suffix const& suffix) {
    auto const after = length_of(suffix, code_length);
    text_size size{after, after};
    fill_in(text, std::string(code_length, '0'), facts, [&size](std::string_view part) {
        size.characters += part.size();
        auto const septets = gsm_septets(part);
        if (size.septets && septets)
            *size.septets += *septets;
        else
            size.septets.reset();
    });
    return size;
}

/// Returns why the text is too long; nothing if it is not.
std::optional<std::string> excess_of(std::string_view text, std::size_t code_length,
                                     message_facts const& facts, autofill_suffix const& suffix) {
    bool const for_app = suffix.type == autofill_suffix::kind::app_hash;
    auto const most = for_app ? max_length_with_app_hash : bridgexapi::max_message_length;
    auto const [characters, septets] = size_of(text, code_length, facts, suffix);
    if (characters > most)
        return "may become " + std::to_string(characters) + " characters long, " +
               std::to_string(most) + " are allowed" + (for_app ? " with app_hash" : "");
    if (!septets) return "has a character that is not in the GSM alphabet: `";
    if (*septets > septets_of_one_sms)
        return "may take " + std::to_string(*septets) + " septets of the GSM alphabet, " +
               std::to_string(septets_of_one_sms) + " are allowed";
    return std::nullopt;
}

std::size_t count_of(std::string_view text, std::string_view what) noexcept {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + what.size()))
        ++count;
    return count;
}

} // namespace

std::optional<autofill_suffix> autofill_suffix::web_otp_for(std::string_view host,
                                                            std::string_view frame) {
    if (!is_host(host) || (!frame.empty() && !is_host(frame))) return std::nullopt;
    return autofill_suffix{kind::web_otp, std::string(host), std::string(frame)};
}

std::optional<autofill_suffix> autofill_suffix::app_hash_of(std::string_view hash) {
    bool const base64 = std::ranges::all_of(
        hash, [](char c) { return is_letter(c) || is_ascii_digit(c) || c == '+' || c == '/'; });
    if (hash.size() != app_hash_length || !base64) return std::nullopt;
    return autofill_suffix{kind::app_hash, std::string(hash), {}};
}

std::optional<locale_tag> locale_tag::parse(std::string_view text) {
    if (!is_language_tag(text)) return std::nullopt;
    return locale_tag{lower_case(text)};
}

messages::messages(std::vector<message_template> templates) : templates_(std::move(templates)) {
    bool const falls_back =
        std::ranges::any_of(templates_, [](message_template const& message_template) {
            return message_template.purpose.empty() && message_template.locale.text.empty();
        });
    if (!falls_back) throw std::invalid_argument("no template for messages that have no own");
}

std::string const& messages::text_for(purpose const& purpose, locale_tag const& locale,
                                      std::optional<given_code> const& given) const {
    if (given && !given->text.empty()) return given->text;
    // A template without a locale serves all locales.
    auto const rank = [&](message_template const& message_template) {
        auto const& own = message_template.locale.text;
        bool const is_for_it =
            (message_template.purpose.empty() || message_template.purpose == purpose.name()) &&
            (own.empty() || is_found_by_lookup(own, locale.text));
        return std::tuple(is_for_it, !message_template.purpose.empty(), own.size());
    };
    return std::ranges::max_element(templates_, {}, rank)->text;
}

secret_string messages::compose(std::string_view text, std::string_view code,
                                message_facts const& facts, autofill_suffix const& suffix) {
    std::string whole;
    // Reserves the final size: a growing string would leave copies of the code behind.
    whole.reserve(size_of(text, code.size(), facts, suffix).characters);
    fill_in(text, code, facts, [&whole](std::string_view part) { whole.append(part); });
    if (suffix.type == autofill_suffix::kind::web_otp)
        whole.append("\n@").append(suffix.text).append(" #").append(code);
    if (!suffix.frame.empty()) whole.append(" @").append(suffix.frame);
    if (suffix.type == autofill_suffix::kind::app_hash) whole.append("\n").append(suffix.text);
    return secret_string(std::move(whole));
}

bool messages::fits(std::string_view text, std::size_t code_length, message_facts const& facts,
                    autofill_suffix const& suffix) {
    return !excess_of(text, code_length, facts, suffix);
}

std::optional<std::string> messages::fault_of(std::string_view text, std::size_t code_length,
                                              message_facts const& facts,
                                              std::vector<autofill_suffix> const& suffixes) {
    bool const printable = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
    if (!printable) return "has a character that is not printable ASCII";
    if (count_of(text, code_placeholder) != 1) return "does not have {code} exactly once";
    std::string others(text);
    for (auto const known : {code_placeholder, minutes_placeholder})
        replace_all(others, known, "x");
    for (auto const& variable : facts.variables) {
        auto const placeholder = placeholder_of(variable.name);
        if (count_of(text, placeholder) == 0) return "does not have " + placeholder;
        replace_all(others, placeholder, "x");
    }
    if (others.find_first_of("{}") != std::string::npos)
        return "has a placeholder other than " + known_placeholders(facts.variables);
    if (auto why = excess_of(text, code_length, facts, {})) return why;
    for (auto const& suffix : suffixes)
        if (auto why = excess_of(text, code_length, facts, suffix)) return why;
    return std::nullopt;
}

} // namespace otpd::otp
