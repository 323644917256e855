#include "replies.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace otpd::fuzz {

namespace json = boost::json;

namespace {

constexpr std::string_view version = "HTTP/1.1 ";

/// Failures that a request can cause on a healthy service: features of newer or larger servers, and
/// the upstream's answers to an unusual SMS.
constexpr std::array<std::string_view, 6> known_failures = {
    "501 encoding_unsupported", "505 version_unsupported", "502 upstream_rejected",
    "503 upstream_unavailable", "502 upstream_failed",     "504 delivery_unknown"};

struct head {
    unsigned status = 0;
    std::optional<std::size_t> length;
    std::size_t lengths = 0;
    std::string content_type;
    std::string request_id;
    bool closes = false;
};

bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '-';
    });
}
bool is_value(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c != '\x7f'; });
}
bool is_request_id(std::string_view text) {
    return text.size() <= 64 && !text.empty() && std::ranges::all_of(text, [](char c) {
               return is_name(std::string_view(&c, 1)) || c == '.' || c == '_';
           });
}

template <class Number>
bool read_number(std::string_view text, Number& to) {
    auto const [end, fault] = std::from_chars(text.data(), text.data() + text.size(), to);
    return fault == std::errc() && end == text.data() + text.size();
}

std::optional<std::string> take_field(std::string_view line, head& to) {
    auto const colon = line.find(": ");
    if (colon == std::string_view::npos || !is_name(line.substr(0, colon)))
        return "not a field: " + std::string(line);
    auto const name = line.substr(0, colon);
    auto const value = line.substr(colon + 2);
    if (!is_value(value)) return "not a value: " + std::string(line);
    if (name == "Content-Length") {
        std::size_t length = 0;
        ++to.lengths;
        if (!read_number(value, length)) return "not a length: " + std::string(line);
        to.length = length;
    }
    if (name == "Content-Type") to.content_type = value;
    if (name == "X-Request-Id") to.request_id = value;
    if (name == "Connection" && value == "close") to.closes = true;
    return std::nullopt;
}

std::optional<std::string> read_head(std::string_view text, head& to) {
    auto end = text.find("\r\n");
    auto const line = text.substr(0, end);
    if (!line.starts_with(version) || line.size() < version.size() + 4 ||
        !read_number(line.substr(version.size(), 3), to.status) || line[version.size() + 3] != ' ')
        return "not a status line: " + std::string(line);
    while (end + 2 < text.size()) {
        text.remove_prefix(end + 2);
        end = text.find("\r\n");
        if (auto fault = take_field(text.substr(0, end), to)) return fault;
    }
    if (to.lengths > 1) return "more than one Content-Length";
    return std::nullopt;
}

/// A problem must have a code; that of a 5xx must be known.
std::optional<std::string> check_failure(head const& head, std::string_view body,
                                         reply_counts& to) {
    if (head.content_type != "application/problem+json") return "a failure that is no problem";
    boost::system::error_code fault;
    auto const read = json::parse(body, fault);
    auto const* problem = read.if_object();
    auto const* code = problem != nullptr ? problem->if_contains("code") : nullptr;
    if (fault || code == nullptr || !code->is_string())
        return "not a problem: " + std::string(body);
    if (head.status < 500) return std::nullopt;
    auto const name = std::to_string(head.status) + ' ' + std::string(code->get_string());
    ++to.failures[name];
    if (std::ranges::find(known_failures, name) == known_failures.end())
        return "a failure of the server: " + std::string(body);
    return std::nullopt;
}

} // namespace

std::optional<std::string> check_replies(std::string_view received, bool cut_off,
                                         bool may_be_bodyless, reply_counts& to) {
    bool ended = false;
    while (!received.empty()) {
        if (ended) return "more than the last reply: " + std::string(received.substr(0, 200));
        auto const size = received.find("\r\n\r\n");
        if (size == std::string_view::npos)
            return cut_off ? std::nullopt
                           : std::optional("cut off within a header: " + std::string(received));
        head reply;
        if (auto fault = read_head(received.substr(0, size + 2), reply)) return fault;
        ++to.by_status[reply.status];
        received.remove_prefix(size + 4);
        if (reply.status == 100) continue;
        if (!is_request_id(reply.request_id)) return "no request id, or a bad one";
        ended = reply.closes;
        if (reply.status == 204 || reply.status == 304) continue;
        if (!reply.length) return "no Content-Length";
        bool const bodyless =
            may_be_bodyless && (received.empty() || received.starts_with(version));
        if (bodyless) continue;
        if (received.size() < *reply.length)
            return cut_off ? std::nullopt : std::optional<std::string>("cut off within a body");
        auto const body = received.substr(0, *reply.length);
        received.remove_prefix(*reply.length);
        if (reply.status < 400) continue;
        if (auto fault = check_failure(reply, body, to)) return fault;
    }
    return std::nullopt;
}

} // namespace otpd::fuzz
