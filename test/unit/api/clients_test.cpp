// Which client a request's token belongs to: authenticator.hpp.

#include "otpd/api/authenticator.hpp"
#include "otpd/http/problem.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <utility>
#include <vector>

using namespace otpd;
using namespace otpd::api;

namespace {

credential client_with(std::string name, std::vector<std::string_view> const& tokens) {
    credential one;
    one.profile.name = std::move(name);
    for (auto const token : tokens)
        one.tokens.push_back(digest_of(token));
    return one;
}

std::string const unknown = "nobody";

/// The name of the client that the request counts for.
std::string name_for_fields(authenticator const& callers,
                            std::vector<http::field_view> const& fields) {
    http::request_parts parts;
    parts.fields = fields;
    http::request const request(parts);
    auto const* const found = callers.identify(request);
    return found == nullptr ? unknown : found->name;
}
std::string name_for(authenticator const& callers, std::string_view authorization) {
    return name_for_fields(callers, {{"Authorization", authorization}});
}

} // namespace

BOOST_AUTO_TEST_SUITE(clients)

BOOST_AUTO_TEST_CASE(are_known_by_exactly_their_bearer_token) {
    authenticator const callers(secret_string("s3cret-token"));
    BOOST_TEST(name_for(callers, "Bearer s3cret-token") == "default");
    BOOST_TEST(name_for_fields(callers, {{"authorization", "Bearer s3cret-token"}}) == "default");
    BOOST_TEST(name_for(callers, "bearer s3cret-token") == "default");
    BOOST_TEST(name_for(callers, "Bearer  s3cret-token") == "default");
    std::string const huge = "Bearer " + std::string(2 << 20, 'x');
    std::string const with_nul = std::string("Bearer s3cret-token") + '\0';
    for (std::string_view wrong :
         {std::string_view(""), std::string_view("s3cret-token"), std::string_view("Bearer"),
          std::string_view("Bearer "), std::string_view("Bearer s3cret-toke"),
          std::string_view("Bearer s3cret-token2"), std::string_view("Bearer 3cret-token"),
          std::string_view("Bearer S3cret-token"), std::string_view("Bearer\ts3cret-token"),
          std::string_view("Basic s3cret-token"), std::string_view(with_nul),
          std::string_view(huge)})
        BOOST_TEST(name_for(callers, wrong) == unknown);
    BOOST_TEST(name_for_fields(callers, {}) == unknown);
}

// One token replaces the other while both work.
BOOST_AUTO_TEST_CASE(may_have_two_tokens) {
    authenticator const callers(
        {client_with("shop", {"shop-old", "shop-new"}), client_with("bank", {"bank-token"})});
    BOOST_TEST(name_for(callers, "Bearer shop-old") == "shop");
    BOOST_TEST(name_for(callers, "Bearer shop-new") == "shop");
    BOOST_TEST(name_for(callers, "Bearer bank-token") == "bank");
    for (auto const* wrong :
         {"Bearer shop-oldshop-new", "Bearer shop-ol", "Bearer bank", "Bearer "})
        BOOST_TEST(name_for(callers, wrong) == unknown);
}

// The search finds the first, the last and those in between.
BOOST_AUTO_TEST_CASE(are_distinguished_however_many_there_are) {
    std::vector<credential> many;
    auto const token_of = [](int i) { return "token-" + std::to_string(i); };
    for (int i = 0; i < 100; ++i)
        many.push_back(client_with("client-" + std::to_string(i), {token_of(i)}));
    authenticator const callers(std::move(many));
    for (int i = 0; i < 100; ++i)
        BOOST_TEST(name_for(callers, "Bearer " + token_of(i)) == "client-" + std::to_string(i));
    BOOST_TEST(name_for(callers, "Bearer token-100") == unknown);
}

// Two tokens in one request are ambiguous, so neither counts.
BOOST_AUTO_TEST_CASE(may_not_show_two_tokens) {
    authenticator const callers(secret_string("t"));
    std::vector<http::field_view> const twice{{"Authorization", "Bearer t"},
                                              {"Authorization", "Bearer t"}};
    BOOST_TEST(name_for_fields(callers, twice) == unknown);
}

BOOST_AUTO_TEST_CASE(are_everybody_without_a_token) {
    authenticator const callers{secret_string()};
    BOOST_TEST(name_for_fields(callers, {}) == "default");
    BOOST_TEST(name_for(callers, "Bearer whatever") == "default");
}

// An empty token is no token: if another client has one, it admits nobody.
BOOST_AUTO_TEST_CASE(are_not_everybody_when_another_has_a_token) {
    authenticator const callers({client_with("default", {}), client_with("shop", {"shop-token"})});
    BOOST_TEST(name_for_fields(callers, {}) == unknown);
    BOOST_TEST(name_for(callers, "Bearer ") == unknown);
    BOOST_TEST(name_for(callers, "Bearer shop-token") == "shop");
}

BOOST_AUTO_TEST_CASE(keep_what_they_may_do) {
    auto shop = client_with("shop", {"shop-token"});
    shop.profile.purposes = {"login"};
    shop.profile.caller_id = "SHOP";
    authenticator const callers({std::move(shop)});
    std::array const fields{http::field_view{"Authorization", "Bearer shop-token"}};
    http::request_parts parts;
    parts.fields = fields;
    http::request const request(parts);
    auto const* const found = callers.identify(request);
    BOOST_REQUIRE(found != nullptr);
    BOOST_TEST(found->purposes.front() == "login");
    BOOST_TEST(found->caller_id == "SHOP");
}

// RFC 6750 3: the challenge names the scheme, but not what was wrong.
BOOST_AUTO_TEST_CASE(that_are_unknown_get_one_answer) {
    auto const what = http::unauthorized();
    BOOST_TEST(what.status == 401U);
    BOOST_TEST(what.code == "unauthorized");
    BOOST_TEST(what.detail == "Unauthorized.");
}

BOOST_AUTO_TEST_SUITE_END()
