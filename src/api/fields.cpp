#include "fields.hpp"

#include "otpd/core/encoding.hpp"

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
    if (what) return std::move(*what);
    body.reject(name, explain(what.error()));
    return std::nullopt;
}

std::optional<passcode> read_code(json_body& body, std::size_t length) {
    constexpr std::string_view name = "code";
    auto const text = body.required_string(name);
    if (!text) return std::nullopt;
    if (text->empty() || !all_ascii_digits(*text))
        body.reject(name, "Value error, code must be numeric.");
    else if (text->size() != length)
        body.reject(name, "Value error, code must be " + std::to_string(length) + " digits.");
    else
        return passcode::parse(*text);
    return std::nullopt;
}

std::optional<store::verification_id> read_verification_id(json_body& body) {
    constexpr std::string_view name = "verification_id";
    auto const text = body.optional_string(name);
    if (!text) return std::nullopt;
    store::verification_id id{};
    if (from_hex(*text, id)) return id;
    body.reject(name, "Value error, verification_id must be 32 hexadecimal digits.");
    return std::nullopt;
}

} // namespace otpd::api
