#include "response_writer.hpp"

#include "otpd/core/decimal.hpp"
#include "otpd/core/utc.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace otpd::http {

namespace {

/// Appends milliseconds with two decimals.
void append_milliseconds(std::string& out, std::chrono::steady_clock::duration time) {
    using hundredths = std::chrono::duration<std::int64_t, std::ratio<1, 100'000>>;
    auto const count = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, std::chrono::round<hundredths>(time).count()));
    append_integer(out, count / 100);
    out.push_back('.');
    out.push_back(static_cast<char>('0' + count / 10 % 10));
    out.push_back(static_cast<char>('0' + count % 10));
}

/// The Date line with an IMF-fixdate (RFC 9110 5.6.7), formatted once per second and thread. The
/// view is valid until the thread's next call.
std::string_view date_line() {
    struct cached_line {
        std::chrono::sys_seconds second = std::chrono::sys_seconds::min();
        std::string text;
    };
    thread_local cached_line cache;
    auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (now != cache.second) {
        cache.text = "Date: " + to_http_date(now) + "\r\n";
        cache.second = now;
    }
    return cache.text;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

bool is_safe_value(std::string_view value) noexcept {
    return std::ranges::none_of(value, is_control);
}

/// Fields that only the connection may write.
bool is_reserved(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 8> reserved = {
        "connection",        "content-length",    "content-type", "date",
        "transfer-encoding", "x-process-time-ms", "x-request-id", "x-content-type-options"};
    return std::ranges::any_of(
        reserved, [name](std::string_view own) { return equal_ignoring_case(name, own); });
}

void append_own_fields(std::string& out, std::vector<header_field> const& fields) {
    if (fields.empty()) {
        out.append("Cache-Control: no-store\r\n");
        return;
    }
    bool has_cache_control = false;
    for (auto const& [name, value] : fields) {
        if (!is_token(name) || !is_safe_value(value) || is_reserved(name)) continue;
        has_cache_control = has_cache_control || equal_ignoring_case(name, "cache-control");
        append_field(out, name, value);
    }
    if (!has_cache_control) append_field(out, "Cache-Control", "no-store");
}

} // namespace

void write_head(response const& response, envelope const& around, std::string& out) {
    out.assign("HTTP/1.1 ");
    append_integer(out, response.status);
    out.append(" ").append(reason_phrase(response.status)).append("\r\n").append(date_line());
    if (has_content(response.status)) {
        if (!response.content().empty() && is_safe_value(response.content_type))
            append_field(out, "Content-Type", response.content_type);
        out.append("Content-Length: ");
        append_integer(out, response.content().size());
        out.append("\r\n");
    }
    out.append("X-Request-Id: ").append(around.request_id).append("\r\nX-Process-Time-Ms: ");
    append_milliseconds(out, around.handling);
    out.append("\r\nX-Content-Type-Options: nosniff\r\n");
    append_own_fields(out, response.headers);
    if (around.connection == persistence::close) out.append("Connection: close\r\n");
    if (around.connection == persistence::keep_alive) out.append("Connection: keep-alive\r\n");
    out.append("\r\n");
}

} // namespace otpd::http
