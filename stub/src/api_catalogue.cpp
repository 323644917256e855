// The read-only part of the API: routes, prices and the developer log.
#include "bridgexapi_stub/api.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>

namespace bridgexapi_stub {
namespace {

namespace json = boost::json;

std::optional<std::int64_t> query_int(api_request const& request, std::string_view name) {
    auto const* text = find_query(request.target.query, name);
    if (!text) return std::nullopt;
    std::int64_t value = 0;
    auto const [stop, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || stop != text->data() + text->size()) return std::nullopt;
    return value;
}

json::object log_object(activity_entry const& entry) {
    json::object out;
    out["id"] = entry.id;
    out["timestamp"] = format_time(entry.when, time_format::naive);
    out["endpoint"] = path_template(entry.where);
    out["method"] =
        entry.where == endpoint::send_sms || entry.where == endpoint::estimate ? "POST" : "GET";
    out["status_code"] = entry.status_code;
    out["latency_ms"] = entry.latency_ms;
    out["ip_address"] = entry.ip_address;
    out["route_id"] = entry.route_id ? json::value{std::to_string(*entry.route_id)} : json::value{};
    return out;
}

json::object counts_object(activity_counts const& counts, std::string_view total,
                           std::string_view success, std::string_view errors) {
    json::object out;
    out[total] = counts.total;
    out[success] = counts.success;
    out[errors] = counts.errors();
    out["average_latency_ms"] = counts.average_latency_ms();
    return out;
}

json::object with_status(std::string_view name, json::value value) {
    json::object body;
    body["status"] = "success";
    body[name] = std::move(value);
    return body;
}

} // namespace

json::value api::shaped(std::string const& shape, json::array items) const {
    if (shape == "array") return items;
    return with_status(shape, std::move(items));
}

json::object api::route_object(route_info const& info, account const& who) const {
    bool const allowed = who.routes.contains(info.id);
    json::object out;
    out["route_id"] = info.id;
    if (state_.config.routes_items != "catalogue") {
        out["name"] = info.display_name;
        out["is_active"] = true;
    }
    if (state_.config.routes_items != "bot") {
        out["display_name"] = info.display_name;
        out["category"] = info.category;
        out["access_policy"] = info.access_policy;
        out["sender_id_required"] = info.sender_id_required;
        out["allowed"] = allowed;
    }
    return out;
}

reply api::routes(account const& who) const {
    json::array items;
    for (auto const& info : all_routes())
        if (info.id != web3_route || who.routes.contains(info.id))
            items.push_back(route_object(info, who));
    return reply::json(200, shaped(state_.config.routes_shape, std::move(items)));
}

route_info const* api::visible_route(std::string_view text, account const& who) const {
    for (auto const& info : all_routes())
        if (std::to_string(info.id) == text &&
            (info.id != web3_route || who.routes.contains(info.id)))
            return &info;
    return nullptr;
}

reply api::route(api_request const& request, account const& who) const {
    auto const* info = visible_route(request.target.parameter, who);
    if (!info) return refuse(refusal::invalid_route);
    return reply::json(200, route_object(*info, who));
}

reply api::pricing(api_request const& request, account const& who) const {
    auto const* info = visible_route(request.target.parameter, who);
    if (!info) return refuse(refusal::invalid_route);
    auto const& kind = state_.config.pricing_items;
    std::string_view const prefix_name = kind == "destination"    ? "prefix"
                                         : kind == "country_name" ? "code"
                                                                  : "country_prefix";
    json::array items;
    for (auto const& [prefix, entry] : state_.prices.of_route(info->id)) {
        json::object item;
        item[kind] = entry.country;
        item[prefix_name] = prefix;
        bool const shown = entry.amount && !entry.hidden;
        item["price"] = shown ? json::value{to_euros(*entry.amount)} : json::value{};
        item["currency"] = "EUR";
        items.push_back(std::move(item));
    }
    return reply::json(200, shaped(state_.config.pricing_shape, std::move(items)));
}

activity_log const& api::activity_of(account const& who) const {
    static activity_log const none;
    auto const found = state_.activity.find(who.key);
    return found == state_.activity.end() ? none : found->second;
}

reply api::activity_summary(account const& who) const {
    auto const& log = activity_of(who);
    auto const now = state_.clock.now();
    auto const& all = log.all();
    json::object summary;
    summary["total_requests"] = all.total;
    summary["requests_today"] = log.of_day(std::chrono::floor<std::chrono::days>(now)).total;
    summary["success_requests"] = all.success;
    summary["error_requests"] = all.errors();
    summary["success_rate"] =
        all.total == 0 ? 0.0
                       : 100.0 * static_cast<double>(all.success) / static_cast<double>(all.total);
    summary["average_latency_ms"] = all.average_latency_ms();
    summary["active_api_keys"] = std::count_if(state_.accounts.begin(), state_.accounts.end(),
                                               [](account const& one) { return one.active; });
    summary["recent_errors_24h"] = log.errors_since(now - std::chrono::hours{24});
    return reply::json(200, with_status("summary", std::move(summary)));
}

reply api::activity_logs(api_request const& request, account const& who) const {
    auto const& query = request.target.query;
    auto const page = std::max<std::int64_t>(query_int(request, "page").value_or(1), 1);
    auto const limit = std::clamp<std::int64_t>(query_int(request, "limit").value_or(20), 1,
                                                state_.config.limit_max);
    auto const status = query_int(request, "status_code");
    json::array logs;
    std::int64_t total = 0;
    auto const& entries = activity_of(who).entries();
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        auto item = log_object(*entry);
        auto const differs = [&](std::string_view name) {
            auto const* wanted = find_query(query, name);
            return wanted && (!item[name].is_string() ||
                              std::string_view{item[name].get_string()} != *wanted);
        };
        if (differs("endpoint") || differs("method") || differs("route_id")) continue;
        if (status && static_cast<std::int64_t>(entry->status_code) != *status) continue;
        auto const index = total++;
        if (index / limit == page - 1) logs.push_back(std::move(item));
    }
    auto body = with_status("page", page);
    body["limit"] = limit;
    body["total"] = total;
    body["logs"] = std::move(logs);
    return reply::json(200, std::move(body));
}

reply api::activity_usage(api_request const& request, account const& who) const {
    constexpr std::int64_t days_max = 366;
    auto const days = std::clamp<std::int64_t>(query_int(request, "days").value_or(7), 1, days_max);
    auto const today = std::chrono::floor<std::chrono::days>(state_.clock.now());
    json::array usage;
    for (auto back = days; back-- > 0;) {
        auto const day = today - std::chrono::days{back};
        json::object item;
        item["date"] = format_time(day, time_format::naive).substr(0, 10);
        for (auto& [name, value] :
             counts_object(activity_of(who).of_day(day), "total", "success", "errors"))
            item[name] = value;
        usage.push_back(std::move(item));
    }
    return reply::json(200, with_status("usage", std::move(usage)));
}

reply api::activity_endpoints(account const& who) const {
    json::array endpoints;
    for (auto const& [where, counts] : activity_of(who).by_endpoint()) {
        json::object item;
        item["endpoint"] = path_template(where);
        item["method"] =
            where == endpoint::send_sms || where == endpoint::estimate ? "POST" : "GET";
        for (auto& [name, value] :
             counts_object(counts, "requests", "success_requests", "error_requests"))
            item[name] = value;
        endpoints.push_back(std::move(item));
    }
    return reply::json(200, with_status("endpoints", std::move(endpoints)));
}

} // namespace bridgexapi_stub
