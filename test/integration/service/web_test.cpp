// The API reference page comes entirely from this server, with a policy that allows nothing else.

#include "service_fixture.hpp"

#include <set>

using namespace otpd::test;

namespace {

/// The URLs in the page's attributes, without data: URLs.
std::set<std::string> references_in(std::string_view html) {
    std::set<std::string> found;
    for (std::string_view const attribute : {"href=\"", "src=\"", "data-openapi=\""})
        for (auto at = html.find(attribute); at != std::string_view::npos;
             at = html.find(attribute, at + 1)) {
            auto const value = html.substr(at + attribute.size());
            if (!value.starts_with("data:")) found.emplace(value.substr(0, value.find('"')));
        }
    return found;
}

std::string content_type_of(std::string const& name) {
    auto const ending = name.substr(name.rfind('.') + 1);
    if (ending == "js") return "text/javascript; charset=utf-8";
    if (ending == "css") return "text/css; charset=utf-8";
    if (ending == "png") return "image/png";
    if (ending == "json") return "application/json";
    return "text/html; charset=utf-8";
}

void check_page_file(http_client& client, std::string const& path) {
    BOOST_TEST_CONTEXT("file " << path) {
        auto const reply = client.ask(get(path));
        BOOST_TEST(reply.status == 200U);
        BOOST_TEST(!reply.body.empty());
        BOOST_TEST(reply.field("Content-Type") == content_type_of(path));
        BOOST_TEST(reply.field("X-Content-Type-Options") == "nosniff");
        auto const policy = reply.field("Content-Security-Policy");
        BOOST_TEST(policy.find("default-src 'none'") != std::string::npos);
        BOOST_TEST(policy.find("script-src 'self';") != std::string::npos);
        BOOST_TEST(policy.find("frame-ancestors 'none'") != std::string::npos);

        auto const tag = reply.field("ETag");
        auto const same = client.ask(get(path).with("If-None-Match", tag));
        BOOST_TEST(same.status == 304U);
        BOOST_TEST(same.field("ETag") == tag);
        BOOST_TEST(same.body.empty());
        auto const other = client.ask(get(path).with("If-None-Match", "\"another\""));
        BOOST_TEST(other.status == 200U);
        BOOST_TEST((other.body == reply.body));

        auto head = get(path);
        head.method = "HEAD";
        BOOST_TEST(client.ask(head).field("Content-Length") == reply.field("Content-Length"));

        auto const plain = client.ask(get(path).with("Accept-Encoding", "identity"));
        BOOST_TEST(plain.status == (reply.has("Content-Encoding") ? 406U : 200U));
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_web)

BOOST_AUTO_TEST_CASE(the_reference_page_and_all_it_needs_come_from_here) {
    service_fixture service;
    auto const page = service.client.ask(get("/docs"));
    BOOST_REQUIRE(page.status == 200U);
    BOOST_TEST(page.body.find("//") == std::string::npos, "an external URL in " << page.body);
    BOOST_TEST(page.body.find("<script>") == std::string::npos);
    check_page_file(service.client, "/docs");
    auto const files = references_in(page.body);
    BOOST_TEST(files.size() >= 3U);
    BOOST_TEST(files.contains("openapi.json"));
    for (auto const& file : files)
        check_page_file(service.client, "/" + file);
}

BOOST_AUTO_TEST_SUITE_END()
