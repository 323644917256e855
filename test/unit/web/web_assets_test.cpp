#include "otpd/api/web_assets.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace web = otpd::web;

namespace {

// The values of an attribute, wherever it occurs: R"( src="a.js")" -> a.js
std::vector<std::string_view> attribute_values(std::string_view html, std::string_view attribute) {
    std::vector<std::string_view> found;
    auto const opening = " " + std::string{attribute} + "=\"";
    for (auto at = html.find(opening); at != html.npos; at = html.find(opening, at)) {
        at += opening.size();
        found.push_back(html.substr(at, html.find('"', at) - at));
    }
    return found;
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
        ++found;
    return found;
}

// What the page's Content-Security-Policy demands: nothing inline, nothing from elsewhere, and
// nothing missing.
void check_page(char const* path) {
    auto const* const page = web::find(path);
    BOOST_REQUIRE(page);
    BOOST_REQUIRE(!page->gzip);
    for (auto const inline_form : {"<style", " style=", "javascript:", " onload=", " onclick="})
        BOOST_TEST(count(page->body, inline_form) == 0U, inline_form);
    BOOST_TEST(count(page->body, "://") == 0U);

    auto const scripts = attribute_values(page->body, "src");
    BOOST_TEST(scripts.size() > 0U);
    BOOST_TEST(scripts.size() == count(page->body, "<script"));
    for (auto const script : scripts)
        BOOST_TEST(web::find(script), script << " is not embedded");
    for (auto const link : attribute_values(page->body, "href"))
        if (link != "data:," && !link.starts_with('#')) // the empty icon, a place in the page
            BOOST_TEST((web::find(link) || link == "openapi.json"), link << " is not embedded");
}

} // namespace

BOOST_AUTO_TEST_SUITE(web_assets)

BOOST_AUTO_TEST_CASE(every_file_is_complete_and_listed_once) {
    std::set<std::string_view> paths;
    for (auto const& asset : web::assets()) {
        BOOST_TEST_CONTEXT(asset.path) {
            BOOST_TEST(paths.insert(asset.path).second);
            BOOST_TEST(!asset.path.starts_with('/'));
            BOOST_TEST(asset.content_type.find('/') != std::string_view::npos);
            BOOST_TEST(asset.body.size() > 0U);
            BOOST_TEST(asset.body.starts_with("\x1f\x8b") == asset.gzip); // RFC 1952 2.3.1
        }
    }
}

BOOST_AUTO_TEST_CASE(entity_tags_are_strong_and_differ) {
    std::set<std::string_view> tags;
    for (auto const& asset : web::assets()) {
        BOOST_TEST_CONTEXT(asset.path) {
            BOOST_TEST(tags.insert(asset.etag).second);
            BOOST_TEST(asset.etag.size() > 2U);
            BOOST_TEST(asset.etag.starts_with('"'));
            BOOST_TEST(asset.etag.ends_with('"'));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_file_is_found_under_its_exact_path_only) {
    auto const* const page = web::find("docs/index.html");
    BOOST_REQUIRE(page);
    BOOST_TEST(page->path == "docs/index.html");
    BOOST_TEST(page->content_type == "text/html; charset=utf-8");
    for (auto const path :
         {"", "docs", "docs/", "/docs/index.html", "docs/index.htm", "docs/../docs/index.html"})
        BOOST_TEST(!web::find(path));
}

BOOST_AUTO_TEST_CASE(the_reference_page_needs_only_embedded_files) {
    check_page("docs/index.html");
}

BOOST_AUTO_TEST_CASE(the_console_needs_only_embedded_files) {
    check_page("console/index.html");
}

BOOST_AUTO_TEST_SUITE_END()
