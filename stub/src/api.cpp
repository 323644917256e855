#include "bridgexapi_stub/api.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/stream_parser.hpp>

#include <algorithm>
#include <charconv>

namespace bridgexapi_stub {
namespace {

namespace json = boost::json;

std::optional<std::int64_t> parse_int(std::string_view text) {
    std::int64_t value = 0;
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

reply success(json::object body) {
    return reply::json(200, std::move(body));
}

void replace(std::string& text, std::string_view mark, std::string_view with) {
    if (auto const at = text.find(mark); at != std::string::npos)
        text.replace(at, mark.size(), with);
}

} // namespace

api_request::api_request(incoming const& request)
    : raw{request}, target{parse_call(request.method, request.target)} {
    if (request.body.empty()) return;
    boost::system::error_code error;
    json::stream_parser parser;
    body_error_at = parser.write_some(request.body.data(), request.body.size(), error);
    if (!error && body_error_at == request.body.size()) parser.finish(error);
    if (!error && parser.done() && body_error_at == request.body.size()) body = parser.release();
}

std::vector<std::string_view> api_request::numbers() const {
    std::vector<std::string_view> out;
    auto const* object = body ? body->if_object() : nullptr;
    auto const* list = object ? object->if_contains("numbers") : nullptr;
    if (!list || !list->is_array()) return out;
    for (auto const& item : list->get_array())
        if (auto const* text = item.if_string()) out.emplace_back(*text);
    return out;
}

api_result api::handle(api_request const& request, api_options const& options) {
    auto const where = request.target.where;
    if (where == endpoint::unknown) return {refuse(refusal::not_found), {}, {}};
    if (where == endpoint::wrong_method) {
        auto answer = refuse(refusal::method_not_allowed);
        answer.headers.emplace_back("allow", request.target.allow);
        return {std::move(answer), {}, {}};
    }
    auto const* key = find_header(request.raw.headers, "x-api-key");
    if (!key || key->empty()) return {refuse(refusal::missing_key), {}, {}};
    auto* who = find_account(*key);
    if (!who || !who->active) return {refuse(refusal::bad_key), {}, {}};
    return dispatch(request, options, *who);
}

api_result api::dispatch(api_request const& request, api_options const& options, account& who) {
    api_result result;
    if (request.target.where == endpoint::send_sms)
        result = send_sms(request, options, who);
    else if (request.target.where == endpoint::estimate)
        result.answer = estimate(request, who);
    else
        result.answer = read(request, who);
    activity_entry entry;
    entry.when = state_.clock.now();
    entry.where = request.target.where;
    entry.status_code = result.answer.status;
    entry.ip_address =
        request.raw.connection.peer.substr(0, request.raw.connection.peer.rfind(':'));
    if (auto const* body = request.body ? request.body->if_object() : nullptr)
        if (auto const* id = body->if_contains("route_id"); id && id->is_int64())
            entry.route_id = id->get_int64();
    state_.activity[who.key].add(std::move(entry));
    return result;
}

reply api::read(api_request const& request, account const& who) {
    switch (request.target.where) {
    case endpoint::balance:
        return balance(who);
    case endpoint::dlr:
        return dlr(request, who);
    case endpoint::dlr_list:
        return dlr_list(request, who);
    case endpoint::order_dlr:
        return order_dlr(request, who);
    case endpoint::routes:
        return routes(who);
    case endpoint::route:
        return route(request, who);
    case endpoint::pricing:
        return pricing(request, who);
    case endpoint::activity_summary:
        return activity_summary(who);
    case endpoint::activity_logs:
        return activity_logs(request, who);
    case endpoint::activity_usage:
        return activity_usage(request, who);
    case endpoint::activity_endpoints:
        return activity_endpoints(who);
    default:
        return refuse(refusal::not_found);
    }
}

account* api::find_account(std::string_view key) {
    auto const found = std::find_if(state_.accounts.begin(), state_.accounts.end(),
                                    [key](account const& one) { return one.key == key; });
    return found == state_.accounts.end() ? nullptr : &*found;
}

// ---- sending ----

std::optional<reply> api::check_route(order_request const& order, account const& who) const {
    auto const known = order.route_id >= 1 && order.route_id <= 8;
    bool const enabled = who.routes.contains(order.route_id);
    if (!known || (order.route_id == web3_route && !enabled)) return refuse(refusal::invalid_route);
    if (!enabled && order.route_id == casino_route) return refuse(refusal::casino_not_allowed);
    if (!enabled) return refuse(refusal::route_not_allowed, std::to_string(order.route_id));
    if (order.route_id == whitelist_route && !who.sender_ids.contains(order.caller_id))
        return refuse(refusal::sender_not_allowed);
    return std::nullopt;
}

api::quote_or_reply api::price_order(api_request const& request, account& who) {
    auto checked = validate_order(request.body ? &*request.body : nullptr, request.body_error_at,
                                  request.raw, state_.config);
    if (!checked.order) return invalid(std::move(checked.problems));
    auto& order = *checked.order;
    if (auto refused = check_route(order, who)) return std::move(*refused);
    if (order.numbers.size() > state_.config.numbers_max) return refuse(refusal::too_many_numbers);
    std::optional<price_table::match> first;
    for (auto const& number : order.numbers) {
        auto const found = state_.prices.find(static_cast<int>(order.route_id), number);
        if (!found) return refuse(refusal::no_pricing);
        if (!first) first = found;
        if (state_.config.same_country && found->prefix != first->prefix)
            return refuse(refusal::mixed_country);
    }
    auto const total = first->amount * static_cast<micro_euros>(order.numbers.size());
    return quote{&who, std::move(order), first->amount, total};
}

api_result api::send_sms(api_request const& request, api_options const& options, account& who) {
    auto priced = price_order(request, who);
    if (auto* refused = std::get_if<reply>(&priced)) return {std::move(*refused), {}, {}};
    auto const& offer = std::get<quote>(priced);
    if (offer.total > who.balance) return {refuse(refusal::insufficient_balance), {}, {}};
    if (options.vendor_reason)
        return {refuse(refusal::vendor_failed, *options.vendor_reason), {}, {}};
    return accept(offer, request, options.commit);
}

api_result api::accept(quote const& offer, api_request const& request, bool commit) {
    auto const order_id = commit ? state_.messages.open_order() : state_.messages.next_order();
    bool const nulls = offer.payer->sandbox && state_.config.sandbox_nulls;
    api_result result;
    json::array messages;
    for (auto const& number : offer.order.numbers) {
        sms message;
        message.bx_message_id = state_.messages.make_id(order_id);
        json::object item;
        item["bx_message_id"] = nulls ? json::value{} : json::value{message.bx_message_id};
        item["msisdn"] = number;
        item["status"] = "QUEUED";
        messages.push_back(std::move(item));
        if (!commit) continue;
        result.accepted.push_back(message.bx_message_id);
        message.order_id = order_id;
        message.route_id = static_cast<int>(offer.order.route_id);
        message.number = number;
        message.caller_id = offer.order.caller_id;
        message.text = offer.order.message;
        message.cost = offer.unit_price;
        message.api_key = offer.payer->key;
        message.accepted_at = state_.clock.now();
        message.request = request.sequence;
        message.plan = state_.config.plan_for(number);
        state_.messages.add(std::move(message));
    }
    if (commit) {
        offer.payer->balance -= offer.total;
        result.order_id = order_id;
    }
    auto const balance_after = offer.payer->balance - (commit ? 0 : offer.total);
    json::object body;
    body["status"] = "success";
    body["message"] = "SMS batch accepted via route " + std::to_string(offer.order.route_id);
    body["order_id"] = nulls ? json::value{} : json::value{order_id};
    body["route_id"] = offer.order.route_id;
    body["count"] = offer.order.numbers.size();
    body["messages"] = std::move(messages);
    body["cost"] = nulls ? json::value{} : json::value{to_euros(offer.total)};
    body["balance_after"] = nulls ? json::value{} : json::value{to_euros(balance_after)};
    result.answer = success(std::move(body));
    return result;
}

reply api::estimate(api_request const& request, account& who) {
    auto priced = price_order(request, who);
    if (auto* refused = std::get_if<reply>(&priced)) return std::move(*refused);
    auto const& offer = std::get<quote>(priced);
    json::object body;
    body["status"] = "success";
    body["message"] = "Estimate calculated successfully.";
    body["route_id"] = offer.order.route_id;
    body["count"] = offer.order.numbers.size();
    body["estimated_cost"] = to_euros(offer.total);
    body["currency"] = "EUR";
    body["balance"] = to_euros(who.balance);
    body["sufficient_balance"] = offer.total <= who.balance;
    body["sandbox"] = who.sandbox;
    return success(std::move(body));
}

reply api::balance(account const& who) const {
    json::object body;
    body["status"] = "success";
    body["balance"] = to_euros(who.balance);
    body["currency"] = "EUR";
    body["sandbox"] = who.sandbox;
    if (state_.config.balance_shape == "account") {
        json::object owner;
        owner["username"] = who.username;
        body["account"] = std::move(owner);
    } else {
        body["username"] = who.username;
    }
    return success(std::move(body));
}

// ---- delivery reports ----

json::object api::dlr_object(sms const& message) const {
    auto const state = message.state_at(state_.clock.now());
    json::object out;
    out["bx_message_id"] = message.bx_message_id;
    out["msisdn"] = message.number;
    out["status"] = state.status;
    out["route_id"] = message.route_id;
    out["sms_order_id"] = message.order_id;
    out["created_at"] = format_time(message.accepted_at, state_.config.created_at);
    out["error"] = state.error ? json::value{*state.error} : json::value{};
    return out;
}

reply api::dlr(api_request const& request, account const& who) const {
    auto const* message = state_.messages.find(request.target.parameter);
    if (!message || message->api_key != who.key) return refuse(refusal::dlr_not_found);
    return success(dlr_object(*message));
}

api::page_or_reply api::read_page(api_request const& request, std::int64_t default_limit) const {
    page_range range{0, static_cast<std::size_t>(default_limit)};
    json::array problems;
    auto const take = [&](std::string_view name, std::int64_t min, std::int64_t max,
                          std::size_t& to) {
        auto const* text = find_query(request.target.query, name);
        if (!text) return;
        auto const number = parse_int(*text);
        if (!number)
            problems.push_back(int_problem("query", name, *text));
        else if (*number < min)
            problems.push_back(least_problem("query", name, *text, min));
        else
            to = static_cast<std::size_t>(std::min(*number, max));
    };
    take("limit", 1, state_.config.limit_max, range.limit);
    take("skip", 0, std::numeric_limits<std::int64_t>::max(), range.skip);
    if (!problems.empty()) return invalid(std::move(problems));
    return range;
}

reply api::list_reply(ledger::filter const& accept, page_range range) const {
    auto const page = state_.messages.list(accept, range.skip, range.limit);
    json::array messages;
    for (auto const* message : page.messages)
        messages.push_back(dlr_object(*message));
    json::object body;
    body["total"] = page.total;
    body["skip"] = range.skip;
    body["limit"] = range.limit;
    body["messages"] = std::move(messages);
    return success(std::move(body));
}

reply api::dlr_list(api_request const& request, account const& who) const {
    auto range = read_page(request, 50);
    if (auto* refused = std::get_if<reply>(&range)) return std::move(*refused);
    auto const& query = request.target.query;
    json::array problems;
    auto const number = [&](std::string_view name) -> std::optional<std::int64_t> {
        auto const* text = find_query(query, name);
        if (!text) return std::nullopt;
        auto const value = parse_int(*text);
        if (!value) problems.push_back(int_problem("query", name, *text));
        return value;
    };
    auto const moment = [&](std::string_view name) -> std::optional<timestamp> {
        auto const* text = find_query(query, name);
        return text ? parse_time(*text) : std::nullopt;
    };
    auto const order_id = number("order_id");
    auto const route_id = number("route_id");
    auto const from = moment("from_date");
    auto until = moment("to_date");
    // A bare date means the whole day.
    if (auto const* text = find_query(query, "to_date"); until && text->size() == 10)
        *until += std::chrono::days{1} - std::chrono::microseconds{1};
    auto const* status = find_query(query, "status");
    auto const* msisdn = find_query(query, "msisdn");
    if (!problems.empty()) return invalid(std::move(problems));
    auto const now = state_.clock.now();
    auto const matches = [&](sms const& message) {
        return message.api_key == who.key && (!order_id || message.order_id == *order_id) &&
               (!route_id || message.route_id == *route_id) &&
               (!msisdn || message.number == *msisdn) && (!from || message.accepted_at >= *from) &&
               (!until || message.accepted_at <= *until) &&
               (!status || same_text(message.state_at(now).status, *status));
    };
    return list_reply(matches, std::get<page_range>(range));
}

reply api::order_dlr(api_request const& request, account const& who) const {
    auto const order_id = parse_int(request.target.parameter);
    if (!order_id) return invalid({int_problem("path", "order_id", request.target.parameter)});
    auto range = read_page(request, 500);
    if (auto* refused = std::get_if<reply>(&range)) return std::move(*refused);
    if (state_.config.unknown_order_is_error && !state_.messages.knows_order(*order_id))
        return refuse(refusal::order_not_found);
    auto const matches = [&](sms const& message) {
        return message.order_id == *order_id && message.api_key == who.key;
    };
    return list_reply(matches, std::get<page_range>(range));
}

// ---- refusing ----

reply api::refuse(refusal why, std::string_view fill) const {
    auto const& chosen = state_.config.of(why);
    auto detail = chosen.detail;
    replace(detail, "{route}", fill);
    replace(detail, "{reason}", fill);
    return reply::error(chosen.status, detail);
}

reply api::invalid(json::array problems) const {
    auto const status = state_.config.validation_status;
    if (state_.config.validation_as_text && !problems.empty()) {
        auto const& first = problems.front().as_object().at("msg").as_string();
        return reply::error(status, std::string_view{first});
    }
    json::object body;
    body["detail"] = std::move(problems);
    return reply::json(status, std::move(body));
}

} // namespace bridgexapi_stub
