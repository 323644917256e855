#include "bridgexapi_stub/message.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace bridgexapi_stub {
namespace {

namespace json = boost::json;

char lower_char(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <class Number>
void print_number(std::string& out, Number number) {
    std::array<char, 40> text{};
    auto const end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    out.append(text.data(), end);
}

void print_double(std::string& out, double number) {
    auto const start = out.size();
    print_number(out, number);
    if (out.find_first_of(".en", start) == std::string::npos)
        out += ".0"; // Python prints 5.0, not 5
}

void print(std::string& out, json::value const& value);

void print(std::string& out, json::array const& array) {
    out += '[';
    for (auto const& item : array) {
        if (&item != array.begin()) out += ',';
        print(out, item);
    }
    out += ']';
}

void print(std::string& out, json::object const& object) {
    out += '{';
    for (auto const& member : object) {
        if (&member != object.begin()) out += ',';
        out += json::serialize(member.key());
        out += ':';
        print(out, member.value());
    }
    out += '}';
}

void print(std::string& out, json::value const& value) {
    switch (value.kind()) {
    case json::kind::null:
        out += "null";
        break;
    case json::kind::bool_:
        out += value.get_bool() ? "true" : "false";
        break;
    case json::kind::int64:
        print_number(out, value.get_int64());
        break;
    case json::kind::uint64:
        print_number(out, value.get_uint64());
        break;
    case json::kind::double_:
        print_double(out, value.get_double());
        break;
    case json::kind::string:
        out += json::serialize(value.get_string());
        break;
    case json::kind::array:
        print(out, value.get_array());
        break;
    case json::kind::object:
        print(out, value.get_object());
        break;
    }
}

void append_chunks(std::string& out, std::string_view body, std::size_t chunk_bytes) {
    while (!body.empty()) {
        auto const piece = body.substr(0, chunk_bytes);
        std::array<char, 2 * sizeof(std::size_t)> size{};
        auto* const end =
            std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
        out.append(size.data(), end).append("\r\n").append(piece).append("\r\n");
        body.remove_prefix(piece.size());
    }
    out += "0\r\n\r\n";
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), lower_char);
    return out;
}

bool same_text(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower_char(a) == lower_char(b); });
}

std::string const* find_header(header_list const& headers, std::string_view name) {
    for (auto const& [key, value] : headers)
        if (same_text(key, name)) return &value;
    return nullptr;
}

std::string print_json(json::value const& value) {
    std::string out;
    print(out, value);
    return out;
}

reply reply::json(unsigned status, json::value body) {
    reply out;
    out.status = status;
    out.body = std::move(body);
    return out;
}

reply reply::error(unsigned status, std::string_view detail) {
    json::object body;
    body["detail"] = detail;
    return json(status, std::move(body));
}

std::string reply::text() const {
    return raw_body ? *raw_body : print_json(body);
}

std::string to_wire(reply const& answer, framing how, bool says_close, std::size_t chunk_bytes) {
    auto const body = answer.text();
    std::string out;
    out.reserve(body.size() + 256);
    out.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
    out.append(reason_phrase(answer.status)).append("\r\n");
    if (!answer.content_type.empty()) append_header(out, "content-type", answer.content_type);
    for (auto const& [name, value] : answer.headers)
        append_header(out, name, value);
    if (says_close) append_header(out, "connection", "close");
    if (how == framing::content_length)
        append_header(out, "content-length", std::to_string(body.size()));
    if (how == framing::chunked) append_header(out, "transfer-encoding", "chunked");
    out += "\r\n";
    if (how == framing::chunked)
        append_chunks(out, body, chunk_bytes);
    else
        out += body;
    return out;
}

std::string_view reason_phrase(unsigned status) {
    struct phrase {
        unsigned status;
        std::string_view text;
    };
    static constexpr std::array<phrase, 27> phrases{{
        {100, "Continue"},
        {102, "Processing"},
        {103, "Early Hints"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    }};
    auto const found = std::find_if(phrases.begin(), phrases.end(),
                                    [status](phrase const& p) { return p.status == status; });
    return found == phrases.end() ? "Status" : found->text;
}

} // namespace bridgexapi_stub
