#include "control.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <stdexcept>

namespace bridgexapi_stub {
namespace {

namespace json = boost::json;

reply done() {
    return reply::json(200, json::object{{"ok", true}});
}

reply bad(unsigned status, std::string_view why) {
    json::object body;
    body["error"] = why;
    return reply::json(status, std::move(body));
}

json::value parse_body(std::string const& body) {
    boost::system::error_code error;
    auto value = json::parse(body.empty() ? "{}" : std::string_view{body}, error);
    if (error) throw std::invalid_argument{"the body is not JSON: " + error.message()};
    return value;
}

std::size_t query_count(query_list const& query, std::string_view name, std::size_t otherwise) {
    auto const* text = find_query(query, name);
    if (!text) return otherwise;
    std::size_t value = 0;
    auto const [stop, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || stop != text->data() + text->size())
        throw std::invalid_argument{"\"" + std::string{name} + "\" must be a whole number"};
    return value;
}

bool is_utf8(std::string const& text) {
    boost::system::error_code error;
    // The parser checks UTF-8, the serializer does not.
    auto const parsed = json::parse(json::serialize(text), error);
    return !error && parsed.is_string();
}

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (char const c : bytes) {
        auto const byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4U];
        out += digits[byte & 15U];
    }
    return out;
}

json::array strings(std::vector<std::string> const& list) {
    return json::array(list.begin(), list.end());
}

// Invalid UTF-8 cannot be represented in JSON, so such text is written as hex under another name.
void put_text(json::object& out, std::string const& name, std::string const& text) {
    if (is_utf8(text))
        out[name] = text;
    else
        out[name + "_hex"] = to_hex(text);
}

json::object request_object(recorded_request const& one) {
    json::object out;
    out["sequence"] = one.sequence;
    out["time"] = format_time(one.received_at, time_format::micro) + "Z";
    out["endpoint"] = to_string(one.where);
    out["method"] = one.raw.method;
    put_text(out, "target", one.raw.target);
    out["version"] = one.raw.version;
    json::array headers;
    for (auto const& [name, value] : one.raw.headers) {
        json::object header;
        header["name"] = name;
        put_text(header, "value", value);
        headers.push_back(std::move(header));
    }
    out["headers"] = std::move(headers);
    put_text(out, "body", one.raw.body);
    out["connection"] = one.raw.connection.number;
    out["peer"] = one.raw.connection.peer;
    out["tls"] = one.raw.connection.tls_version.empty()
                     ? json::value{}
                     : json::value{one.raw.connection.tls_version};
    out["tls_resumed"] = one.raw.connection.tls_resumed;
    out["status"] = one.status == 0 ? json::value{} : json::value{one.status};
    out["faults"] = strings(one.faults);
    out["sms"] = strings(one.accepted);
    out["order_id"] = one.order_id ? json::value{*one.order_id} : json::value{};
    return out;
}

json::object message_object(sms const& one, timestamp now) {
    auto const state = one.state_at(now);
    json::object out;
    out["sequence"] = one.sequence;
    out["bx_message_id"] = one.bx_message_id;
    out["order_id"] = one.order_id;
    out["route_id"] = one.route_id;
    out["number"] = one.number;
    out["caller_id"] = one.caller_id;
    put_text(out, "text", one.text);
    out["cost"] = to_euros(one.cost);
    out["accepted_at"] = format_time(one.accepted_at, time_format::micro) + "Z";
    out["request"] = one.request;
    out["state"] = state.status;
    out["error"] = state.error ? json::value{*state.error} : json::value{};
    return out;
}

std::optional<std::string> text_member(json::object const& from, std::string_view name) {
    auto const* value = from.if_contains(name);
    if (!value || value->is_null()) return std::nullopt;
    if (!value->is_string())
        throw std::invalid_argument{"\"" + std::string{name} + "\" must be a string"};
    return std::string{value->get_string()};
}

json::object const& object_of(json::value const& body) {
    if (!body.is_object()) throw std::invalid_argument{"the body must be a JSON object"};
    return body.get_object();
}

} // namespace

