#include "otpd/http/problem.hpp"

#include "otpd/core/json_text.hpp"
#include "otpd/http/credentials.hpp"
#include "otpd/http/request.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

namespace otpd::http {

namespace {

constexpr bool asks_to_come_back(unsigned status) noexcept {
    return status == 429 || status == 503;
}

constexpr std::array<std::string_view, 6> standard_members{"type",   "title", "status",
                                                           "detail", "code",  "instance"};

/// Writes the number without an exponent (0.094), as replies write amounts; Boost.JSON writes
/// 9.4E-2. Returns false if it is too long for that, or not a number.
bool append_plain(std::string& out, double number) {
    if (!std::isfinite(number)) return false;
    std::array<char, 32> text{};
    auto const [end, fault] =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (fault == std::errc()) out.append(text.data(), end);
    return fault == std::errc();
}

void append_value(std::string& out, boost::json::value const& value) {
    auto const separate = [&out](char open) { // Called before each item.
        if (out.back() != open) out += ',';
    };
    if (auto const* const text = value.if_string()) {
        append_json_string(out, *text);
    } else if (auto const* const number = value.if_int64()) {
        out += std::to_string(*number);
    } else if (auto const* const list = value.if_array()) {
        out += '[';
        for (auto const& item : *list) {
            separate('[');
            append_value(out, item);
        }
        out += ']';
    } else if (auto const* const object = value.if_object()) {
        out += '{';
        for (auto const& [name, member] : *object) {
            separate('{');
            append_json_string(out, name);
            out += ':';
            append_value(out, member);
        }
        out += '}';
    } else if (!value.is_double() || !append_plain(out, value.get_double())) {
        out += boost::json::serialize(value);
    }
}

/// Writes the document directly, without a JSON tree: wrong codes are as frequent as right ones.
std::string document_of(problem const& problem, std::string_view instance) {
    auto const or_phrase = [&problem](std::string_view text) {
        return text.empty() ? reason_phrase(problem.status) : text;
    };
    std::string out;
    out.reserve(384);
    out += R"({"type":"about:blank","title":)";
    append_json_string(out, or_phrase(problem.title));
    out += R"(,"status":)";
    out += std::to_string(problem.status);
    out += R"(,"detail":)";
    append_json_string(out, or_phrase(problem.detail));
    out += R"(,"code":)";
    append_json_string(out, problem.code);
    if (!instance.empty()) {
        out += R"(,"instance":)";
        append_json_string(out, instance);
    }
    for (auto const& [name, value] : problem.members) {
        if (std::ranges::find(standard_members, std::string_view(name)) != standard_members.end())
            continue;
        out += ',';
        append_json_string(out, name);
        out += ':';
        append_value(out, value);
    }
    out += '}';
    return out;
}

/// A request without a token gets a challenge without an error code (RFC 6750 3.1).
header_field challenge(bool token_is_wrong) {
    std::string_view const wrong = token_is_wrong ? R"(, error="invalid_token")" : "";
    return {"WWW-Authenticate", std::string(R"(Bearer realm="otpd")").append(wrong)};
}

response make(problem const& problem, std::string_view instance, bool token_is_wrong) {
    response out;
    out.status = problem.status;
    out.headers = problem.headers;
    out.content_type = "application/problem+json";
    out.body = document_of(problem, instance);
    if (problem.status == 401) out.headers.push_back(challenge(token_is_wrong));
    if (problem.retry_after || asks_to_come_back(problem.status)) {
        auto const seconds = problem.retry_after.value_or(std::chrono::seconds(1)).count();
        out.headers.push_back({"Retry-After", std::to_string(std::max<std::int64_t>(1, seconds))});
    }
    return out;
}

} // namespace

problem unauthorized() {
    problem problem;
    problem.status = 401;
    problem.code = "unauthorized";
    problem.detail = "Unauthorized.";
    return problem;
}

response to_response(problem const& problem) {
    return make(problem, {}, problem.token_is_wrong);
}

response to_response(problem const& problem, request const& where) {
    return make(problem, where.request_id(), problem.token_is_wrong || bearer_token(where));
}

} // namespace otpd::http
