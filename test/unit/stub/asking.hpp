// Calls a service without sockets, and reads what it would write on the wire.
#pragma once

#include "bridgexapi_stub/service.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace stub_test {

inline constexpr std::string_view good_order =
    R"({"route_id":2,"caller_id":"BRIDGEXAPI","numbers":["31612345678"],"message":"Your code is 483921"})";

inline bridgexapi_stub::incoming make_request(std::string_view method, std::string_view target,
                                              std::string_view body = "") {
    bridgexapi_stub::incoming out;
    out.method = method;
    out.target = target;
    out.headers = {{"Host", "localhost"}, {"X-API-KEY", "stub-api-key"}};
    out.body = body;
    if (method == "POST") {
        out.headers.emplace_back("Content-Type", "application/json");
        out.headers.emplace_back("Content-Length", std::to_string(body.size()));
    }
    out.connection.number = 1;
    out.connection.peer = "127.0.0.1:50000";
    return out;
}

inline bridgexapi_stub::exchange ask_raw(bridgexapi_stub::service& of, std::string_view method,
                                         std::string_view target, std::string_view body = "") {
    return of.handle(make_request(method, target, body));
}

struct answer {
    unsigned status;
    std::string body;
    boost::json::value json; // null if the body is not JSON
};

inline answer read_answer(std::string const& wire) {
    answer out{};
    out.status = static_cast<unsigned>(std::stoul(wire.substr(9, 3)));
    out.body = wire.substr(wire.find("\r\n\r\n") + 4);
    boost::system::error_code error;
    auto value = boost::json::parse(out.body, error);
    if (!error) out.json = std::move(value);
    return out;
}

inline answer ask(bridgexapi_stub::service& of, std::string_view method, std::string_view target,
                  std::string_view body = "") {
    return read_answer(ask_raw(of, method, target, body).bytes);
}

inline answer send(bridgexapi_stub::service& of, std::string_view body = good_order) {
    return ask(of, "POST", "/api/v1/send_sms", body);
}

// BX-<order>-<16 lower-case hex digits>
inline bool is_message_id(std::string_view id, std::string_view order) {
    auto const prefix = "BX-" + std::string{order} + "-";
    return id.starts_with(prefix) && id.size() == prefix.size() + 16 &&
           id.find_first_not_of("0123456789abcdef", prefix.size()) == std::string_view::npos;
}

inline std::string detail(answer const& from) {
    return std::string{from.json.at("detail").as_string()};
}

} // namespace stub_test