reply control::handle(incoming const& request) {
    try {
        return dispatch(request);
    } catch (std::invalid_argument const& wrong) {
        return bad(400, wrong.what());
    }
}

reply control::dispatch(incoming const& request) {
    auto const target = split_target(request.target);
    auto const what =
        request.method + " " + target.path.substr(std::string_view{"/__stub/"}.size());
    if (what == "GET requests") return list_requests(target.query);
    if (what == "GET messages") return list_messages(target.query);
    if (what == "GET violations") return list_violations();
    if (what == "GET faults") return list_faults();
    if (what == "GET stats") return stats();
    if (what == "GET clock") return clock();
    if (what == "GET config") return config();
    if (what == "POST faults") return add_faults(parse_body(request.body));
    if (what == "POST messages") return force_state(parse_body(request.body));
    if (what == "POST clock") return move_clock(parse_body(request.body));
    if (what == "POST config") {
        apply_config(parse_body(request.body));
        return config();
    }
    if (what == "POST reset") return reset(), done();
    if (what == "DELETE requests") return of_.recorder_.clear_requests(), done();
    if (what == "DELETE violations") return of_.recorder_.clear_violations(), done();
    if (what == "DELETE messages") return of_.state_.messages.clear(), done();
    if (what == "DELETE faults") {
        if (!find_query(target.query, "id")) return of_.faults_.clear(), done();
        return of_.faults_.remove(query_count(target.query, "id", 0)) ? done()
                                                                      : bad(404, "no such fault");
    }
    return bad(404, "no such control path or method: " + what);
}

