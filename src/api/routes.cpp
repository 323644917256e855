#include "otpd/api/routes.hpp"

#include "json_body.hpp"
#include "otpd/api/local_only.hpp"
#include "problems.hpp"
#include "reference_form.hpp"
#include "route_table.hpp"

#include <boost/smart_ptr/make_shared.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace otpd::api {

namespace {

using enum http::method;
using enum access;
using enum content;
using enum limit;

// clang-format off: a table
constexpr auto rows = std::to_array<row>({
    {post,    "/send-otp",                   client,              json,   none,  send_otp},
    {post,    "/verify-otp",                 client,              json,   none,  verify_otp},
    {get,     "/verifications/{id}",         client_and_operator, unread, none,  find_verification},
    {delete_, "/verifications/{id}",         client,              unread, none,  cancel_verification},
    {post,    "/verifications/{id}/outcome", client,              json,   none,  report_outcome},
    {post,    "/hooks/{client}/supabase",    a_hook,              json,   none,  supabase_hook},
    {post,    "/hooks/{client}/logto",       a_hook,              json,   none,  logto_hook},
    {post,    "/hooks/{client}/zitadel",     a_hook,              json,   none,  zitadel_hook},
    {post,    "/hooks/{client}/authgear",    a_hook,              json,   none,  authgear_hook},
    {post,    "/hooks/{client}/kratos",      a_hook,              json,   none,  kratos_hook},
    {post,    "/hooks/{client}/generic",     a_hook,              json,   none,  generic_hook},
    {get,     "/deliveries/{bx_message_id}", client_and_operator, unread, reads, find_delivery},
    {get,     "/routes",                     client,              unread, reads, list_routes},
    {get,     "/routes/{id}/pricing",        client,              unread, reads, route_pricing},
    {get,     "/routes/scores",              the_operator,        unread, reads, route_scores},
    {post,    "/numbers/unlock",             the_operator,        json,   none,  unlock_number},
    {post,    "/numbers/forget-devices",     the_operator,        json,   none,  forget_devices},
    {post,    "/numbers/find",               only_operator,       json,   none,  find_number},
    {post,    "/numbers/limits",             only_operator,       json,   none,  number_limits},
    {get,     "/destinations",               only_operator,       unread, none,  list_destinations},
    {post,    "/destinations",               only_operator,       json,   none,  override_destination},
    {post,    "/destinations/end",           only_operator,       json,   none,  end_override},
    {get,     "/clients",                    only_operator,       unread, none,  list_clients},
    {post,    "/reload",                     only_operator,       json,   none,  reload},
    {post,    "/estimate",                   client,              json,   reads, estimate},
    {get,     "/balance",                    client_and_operator, unread, reads, balance},
    {post,    "/drain",                      only_operator,       json,   none,  drain},
    {get,     "/health",                     anybody,             unread, none,  health},
    {get,     "/livez",                      anybody,             unread, none,  livez},
    {get,     "/readyz",                     anybody,             unread, none,  readyz},
    {get,     "/config",                     client,              unread, none,  config},
    {get,     "/openapi.json",               anybody,             unread, none,  openapi},
    {get,     "/docs",                       anybody,             unread, none,  docs},
    {get,     "/docs/{file}",                anybody,             unread, none,  docs_file},
    {get,     "/stats",                      only_operator,       unread, none,  stats},
    {get,     "/abuse",                      only_operator,       unread, none,  abuse},
    {get,     "/console",                    anybody_on_admin,    unread, none,  console},
    {get,     "/console/{file}",             anybody_on_admin,    unread, none,  console_file},
});
// clang-format on

constexpr bool asks_for_token(access who) noexcept {
    return who != anybody && who != anybody_on_admin && who != a_hook;
}
constexpr bool is_of_admin_alone(access who) noexcept {
    return who == only_operator || who == anybody_on_admin;
}

static_assert(std::ranges::none_of(rows,
                                   [](row const& r) {
                                       return !asks_for_token(r.who) && r.counted != limit::none;
                                   }),
              "what is counted is counted for a client");

/// Every path exists with this version before it, for clients to come, and without, as in the
/// reference implementation.
constexpr std::string_view version_prefix = "/v1";

answer let_in(api_call) {
    http::response response;
    response.status = 204;
    co_return response;
}

// What is asked first of requests with other methods (router::guard).
constexpr row gate{other, {}, only_operator, unread, none, let_in};
constexpr row gate_of_page{other, {}, anybody_on_admin, unread, none, let_in};

http::response not_found(http::request const& request) {
    http::problem problem;
    problem.status = 404;
    problem.code = "not_found";
    problem.detail = "Not Found";
    return to_response(problem, request);
}

/// Runs the checks of a row in a fixed order, then its handler. Its frame keeps the dependencies
/// until the response is complete.
template <class... Parameter>
answer check_and_call(row const& row, boost::shared_ptr<dependencies const> kept,
                      http::request const& request, answer (*call)(api_call, Parameter...),
                      Parameter... segment) {
    if (!kept) co_return not_found(request);
    auto const& deps = *kept;
    if (deps.is_local_only)
        if (auto refused = refuse_unless_local(request)) co_return *std::move(refused);
    api_call const checked{deps, request, deps.callers.identify(request), kept};
    if (checked.client != nullptr) request.set_identified();
    if (asks_for_token(row.who) && checked.client == nullptr)
        co_return to_response(http::unauthorized(), request);
    // A body without a type is JSON to the reference.
    bool const needs_type = !follows_reference(deps, request) || request.header("Content-Type");
    if (row.body == json && needs_type)
        if (auto const wrong = wrong_content_type(request)) co_return to_response(*wrong, request);
    if (row.counted == reads) {
        auto const refused = co_await deps.reads.refusal(*checked.client);
        if (refused) co_return to_response(to_problem(*refused), request);
    }
    if (row.who == the_operator && checked.client->is_tenant) {
        otp::failure const not_shown{otp::errc::operator_only};
        co_return to_response(to_problem(not_shown), request);
    }
    co_return co_await call(checked, std::move(segment)...);
}

/// `request` outlives the answer.
answer in_reference_form(http::request const& request, answer ours) {
    auto reply = co_await std::move(ours);
    take_reference_form(request, reply);
    co_return reply;
}

template <class... Parameter>
void add(http::router& routes, row const& row, dependencies_source const& deps,
         answer (*call)(api_call, Parameter...)) {
    routes.add(
        row.verb, row.path, [&row, deps, call](http::request const& request, Parameter... segment) {
            auto kept = deps();
            bool const is_rewritten = kept && follows_reference(*kept, request);
            auto ours = check_and_call(row, std::move(kept), request, call, std::move(segment)...);
            if (!is_rewritten) return ours;
            return in_reference_form(request, std::move(ours));
        });
}

void add(http::router& routes, row const& row, dependencies_source const& deps) {
    std::visit([&](auto call) { add(routes, row, deps, call); }, row.call);
}

} // namespace

