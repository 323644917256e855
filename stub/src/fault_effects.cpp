// The effects of faults on a reply: one small function per fault, and the table of all faults at
// the end.
#include "bridgexapi_stub/clock.hpp"
#include "bridgexapi_stub/faults.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace bridgexapi_stub {

struct draft {
    reply answer;
    framing how = framing::content_length;
    std::size_t chunk_bytes = 16;
    bool says_close = false;
    std::string before;                    // interim replies
    std::optional<std::size_t> body_bytes; // bytes of the body to send
    std::optional<std::size_t> wire_bytes; // bytes of the whole reply to send
    std::optional<std::string> instead;    // raw bytes instead of the reply
    exchange out;
};

namespace {

namespace json = boost::json;
using options = json::object;

std::int64_t number(options const& from, std::string_view name, std::int64_t otherwise) {
    auto const* value = from.if_contains(name);
    return value && value->is_int64() ? value->get_int64() : otherwise;
}

std::size_t size(options const& from, std::string_view name, std::size_t otherwise) {
    return static_cast<std::size_t>(
        std::max<std::int64_t>(number(from, name, static_cast<std::int64_t>(otherwise)), 0));
}

std::string text(options const& from, std::string_view name, std::string_view otherwise) {
    auto const* value = from.if_contains(name);
    return std::string{value && value->is_string() ? std::string_view{value->get_string()}
                                                   : otherwise};
}

bool flag(options const& from, std::string_view name) {
    auto const* value = from.if_contains(name);
    return value && value->is_bool() && value->get_bool();
}

unsigned status(options const& from, unsigned otherwise) {
    return static_cast<unsigned>(number(from, "status", otherwise));
}

void stop_after_this(draft& d, ending how) {
    d.out.end = how;
}

// ---- timing ----

void no_effect(draft&, options const&) {}

void delay(draft& d, options const& o) {
    d.out.delay += std::chrono::milliseconds{number(o, "ms", 1000)};
}

void drip(draft& d, options const& o) {
    d.out.drip_bytes = std::max<std::size_t>(size(o, "bytes", 1), 1);
    d.out.drip_pause = std::chrono::milliseconds{number(o, "ms", 10)};
}

void say_nothing(draft& d, ending how) {
    d.instead = "";
    stop_after_this(d, how);
}

void hold(draft& d, options const&) {
    say_nothing(d, ending::hold);
}
void drop(draft& d, options const& o) {
    say_nothing(d, flag(o, "rst") ? ending::reset : ending::abort);
}
void silent_close(draft& d, options const& o) {
    stop_after_this(d, flag(o, "abort") ? ending::abort : ending::close);
}

void reset(draft& d, options const& o) {
    d.body_bytes = size(o, "bytes", d.answer.text().size() / 2);
    stop_after_this(d, ending::reset);
}

void cut(draft& d, options const& o) {
    d.body_bytes = size(o, "bytes", d.answer.text().size() / 2);
    stop_after_this(d, flag(o, "hold") ? ending::hold : ending::close);
}

void cut_head(draft& d, options const& o) {
    d.wire_bytes = size(o, "bytes", 12);
    stop_after_this(d, flag(o, "hold") ? ending::hold : ending::close);
}

// ---- content ----

void raw(draft& d, unsigned code, std::string_view type, std::string body) {
    d.answer.status = code;
    d.answer.content_type = type;
    d.answer.raw_body = std::move(body);
}

void html(draft& d, options const& o) {
    raw(d, status(o, 502), "text/html",
        "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad "
        "Gateway"
        "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n");
}

void body(draft& d, options const& o) {
    raw(d, status(o, 200), text(o, "content_type", "application/json"), text(o, "text", ""));
}

void array(draft& d, options const& o) {
    if (o.contains("status")) d.answer.status = status(o, 200);
    json::array list;
    list.push_back(std::move(d.answer.body));
    d.answer.body = std::move(list);
}

void status_detail(draft& d, options const& o) {
    json::object body;
    auto const* detail = o.if_contains("detail");
    body["detail"] = detail ? *detail : json::value{"Internal Server Error"};
    d.answer = reply::json(status(o, 500), std::move(body));
    if (auto const* headers = o.if_contains("headers"); headers && headers->is_object())
        for (auto const& member : headers->get_object())
            d.answer.headers.emplace_back(member.key(),
                                          text(headers->get_object(), member.key(), ""));
}

void rate(draft& d, options const& o) {
    d.answer = reply::error(429, text(o, "detail", "Too many requests"));
    auto const* after = o.if_contains("retry_after");
    if (!after) return;
    auto const seconds =
        after->is_int64() ? std::to_string(after->get_int64()) : text(o, "retry_after", "");
    d.answer.headers.emplace_back("retry-after", seconds);
}

void redirect(draft& d, options const& o) {
    raw(d, status(o, 302), "", "");
    d.answer.headers.emplace_back("location", text(o, "location", "http://127.0.0.1:9/elsewhere"));
}

void truncate(draft& d, options const& o) {
    auto whole = d.answer.text();
    whole.resize(std::min(size(o, "bytes", whole.size() / 2), whole.size()));
    d.answer.raw_body = std::move(whole);
}

json::value wrong(json::value const& value) {
    switch (value.kind()) {
    case json::kind::string:
        return 7;
    case json::kind::bool_:
        return "yes";
    case json::kind::null:
        return json::array{};
    case json::kind::array:
        return json::object{{"0", "zero"}};
    case json::kind::object:
        return "object";
    default:
        return json::object{{"value", value}};
    }
}

void types(draft& d, options const&) {
    if (auto* object = d.answer.body.if_object())
        for (auto& member : *object)
            member.value() = wrong(member.value());
}

void set_member(draft& d, std::string_view name, json::value value) {
    if (auto* object = d.answer.body.if_object()) (*object)[name] = std::move(value);
}

void unsuccess(draft& d, options const& o) {
    set_member(d, "status", json::string{text(o, "text", "error")});
}
void empty(draft& d, options const&) {
    set_member(d, "messages", json::array{});
}
void null_messages(draft& d, options const&) {
    set_member(d, "messages", nullptr);
}

json::array* messages_of(draft& d) {
    auto* object = d.answer.body.if_object();
    auto* list = object ? object->if_contains("messages") : nullptr;
    return list ? list->if_array() : nullptr;
}

void null_ids(draft& d, options const&) {
    set_member(d, "order_id", nullptr);
    set_member(d, "cost", nullptr);
    set_member(d, "balance_after", nullptr);
    if (auto* list = messages_of(d))
        for (auto& item : *list)
            if (auto* message = item.if_object()) (*message)["bx_message_id"] = nullptr;
}

void string_order(draft& d, options const&) {
    auto* object = d.answer.body.if_object();
    for (std::string_view const name : {"order_id", "sms_order_id"})
        if (auto* value = object ? object->if_contains(name) : nullptr; value && value->is_int64())
            *value = std::to_string(value->get_int64());
}

void extra(draft& d, options const&) {
    json::object nested{{"deep", json::array{1, "two", nullptr}}};
    set_member(d, "x_new_field", std::move(nested));
    set_member(d, "x_unicode", "\xE2\x9C\x93");
    if (auto* list = messages_of(d))
        for (auto& item : *list)
            if (auto* message = item.if_object()) (*message)["parts"] = 1;
}

void duplicate(draft& d, options const&) {
    auto* list = messages_of(d);
    if (!list) return;
    json::array twice;
    for (auto const& item : *list) {
        twice.push_back(item);
        twice.push_back(item);
    }
    *list = std::move(twice);
}

void respell_created_at(json::value& item, time_format format, std::chrono::seconds drift) {
    auto* object = item.if_object();
    auto* value = object ? object->if_contains("created_at") : nullptr;
    if (!value || !value->is_string()) return;
    if (auto const when = parse_time(value->get_string()))
        *value = format_time(*when + drift, format);
}

void created_at(draft& d, options const& o) {
    auto const format = parse_time_format(text(o, "format", "zulu")).value_or(time_format::zulu);
    std::chrono::seconds const drift{number(o, "drift_seconds", 0)};
    respell_created_at(d.answer.body, format, drift);
    if (auto* list = messages_of(d))
        for (auto& item : *list)
            respell_created_at(item, format, drift);
}

void huge(draft& d, options const& o) {
    set_member(d, "padding", json::string(size(o, "bytes", std::size_t{16} << 20U), 'x'));
}

// ---- framing ----

void chunked(draft& d, options const& o) {
    d.how = framing::chunked;
    d.chunk_bytes = std::max<std::size_t>(size(o, "bytes", 16), 1);
}

void no_length(draft& d, options const& o) {
    d.how = framing::until_close;
    stop_after_this(d, flag(o, "abort") ? ending::abort : ending::close);
}

void interim(draft& d, options const& o) {
    auto const code = status(o, 100);
    auto const times = number(o, "times", 1);
    for (std::int64_t i = 0; i < times; ++i)
        d.before.append("HTTP/1.1 ")
            .append(std::to_string(code))
            .append(" ")
            .append(reason_phrase(code))
            .append("\r\n\r\n");
}

void big_header(draft& d, options const& o) {
    d.answer.headers.emplace_back("x-padding",
                                  std::string(size(o, "bytes", std::size_t{64} << 10U), 'x'));
}

void garbage(draft& d, options const& o) {
    d.instead = text(o, "text", "SSH-2.0-OpenSSH_9.2\r\n");
    stop_after_this(d, ending::close);
}

constexpr int stage_decide = 1; // before the API is called
constexpr int stage_body = 2;
constexpr int stage_text = 3;
constexpr int stage_framing = 4;
constexpr int stage_ending = 5;

constexpr std::array<fault_kind, 34> kinds{{
    {"refuse", stage_connection, false, "rst", no_effect},
    {"stall", stage_connection, false, "", no_effect},
    {"vendor", stage_decide, true, "reason", no_effect},
    {"array", stage_body, true, "status", array},
    {"types", stage_body, true, "", types},
    {"unsuccess", stage_body, false, "text", unsuccess},
    {"empty", stage_body, true, "", empty},
    {"null_messages", stage_body, true, "", null_messages},
    {"null_ids", stage_body, true, "", null_ids},
    {"string_order", stage_body, true, "", string_order},
    {"extra", stage_body, true, "", extra},
    {"duplicate", stage_body, true, "", duplicate},
    {"created_at", stage_body, true, "format drift_seconds", created_at},
    {"huge", stage_body, true, "bytes", huge},
    {"html", stage_body, false, "status", html},
    {"status", stage_body, false, "status detail headers", status_detail},
    {"rate", stage_body, false, "retry_after detail", rate},
    {"redirect", stage_body, false, "status location", redirect},
    {"body", stage_body, true, "status text content_type", body},
    {"truncate", stage_text, true, "bytes", truncate},
    {"chunked", stage_framing, true, "bytes", chunked},
    {"no_length", stage_framing, true, "abort", no_length},
    {"interim", stage_framing, true, "status times", interim},
    {"big_header", stage_framing, true, "bytes", big_header},
    {"garbage", stage_framing, true, "text", garbage},
    {"delay", stage_ending, true, "ms", delay},
    {"drip", stage_ending, true, "bytes ms", drip},
    {"silent_close", stage_ending, true, "abort", silent_close},
    {"cut", stage_ending, true, "bytes hold", cut},
    {"cut_head", stage_ending, true, "bytes hold", cut_head},
    {"reset", stage_ending, true, "bytes", reset},
    {"hold", stage_ending, true, "", hold},
    {"drop_before", stage_ending, false, "rst", drop},
    {"drop_after", stage_ending, true, "rst", drop},
}};

std::string reply_bytes(draft const& d) {
    if (d.instead) return *d.instead;
    auto bytes = to_wire(d.answer, d.how, d.says_close, d.chunk_bytes);
    if (d.body_bytes) {
        auto const head = bytes.find("\r\n\r\n") + 4;
        bytes.resize(std::min(head + *d.body_bytes, bytes.size()));
    }
    bytes.insert(0, d.before);
    if (d.wire_bytes) bytes.resize(std::min(*d.wire_bytes, bytes.size()));
    return bytes;
}

} // namespace

std::span<fault_kind const> fault_kinds() {
    return kinds;
}

exchange make_exchange(reply answer, std::vector<fault> const& faults, incoming const& request) {
    draft d;
    d.answer = std::move(answer);
    d.says_close = !request.keep_alive;
    d.out.end = request.keep_alive ? ending::keep : ending::close;
    if (request.method == "HEAD") d.body_bytes = 0;
    for (auto const& one : faults)
        one.kind->apply(d, one.options);
    d.out.status = d.instead ? 0 : d.answer.status;
    d.out.bytes = reply_bytes(d);
    return std::move(d.out);
}

} // namespace bridgexapi_stub