reply control::list_requests(query_list const& query) const {
    auto const* where = find_query(query, "endpoint");
    auto const after = query_count(query, "after", 0);
    auto const limit = query_count(query, "limit", 10'000);
    json::array list;
    for (auto const& one : of_.recorder_.requests()) {
        if (list.size() >= limit) break;
        if (one.sequence > after && (!where || *where == to_string(one.where)))
            list.push_back(request_object(one));
    }
    json::object body;
    body["total"] = of_.recorder_.stats.requests;
    body["requests"] = std::move(list);
    return reply::json(200, std::move(body));
}

reply control::list_messages(query_list const& query) const {
    auto const* number = find_query(query, "number");
    auto const after = query_count(query, "after", 0);
    auto const limit = query_count(query, "limit", 10'000);
    auto const now = of_.state_.clock.now();
    json::array list;
    for (auto const& one : of_.state_.messages.messages()) {
        if (list.size() >= limit) break;
        if (one.sequence > after && (!number || number_matches(*number, one.number)))
            list.push_back(message_object(one, now));
    }
    json::object body;
    body["total"] = of_.state_.messages.accepted_total();
    body["messages"] = std::move(list);
    return reply::json(200, std::move(body));
}

reply control::list_violations() const {
    json::array list;
    for (auto const& one : of_.recorder_.violations()) {
        json::object item;
        item["request"] = one.request == 0 ? json::value{} : json::value{one.request};
        item["connection"] = one.connection;
        item["code"] = one.code;
        item["text"] = one.text;
        list.push_back(std::move(item));
    }
    json::object body;
    body["total"] = of_.recorder_.stats.violations;
    body["violations"] = std::move(list);
    return reply::json(200, std::move(body));
}

reply control::list_faults() const {
    json::array list;
    for (auto const& one : of_.faults_.all())
        list.push_back(one.to_json());
    return reply::json(200, json::object{{"faults", std::move(list)}});
}

reply control::add_faults(json::value const& body) {
    std::vector<fault> parsed; // sets all faults or, if one is invalid, none
    if (auto const* list = body.if_array()) {
        for (auto const& item : *list)
            parsed.push_back(fault::parse(item));
    } else {
        parsed.push_back(fault::parse(body));
    }
    json::array ids;
    for (auto& one : parsed)
        ids.push_back(of_.faults_.add(std::move(one)));
    return reply::json(200, json::object{{"ids", std::move(ids)}});
}

reply control::force_state(json::value const& body) {
    auto const& object = object_of(body);
    auto const id = text_member(object, "bx_message_id");
    auto const number = text_member(object, "number");
    auto const state = text_member(object, "state");
    if (!state || !id == !number)
        throw std::invalid_argument{"needs \"state\" and one of \"bx_message_id\" and \"number\""};
    delivery_state const wanted{*state, text_member(object, "error")};
    auto& messages = of_.state_.messages;
    std::vector<std::string> ids;
    if (id) ids.push_back(*id);
    for (auto const& one : messages.messages())
        if (number && number_matches(*number, one.number)) ids.push_back(one.bx_message_id);
    std::size_t changed = 0;
    for (auto const& one : ids)
        changed += messages.force(one, wanted) ? 1U : 0U;
    if (changed == 0) return bad(404, "no such message");
    return reply::json(200, json::object{{"changed", changed}});
}

reply control::move_clock(json::value const& body) {
    auto const& object = object_of(body);
    auto const* freeze = object.if_contains("freeze");
    auto const* advance = object.if_contains("advance_seconds");
    auto const set = text_member(object, "set");
    if (object.size() != (freeze ? 1U : 0U) + (advance ? 1U : 0U) + (set ? 1U : 0U))
        throw std::invalid_argument{"knows \"freeze\", \"set\" and \"advance_seconds\" only"};
    if (freeze && !freeze->is_bool())
        throw std::invalid_argument{"\"freeze\" must be true or false"};
    if (advance && !advance->is_number())
        throw std::invalid_argument{"\"advance_seconds\" must be a number"};
    auto const to = set ? parse_time(*set) : std::nullopt;
    if (set && !to) throw std::invalid_argument{"\"set\" must be an ISO 8601 time"};
    auto& clock = of_.state_.clock;
    if (freeze) freeze->get_bool() ? clock.freeze() : clock.resume();
    if (to) clock.set(*to);
    if (advance)
        clock.advance(std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::duration<double>{advance->to_number<double>()}));
    return this->clock();
}

reply control::clock() const {
    json::object body;
    body["now"] = format_time(of_.state_.clock.now(), time_format::micro) + "Z";
    body["frozen"] = of_.state_.clock.frozen();
    return reply::json(200, std::move(body));
}

reply control::stats() const {
    auto const& stats = of_.recorder_.stats;
    json::object by_endpoint;
    for (std::size_t i = 0; i < stats.by_endpoint.size(); ++i)
        if (stats.by_endpoint[i] != 0)
            by_endpoint[to_string(static_cast<endpoint>(i))] = stats.by_endpoint[i];
    json::object body;
    body["connections_accepted"] = stats.connections_accepted;
    body["connections_open"] = stats.connections_open;
    body["tls_handshakes"] = stats.tls_handshakes;
    body["tls_resumed"] = stats.tls_resumed;
    body["tls_failed"] = stats.tls_failed;
    body["requests"] = stats.requests;
    body["bad_requests"] = stats.bad_requests;
    body["request_bytes"] = stats.request_bytes;
    body["sms_accepted"] = stats.sms_accepted;
    body["violations"] = stats.violations;
    body["by_endpoint"] = std::move(by_endpoint);
    return reply::json(200, std::move(body));
}

reply control::config() const {
    return reply::json(200, settings_to_json(of_.state_, of_.recorder_));
}

void control::apply_config(json::value const& changes) {
    auto const& object = object_of(changes);
    settings const old_config = of_.state_.config;
    auto const old_accounts = of_.state_.accounts;
    auto const old_prices = of_.state_.prices;
    try {
        apply_settings(of_.state_, of_.recorder_, object);
    } catch (std::invalid_argument const&) {
        of_.state_.config = old_config;
        of_.state_.accounts = old_accounts;
        of_.state_.prices = old_prices;
        throw;
    }
}

void control::reset() {
    auto const open = of_.recorder_.stats.connections_open;
    of_.state_ = of_.fresh_state();
    of_.faults_ = {};
    of_.recorder_ = of_.fresh_recorder();
    of_.recorder_.stats.connections_open = open;
    of_.sequence_ = 0;
}

} // namespace bridgexapi_stub
