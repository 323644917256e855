#include "hook_message.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <initializer_list>

namespace otpd::api {

namespace json = boost::json;

namespace {

using path = std::initializer_list<std::string_view>;

/// Returns the string at the path, or an empty one.
std::string text_at(json::value const& whole, path names) {
    auto const* value = &whole;
    for (auto const& name : names) {
        auto const* const object = value->if_object();
        value = object == nullptr ? nullptr : object->if_contains(name);
        if (value == nullptr) return {};
    }
    auto const* const text = value->if_string();
    return text == nullptr ? std::string() : std::string(*text);
}

/// Returns the first of the members that is there.
std::string first_at(json::value const& whole, std::string_view object, path names) {
    for (auto const& name : names)
        if (auto text = text_at(whole, {object, name}); !text.empty()) return text;
    return {};
}

hook_message read_supabase(json::value const& body) {
    hook_message message;
    // The number of the factor or, after a change, the new one; older releases have only the
    // user's.
    message.to = text_at(body, {"sms", "phone"});
    if (message.to.empty()) message.to = text_at(body, {"user", "phone"});
    message.code = secret_string(text_at(body, {"sms", "otp"}));
    message.end_user_ip = text_at(body, {"metadata", "ip_address"});
    message.reference = text_at(body, {"user", "id"});
    return message;
}

hook_message read_logto(json::value const& body) {
    return hook_message{.to = text_at(body, {"to"}),
                        .code = secret_string(text_at(body, {"payload", "code"})),
                        .locale = text_at(body, {"payload", "locale"}),
                        .end_user_ip = text_at(body, {"ip"})};
}

hook_message read_zitadel(json::value const& body) {
    hook_message message;
    message.to = text_at(body, {"contextInfo", "recipientPhoneNumber"});
    // Its code for a number's verification is `Code`, that of a login `OTP`.
    message.code = secret_string(first_at(body, "args", {"code", "otp", "oTP", "Code", "OTP"}));
    message.text = secret_string(text_at(body, {"templateData", "text"}));
    return message;
}

hook_message read_authgear(json::value const& body) {
    return hook_message{.to = text_at(body, {"to"}),
                        .code = secret_string(text_at(body, {"template_variables", "code"})),
                        .text = secret_string(text_at(body, {"body"})),
                        .locale = text_at(body, {"language_tag"})};
}

/// Its body is what the operator's Jsonnet makes of the courier's context, or the context itself.
hook_message read_kratos(json::value const& body) {
    return hook_message{.to = text_at(body, {"recipient"}),
                        .code = secret_string(first_at(body, "template_data",
                                                       {"login_code", "verification_code",
                                                        "registration_code", "recovery_code"})),
                        .text = secret_string(text_at(body, {"body"})),
                        .reference = text_at(body, {"template_data", "identity", "id"})};
}

hook_message read_generic(json::value const& body) {
    return hook_message{.to = text_at(body, {"phone_number"}),
                        .code = secret_string(text_at(body, {"code"})),
                        .text = secret_string(text_at(body, {"text"})),
                        .locale = text_at(body, {"locale"}),
                        .end_user_ip = text_at(body, {"end_user_ip"}),
                        .reference = text_at(body, {"reference"})};
}

hook_message read_of(identity_provider provider, json::value const& body) {
    switch (provider) {
    case identity_provider::supabase:
        return read_supabase(body);
    case identity_provider::logto:
        return read_logto(body);
    case identity_provider::zitadel:
        return read_zitadel(body);
    case identity_provider::authgear:
        return read_authgear(body);
    case identity_provider::kratos:
        return read_kratos(body);
    case identity_provider::generic:
        break;
    }
    return read_generic(body);
}

} // namespace

std::optional<hook_message> read_hook_message(identity_provider provider, std::string_view body) {
    boost::system::error_code fault;
    auto const whole = json::parse(body, fault);
    if (fault) return std::nullopt;
    auto message = read_of(provider, whole);
    if (message.to.empty() || message.code.empty()) return std::nullopt;
    return message;
}

} // namespace otpd::api
