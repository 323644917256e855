/// The framing of a request: its head and its body. The server must read a request the same way
/// however it is split into packets, and must accept nothing that another parser might read
/// differently.

#include "http/request_parser.hpp"
#include "http/text.hpp"
#include "otpd/core/trace.hpp"
#include "target.hpp"

#include <optional>
#include <string>
#include <vector>

namespace {

using otpd::fuzz::exact_copy;
using otpd::fuzz::must;
using namespace otpd::http;
using progress = request_parser::progress;

constexpr std::size_t body_bytes_max = 256;
constexpr request_limits small{.header_bytes_max = 1024,
                               .fields_max = 8,
                               .target_bytes_max = 128,
                               .body_bytes_max = body_bytes_max};

/// The result of reading bytes from a connection.
struct reading {
    std::optional<framing_fault> fault;
    bool head_complete = false;
    std::size_t head_size = 0;
    bool complete = false;
    std::size_t size = 0; ///< of the whole message, when complete
    std::string body;

    /// A body with two faults is refused for the one that is found first; a header always for the
    /// same one.
    [[nodiscard]] bool means_the_same_as(reading const& other) const {
        bool const refused_alike =
            head_complete ? fault.has_value() == other.fault.has_value() : fault == other.fault;
        return refused_alike && head_complete == other.head_complete &&
               head_size == other.head_size && complete == other.complete && size == other.size &&
               body == other.body;
    }
};

/// Feeds prefixes that grow by `step`, like arriving packets.
reading read(request_parser& parser, std::string_view bytes, std::size_t step) {
    reading out;
    auto made = progress::need_more;
    for (std::size_t received = 0; made == progress::need_more && received < bytes.size();) {
        received = std::min(received + step, bytes.size());
        exact_copy const input(bytes.substr(0, received));
        made = parser.feed(input.view());
        if (!parser.is_head_complete()) continue;
        auto const body = parser.body(input.view());
        must(body.size() <= body_bytes_max, "a body is bounded");
        if (made == progress::complete) out.body = body;
    }
    out.head_complete = parser.is_head_complete();
    out.complete = made == progress::complete;
    if (made == progress::rejected) out.fault = parser.fault();
    if (out.head_complete) out.head_size = parser.head_end();
    if (out.complete) out.size = parser.end();
    return out;
}

bool named(field_view const& field, std::string_view name) {
    return otpd::equal_ignoring_case(field.name, name);
}

void check_lines(std::string_view head) {
    must(head.ends_with("\r\n\r\n"), "a header section ends with an empty line");
    must(head.size() <= small.header_bytes_max, "a header section is bounded");
    for (std::size_t i = 0; i < head.size(); ++i) {
        bool const line_end = head[i] == '\r' || head[i] == '\n';
        must(line_end || !is_control(head[i]), "no control character is accepted");
        if (head[i] == '\r') must(head[i + 1] == '\n', "no bare CR is accepted");
        if (head[i] == '\n') must(i > 0 && head[i - 1] == '\r', "no bare LF is accepted");
    }
}

void check_fields(request_parser const& head, std::string_view bytes) {
    std::vector<field_view> fields;
    head.copy_fields(bytes, fields);
    must(fields.size() <= small.fields_max, "the number of fields is bounded");
    std::size_t lengths = 0;
    std::size_t encodings = 0;
    std::size_t hosts = 0;
    for (auto const& field : fields) {
        must(is_token(field.name), "a field's name is a token");
        must(trim_ows(field.value) == field.value, "a value has no white space around it");
        encodings += named(field, "transfer-encoding");
        hosts += named(field, "host");
        if (auto const trace = otpd::parse_traceparent(field.value))
            must(trace->exists() && otpd::parse_traceparent(otpd::to_traceparent(*trace)) == trace,
                 "a trace is passed on as it came");
        if (!named(field, "content-length")) continue;
        ++lengths;
        must(field.value == std::to_string(head.content_length().value_or(0)) ||
                 field.value.find_first_not_of('0') != 0,
             "the length is the one that is stated");
    }
    must(lengths <= 1, "one Content-Length at most");
    must(lengths + encodings <= 1, "a length or an encoding, never both");
    must((encodings == 1) == head.chunked(), "an encoding that is not understood is refused");
    must(hosts <= 1 && (hosts == 1 || head.is_http_1_0()), "one Host, but for HTTP/1.0");
    must(head.content_length().value_or(0) <= body_bytes_max, "a declared body is bounded");
}

void check_target(request_parser const& head, std::string_view bytes) {
    auto const target = head.target().whole(bytes);
    must(target.size() <= small.target_bytes_max, "the target is bounded");
    must(target_characters.holds_all_of(target) || target == "*", "the target has no other bytes");
    auto const path = head.target().path(bytes);
    must(path == "*" || path.starts_with('/'), "a path begins with a slash");
    must(path.find('?') == std::string_view::npos, "a path ends before the query");
}

/// Reads the chunks of `message` by RFC 9112 7.1 in the simplest way; returns nothing if they are
/// malformed.
std::optional<std::string> plain_chunks(std::string_view message) {
    std::string body;
    for (;;) {
        auto const end = message.find("\r\n");
        if (end == std::string_view::npos) return std::nullopt;
        std::size_t size = 0;
        std::size_t digits = 0;
        for (; digits < end && otpd::hex_value(message[digits]) >= 0; ++digits)
            size = size * 16 + static_cast<std::size_t>(otpd::hex_value(message[digits]));
        if (digits == 0 || size > body_bytes_max) return std::nullopt;
        message.remove_prefix(end + 2);
        if (size == 0) break;
        if (message.size() < size + 2 || message.substr(size, 2) != "\r\n") return std::nullopt;
        body += message.substr(0, size);
        message.remove_prefix(size + 2);
    }
    bool const no_trailer = message == "\r\n";
    return no_trailer || message.ends_with("\r\n\r\n") ? std::optional(body) : std::nullopt;
}

} // namespace

OTPD_FUZZ_TARGET(request_framing) {
    request_parser parser(small);
    auto const idempotency = read(parser, bytes, std::max<std::size_t>(bytes.size(), 1));
    auto const uneven = 2 + bytes.size() % 13;
    for (auto const step : {std::size_t{1}, uneven}) {
        request_parser sliced(small);
        must(read(sliced, bytes, step).means_the_same_as(idempotency),
             "packets do not change what a request is");
    }
    if (!idempotency.head_complete) return;
    check_lines(bytes.substr(0, idempotency.head_size));
    check_fields(parser, bytes);
    check_target(parser, bytes);
    if (!idempotency.complete) return;
    must(idempotency.size <= bytes.size(), "a request ends within what was received");
    if (parser.chunked())
        must(plain_chunks(
                 bytes.substr(idempotency.head_size, idempotency.size - idempotency.head_size)) ==
                 idempotency.body,
             "a body is what its chunks say");
}
