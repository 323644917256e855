#include "bridgexapi_stub/recorder.hpp"

#include <algorithm>

namespace bridgexapi_stub {
namespace {

std::ptrdiff_t count_header(header_list const& headers, std::string_view name) {
    return std::count_if(headers.begin(), headers.end(),
                         [name](auto const& header) { return same_text(header.first, name); });
}

} // namespace

void recorder::add(recorded_request request) {
    if (!enabled) return;
    requests_.push_back(std::move(request));
    while (requests_.size() > requests_max)
        requests_.pop_front();
}

void recorder::add(violation breach) {
    ++stats.violations;
    violations_.push_back(std::move(breach));
    if (violations_.size() > violations_max) violations_.pop_front();
}

void recorder::check_manners(incoming const& request, endpoint where, bool body_is_json,
                             std::uint64_t sequence) {
    auto const breach = [&](std::string_view code, std::string_view text) {
        violation out;
        out.request = sequence;
        out.connection = request.connection.number;
        out.code = code;
        out.text = text;
        add(std::move(out));
    };
    auto const& headers = request.headers;
    auto const* key = find_header(headers, "x-api-key");
    if (!key || key->empty()) breach("api_key", "no X-API-KEY header");
    if (count_header(headers, "x-api-key") > 1)
        breach("api_key", "X-API-KEY header more than once");
    if (key && !key->empty() && request.target.find(*key) != std::string::npos)
        breach("api_key", "the API key is part of the request target");
    if (count_header(headers, "host") != 1) breach("host", "not exactly one Host header");
    if (request.version != 11) breach("version", "not HTTP/1.1");
    if (where == endpoint::unknown) breach("path", "no such path in the API");
    if (where == endpoint::wrong_method) breach("method", "no such method on this path");
    if (request.method == "GET" && !request.body.empty()) breach("body", "a GET with a body");
    if (request.method != "POST") return;
    auto const* type = find_header(headers, "content-type");
    if (!type || !same_text(std::string_view{*type}.substr(0, 16), "application/json"))
        breach("content_type", "a POST whose Content-Type is not application/json");
    if (!body_is_json) breach("body", "a POST whose body is not JSON");
    if (count_header(headers, "content-length") != 1)
        breach("framing", "a POST without exactly one Content-Length");
}

} // namespace bridgexapi_stub
