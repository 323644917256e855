#include "otpd/http/credentials.hpp"

#include "text.hpp"

#include <algorithm>

namespace otpd::http {

std::optional<std::string_view> bearer_token(request const& request) noexcept {
    auto const field = request.header("Authorization").value_or("");
    auto const space = std::min(field.find(' '), field.size());
    if (!equal_ignoring_case(field.substr(0, space), "Bearer")) return std::nullopt;
    auto const token = field.substr(std::min(field.find_first_not_of(' ', space), field.size()));
    if (token.empty()) return std::nullopt;
    return token;
}

} // namespace otpd::http
