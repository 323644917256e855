#include "otpd/http/problem.hpp"

#include "otpd/http/request.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdint>

namespace otpd::http {

namespace {

constexpr bool asks_to_come_back(unsigned status) noexcept {
    return status == 429 || status == 503;
}

response make(problem const& what, std::string_view instance) {
    boost::json::object document;
    document["type"] = "about:blank";
    document["title"] =
        what.title.empty() ? reason_phrase(what.status) : std::string_view(what.title);
    document["status"] = what.status;
    document["detail"] =
        what.detail.empty() ? reason_phrase(what.status) : std::string_view(what.detail);
    document["code"] = what.code;
    if (!instance.empty()) document["instance"] = instance;
    for (auto const& [name, value] : what.members)
        if (!document.contains(name)) document[name] = value;

    response out;
    out.status = what.status;
    out.headers = what.headers;
    out.content_type = "application/problem+json";
    out.body = boost::json::serialize(document);
    if (what.retry_after || asks_to_come_back(what.status)) {
        auto const seconds = what.retry_after.value_or(std::chrono::seconds(1)).count();
        out.headers.push_back({"Retry-After", std::to_string(std::max<std::int64_t>(1, seconds))});
    }
    return out;
}

} // namespace

problem unauthorized() {
    problem what;
    what.status = 401;
    what.code = "unauthorized";
    what.detail = "Unauthorized.";
    return what;
}

response to_response(problem const& what) {
    return make(what, {});
}

response to_response(problem const& what, request const& where) {
    return make(what, where.request_id());
}

} // namespace otpd::http
