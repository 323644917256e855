#include "requests.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/core/json_text.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include <algorithm>

namespace otpd::bridgexapi {

namespace {

std::string escape(std::string_view text) {
    return boost::urls::encode(text, boost::urls::unreserved_chars);
}

net::http_request get(std::string target) {
    return {.target = std::move(target), .repeatable = true};
}

/// Written by hand, because a JSON library would leave copies of the text in freed memory.
secret_string sms_body(sms const& message) {
    constexpr std::size_t fixed_part = 128;
    constexpr std::size_t longest_escape = 6;
    std::string body;
    body.reserve(fixed_part + longest_escape * (message.caller_id.size() + message.text.size()) +
                 message.to.digits().size());
    body += "{\"route_id\":";
    body += std::to_string(message.route_id);
    body += ",\"caller_id\":";
    append_json_string(body, message.caller_id);
    body += ",\"numbers\":[";
    append_json_string(body, message.to.digits());
    body += "],\"message\":";
    append_json_string(body, message.text.reveal());
    body += '}';
    return secret_string(std::move(body));
}

net::http_request post(std::string target, sms const& message) {
    return {
        .method = net::http_method::post, .target = std::move(target), .body = sms_body(message)};
}

bool can_be_an_id(std::string_view id) {
    return !id.empty() && id.size() <= id_length_max && std::ranges::all_of(id, [](char c) {
        return is_ascii_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               c == '-';
    });
}

std::string page(std::int64_t limit, std::int64_t skip) {
    return "?limit=" + std::to_string(limit) + "&skip=" + std::to_string(skip);
}

} // namespace

net::http_request send_request(sms const& message) {
    return post("/api/v1/send_sms", message);
}

net::http_request estimate_request(sms const& message) {
    auto request = post("/api/v1/estimate", message);
    request.repeatable = true; // the estimate sends and charges nothing
    return request;
}

net::http_request balance_request() {
    return get("/api/v1/balance");
}

net::http_request routes_request() {
    return get("/api/v1/routes");
}

net::http_request pricing_request(int route_id) {
    return get("/api/v1/routes/" + std::to_string(route_id) + "/pricing");
}

net::http_request deliveries_request(delivery_query const& query) {
    auto target = "/api/v1/dlr" + page(query.limit, query.skip);
    auto const filter = [&](std::string_view name, std::optional<std::string> const& value) {
        if (!value) return;
        target += '&';
        target += name;
        target += '=';
        target += escape(*value);
    };
    filter("status", query.status);
    filter("msisdn", query.msisdn);
    return get(std::move(target));
}

std::optional<net::http_request> delivery_request(std::string_view bx_message_id) {
    if (!can_be_an_id(bx_message_id)) return std::nullopt;
    return get("/api/v1/dlr/" + std::string(bx_message_id));
}

std::optional<net::http_request> order_deliveries_request(std::string_view order_id,
                                                          std::int64_t limit, std::int64_t skip) {
    if (!can_be_an_id(order_id)) return std::nullopt;
    return get("/api/v1/orders/" + std::string(order_id) + "/dlr" + page(limit, skip));
}

} // namespace otpd::bridgexapi
