// GET /openapi.json, /docs, /console and the files of these pages, all embedded in the binary

#include "otpd/api/web_assets.hpp"
#include "otpd/http/problem.hpp"
#include "route_table.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace otpd::api {

namespace {

/// Allows only files of this server and nothing inline. Swagger UI 5.35 sets its styles through the
/// CSSOM, which the policy permits; this was tested in Chromium with every operation.
constexpr char const* page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

/// Returns true unless the request lists its accepted codings without gzip (RFC 9110 12.5.3).
bool accepts_gzip(http::request const& request) {
    auto const field = request.header("Accept-Encoding");
    if (!field) return true;
    for (auto const& coding : boost::beast::http::ext_list(*field)) {
        if (!boost::beast::iequals(coding.first, "gzip") && coding.first != "*") continue;
        for (auto const& parameter : coding.second)
            if (parameter.first == "q" && parameter.second.starts_with('0') &&
                parameter.second.find_first_not_of("0.") == std::string_view::npos)
                return false;
        return true;
    }
    return false;
}

http::problem no_such_file() {
    return {.status = 404, .code = "not_found", .detail = "Not Found"};
}

http::problem gzip_only() {
    return {.status = 406,
            .code = "not_acceptable",
            .detail = "This file is sent in gzip coding only."};
}

http::response serve(std::string_view path, http::request const& request) {
    auto const* const file = web::find(path);
    if (file == nullptr) return to_response(no_such_file(), request);
    if (file->gzip && !accepts_gzip(request)) return to_response(gzip_only(), request);

    http::response reply;
    reply.content_type = file->content_type;
    reply.headers = {{"ETag", std::string(file->etag)},
                     {"Cache-Control", "no-cache"}, // clients revalidate, and mostly get a 304
                     {"Content-Security-Policy", page_policy}};
    if (file->gzip) {
        reply.headers.push_back({"Content-Encoding", "gzip"});
        reply.headers.push_back({"Vary", "Accept-Encoding"});
    }
    if (request.header("If-None-Match") == file->etag)
        reply.status = 304;
    else
        reply.static_body = file->body;
    return reply;
}

} // namespace

answer openapi(api_call call) {
    co_return serve("openapi.json", call.request);
}

answer docs(api_call call) {
    co_return serve("docs/index.html", call.request);
}

answer docs_file(api_call call, std::string file) {
    co_return serve("docs/" + file, call.request);
}

answer console(api_call call) {
    co_return serve("console/index.html", call.request);
}

answer console_file(api_call call, std::string file) {
    co_return serve("console/" + file, call.request);
}

} // namespace otpd::api