std::span<row const> route_table() noexcept {
    return rows;
}

std::vector<std::string_view> paths() {
    std::vector<std::string_view> all;
    std::ranges::transform(rows, std::back_inserter(all), &row::path);
    all.erase(std::ranges::unique(all).begin(), all.end()); // rows of one path are adjacent
    return all;
}

void add_routes(http::router& routes, dependencies_source deps) {
    routes.serve_also_under(version_prefix);
    for (auto const& row : rows)
        if (!is_of_admin_alone(row.who)) add(routes, row, deps);
}

void add_operator_routes(http::router& routes, dependencies_source deps) {
    routes.serve_also_under(version_prefix);
    for (auto const& row : rows)
        if (row.who != anybody && row.who != client && row.who != a_hook) {
            add(routes, row, deps);
            auto const& asked = row.who == anybody_on_admin ? gate_of_page : gate;
            routes.guard(row.path, [&asked, deps](http::request const& request) {
                return check_and_call(asked, deps(), request, let_in);
            });
        }
}

namespace {

dependencies_source always(dependencies const& deps) {
    return [kept = boost::make_shared<dependencies const>(deps)] { return kept; };
}

} // namespace

void add_routes(http::router& routes, dependencies const& deps) {
    add_routes(routes, always(deps));
}

void add_operator_routes(http::router& routes, dependencies const& deps) {
    add_operator_routes(routes, always(deps));
}

} // namespace otpd::api
