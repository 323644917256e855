#include "otpd/http/router.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace otpd::http {

using boost::asio::awaitable;
using lookup = router::match::kind;

namespace {

/// Answers with a fixed word that identifies the handler.
auto says(std::string word) {
    return [word](request const&) -> awaitable<response> {
        response response;
        response.body = word;
        co_return response;
    };
}

awaitable<response> two_numbers(request const&, int first, std::uint8_t second) {
    response response;
    response.body = std::to_string(first) + "+" + std::to_string(second);
    co_return response;
}

/// What the route answers; nothing if there is none. Handlers here do not wait.
std::optional<std::string> ask(router const& routes, method verb, std::string_view path) {
    path_parameters parameters;
    auto const found = routes.find(verb, path, parameters);
    if (found.outcome != lookup::found) return std::nullopt;
    request_parts parts;
    parts.verb = verb;
    parts.path = path;
    request const asked(parts);
    std::optional<std::string> body;
    boost::asio::io_context context;
    boost::asio::co_spawn(context, (*found.call)(asked, parameters),
                          [&body](std::exception_ptr failure, response response) {
                              if (!failure) body = response.body;
                          });
    context.run();
    return body;
}

lookup outcome(router const& routes, method verb, std::string_view path) {
    path_parameters parameters;
    return routes.find(verb, path, parameters).outcome;
}

router sample() {
    router routes;
    routes.add(method::get, "/", says("root"));
    routes.add(method::get, "/routes/{id}",
               [](request const&, std::string_view id) -> awaitable<response> {
                   response response;
                   response.body = "route " + std::string(id);
                   co_return response;
               });
    routes.add(method::get, "/routes/scores", says("scores"));
    routes.add(method::get, "/routes/{id}/pricing",
               [](request const&, int id) -> awaitable<response> {
                   response response;
                   response.body = "pricing " + std::to_string(id);
                   co_return response;
               });
    routes.add(method::post, "/send-otp", says("send"));
    routes.add(method::get, "/sums/{a}/{b}", &two_numbers);
    return routes;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_router)

BOOST_AUTO_TEST_CASE(finds_by_path_and_method) {
    auto const routes = sample();
    BOOST_TEST(ask(routes, method::get, "/").value() == "root");
    BOOST_TEST(ask(routes, method::post, "/send-otp").value() == "send");
    BOOST_TEST((outcome(routes, method::get, "/send-otp") == lookup::method_not_allowed));
    BOOST_TEST((outcome(routes, method::get, "/nothing") == lookup::not_found));
    BOOST_TEST((outcome(routes, method::post, "/nothing") == lookup::not_found));
}

BOOST_AUTO_TEST_CASE(compares_paths_exactly) {
    auto const routes = sample();
    for (std::string_view path :
         {"/send-otp/", "//send-otp", "/Send-otp", "/send%2Dotp", "/send-otp/..", "/./send-otp",
          "send-otp", "", "/send-otp/x", "/routes", "/routes/", "/routes//pricing",
          "/routes/1/pricing/", "/routes/1/"})
        BOOST_TEST_CONTEXT(path)
    BOOST_TEST((outcome(routes, method::get, path) == lookup::not_found));
}

BOOST_AUTO_TEST_CASE(gives_parameters_their_type) {
    auto const routes = sample();
    BOOST_TEST(ask(routes, method::get, "/routes/12/pricing").value() == "pricing 12");
    BOOST_TEST(ask(routes, method::get, "/routes/-3/pricing").value() == "pricing -3");
    BOOST_TEST(ask(routes, method::get, "/routes/%31%32/pricing").value() == "pricing 12");
    BOOST_TEST(ask(routes, method::get, "/sums/1/255").value() == "1+255");
    for (std::string_view path : {"/routes/x/pricing", "/routes/1x/pricing", "/routes/+1/pricing",
                                  "/routes/1.0/pricing", "/routes/2147483648/pricing",
                                  "/routes/%20 1/pricing", "/sums/1/256", "/sums/1/-1", "/sums/1"})
        BOOST_TEST_CONTEXT(path)
    BOOST_TEST((outcome(routes, method::get, path) == lookup::not_found));
}

BOOST_AUTO_TEST_CASE(decodes_text_parameters_only_after_splitting) {
    auto const routes = sample();
    BOOST_TEST(ask(routes, method::get, "/routes/a%20b").value() == "route a b");
    BOOST_TEST(ask(routes, method::get, "/routes/a%2Fb").value() == "route a/b");
    BOOST_TEST(ask(routes, method::get, "/routes/a+b").value() == "route a+b");
    for (std::string_view path : {"/routes/.", "/routes/..", "/routes/%2e%2E", "/routes/.%2e"})
        BOOST_TEST((outcome(routes, method::get, path) == lookup::not_found));
}

BOOST_AUTO_TEST_CASE(prefers_literals_to_variables) {
    BOOST_TEST(ask(sample(), method::get, "/routes/scores").value() == "scores");
}

BOOST_AUTO_TEST_CASE(serves_head_by_get) {
    auto const routes = sample();
    BOOST_TEST(ask(routes, method::head, "/").value() == "root");
    BOOST_TEST((outcome(routes, method::head, "/send-otp") == lookup::method_not_allowed));
}

BOOST_AUTO_TEST_CASE(names_the_allowed_methods) {
    auto routes = sample();
    routes.add(
        method::delete_, "/routes/{id}",
        [](request const&, std::string_view) -> awaitable<response> { co_return response{}; });
    path_parameters parameters;
    auto const wrong = routes.find(method::other, "/routes/1", parameters);
    BOOST_TEST((wrong.outcome == lookup::method_not_allowed));
    BOOST_TEST(wrong.allow == "GET, HEAD, DELETE, OPTIONS");
    BOOST_TEST(wrong.pattern == "/routes/{id}");
    auto const options = routes.find(method::options, "/send-otp", parameters);
    BOOST_TEST((options.outcome == lookup::options));
    BOOST_TEST(options.allow == "POST, OPTIONS");
    BOOST_TEST((outcome(routes, method::options, "*") == lookup::options));
    BOOST_TEST((outcome(routes, method::options, "/nothing") == lookup::not_found));
}

BOOST_AUTO_TEST_CASE(has_the_gate_of_a_path_for_its_other_methods) {
    auto routes = sample();
    routes.guard("/send-otp", says("gate"));
    path_parameters parameters;
    auto const* const own = routes.find(method::post, "/send-otp", parameters).call;
    auto const* const gate = routes.find(method::options, "/send-otp", parameters).call;
    BOOST_TEST((gate != nullptr && gate != own));
    BOOST_TEST((routes.find(method::put, "/send-otp", parameters).call == gate));
    BOOST_TEST((routes.find(method::put, "/routes/1", parameters).call == nullptr));
    BOOST_CHECK_THROW(routes.guard("/nothing", says("gate")), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(labels_requests_by_pattern) {
    auto const routes = sample();
    path_parameters parameters;
    BOOST_TEST(routes.find(method::get, "/routes/77/pricing", parameters).pattern ==
               "/routes/{id}/pricing");
    BOOST_TEST(routes.find(method::get, "/77", parameters).pattern == router::unmatched);
}

BOOST_AUTO_TEST_CASE(serves_the_same_under_a_prefix_and_labels_it_alike) {
    auto routes = sample();
    routes.serve_also_under("/v1");
    BOOST_TEST(ask(routes, method::get, "/v1/routes/12/pricing").value() == "pricing 12");
    BOOST_TEST(ask(routes, method::get, "/routes/12/pricing").value() == "pricing 12");
    BOOST_TEST(ask(routes, method::get, "/v1/routes/scores").value() == "scores");
    path_parameters parameters;
    BOOST_TEST(routes.find(method::get, "/v1/routes/77/pricing", parameters).pattern ==
               "/routes/{id}/pricing");
    BOOST_TEST((outcome(routes, method::get, "/v1/send-otp") == lookup::method_not_allowed));
    for (std::string_view path : {"/v1", "/v1send-otp", "/v1/v1/send-otp", "/v1//send-otp",
                                  "/V1/send-otp", "/%761/send-otp", "/v2/send-otp"})
        BOOST_TEST((outcome(routes, method::get, path) == lookup::not_found), path);
}

BOOST_AUTO_TEST_CASE(lists_its_routes) {
    router routes;
    routes.add(method::get, "/a/{b}", [](request const&, std::string_view) -> awaitable<response> {
        co_return response{};
    });
    routes.add(method::post, "/a", says("a"));
    auto const list = routes.routes();
    BOOST_REQUIRE(list.size() == 2u);
    BOOST_TEST(list[0].pattern == "/a");
    BOOST_TEST((list[0].verb == method::post));
    BOOST_TEST(list[1].pattern == "/a/{b}");
}

BOOST_AUTO_TEST_CASE(refuses_what_cannot_be_meant) {
    router routes;
    routes.add(method::get, "/a", says("a"));
    auto const one = [](request const&, int) -> awaitable<response> { co_return response{}; };
    auto const text = [](request const&, std::string_view) -> awaitable<response> {
        co_return response{};
    };
    BOOST_CHECK_THROW(routes.add(method::get, "/a", says("b")), std::invalid_argument);
    BOOST_CHECK_THROW(routes.add(method::get, "a", says("b")), std::invalid_argument);
    BOOST_CHECK_THROW(routes.add(method::get, "", says("b")), std::invalid_argument);
    BOOST_CHECK_THROW(routes.add(method::get, "/b/", says("b")), std::invalid_argument);
    BOOST_CHECK_THROW(routes.add(method::other, "/b", says("b")), std::invalid_argument);
    BOOST_CHECK_THROW(routes.add(method::get, "/b/{c}", says("b")), std::invalid_argument);
    BOOST_CHECK_THROW(routes.add(method::get, "/b/{c}/{d}", one), std::invalid_argument);
    routes.add(method::get, "/b/{c}", one);
    BOOST_CHECK_THROW(routes.add(method::delete_, "/b/{d}", one), std::invalid_argument);
    BOOST_CHECK_THROW(routes.add(method::delete_, "/b/{c}", text), std::invalid_argument);
    routes.add(method::delete_, "/b/{c}", one);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::http
