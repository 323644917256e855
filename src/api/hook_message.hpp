#pragma once

#include "otpd/api/hooks.hpp"
#include "otpd/core/secret.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otpd::api {

/// What a hook asks for, in the words of its provider. Absent members are empty.
struct hook_message {
    std::string to{};
    secret_string code{};
    secret_string text{}; ///< whole, with the code in it
    std::string locale{};
    std::string end_user_ip{};
    std::string reference{}; ///< of the user or the request
};

/// Reads the body of a provider's request. Returns nullopt if it is no JSON object, or if it lacks
/// the number or the code.
[[nodiscard]] std::optional<hook_message> read_hook_message(identity_provider provider,
                                                            std::string_view body);

} // namespace otpd::api
