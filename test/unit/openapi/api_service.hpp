#pragma once

/// The API for the tests of the document: on a memory store with a manual clock and a scripted
/// upstream. Every answer is compared with the document.

#include "api_document.hpp"
#include "api_upstream.hpp"
#include "backend/memory_backend.hpp"
#include "coroutines.hpp"
#include "fake_gateway.hpp"
#include "manual_clock.hpp"
#include "otpd/api/routes.hpp"
#include "otpd/http/router.hpp"
#include "otpd/otp/account.hpp"
#include "otpd/otp/catalogue.hpp"
#include "otpd/otp/event_waiters.hpp"
#include "otpd/otp/ledger.hpp"
#include "otpd/otp/price_cache.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openapi_test {

inline otpd::otp::policy with_debug_codes() {
    otpd::otp::policy rules;
    rules.reveal_codes = true;
    return rules;
}

/// A credential with that name; without tokens it is for everybody.
inline otpd::api::credential client_of(std::string name,
                                       std::vector<std::string_view> tokens = {}) {
    otpd::api::credential one;
    one.profile.name = std::move(name);
    for (auto const token : tokens)
        one.tokens.push_back(otpd::api::digest_of(token));
    return one;
}

/// The secret of each hook, which is a bearer token where the provider signs nothing.
inline constexpr char const* hook_secret = "a-secret-of-a-provider";
/// A hook of each provider. Those of Supabase sign with 32 times 'k'.
inline std::vector<otpd::api::hook> hooks_of(std::string const& client) {
    using enum otpd::api::identity_provider;
    std::vector<otpd::api::hook> list;
    for (auto const provider : {supabase, logto, zitadel, authgear, kratos, generic})
        list.push_back({client, provider, otpd::secret_string(hook_secret), {}, false});
    list.front().secret = otpd::secret_string("whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=");
    return list;
}

/// Loading the plans takes longer than most tests.
inline otpd::numbering_plan const& shared_plan() {
    static otpd::numbering_plan const plan;
    return plan;
}

inline std::string_view verb_of(otpd::http::method method) {
    if (method == otpd::http::method::post) return "post";
    return method == otpd::http::method::delete_ ? "delete" : "get";
}
inline otpd::http::method method_of(std::string_view verb) {
    if (verb == "post") return otpd::http::method::post;
    return verb == "delete" ? otpd::http::method::delete_ : otpd::http::method::get;
}

/// Required fields must be present, and a handler's fields must be described.
inline void check_headers(otpd::http::response const& answer, boost::json::object const& promised) {
    auto const& described = promised.at("headers").as_object();
    auto const is_sent = [&](std::string_view name) {
        return std::ranges::find(answer.headers, name, &otpd::http::header_field::name) !=
               answer.headers.end();
    };
    for (std::string_view name : {"Retry-After", "RateLimit", "RateLimit-Policy", "ETag",
                                  "WWW-Authenticate", "Accept-Encoding"})
        if (is_sent(name)) BOOST_TEST(described.contains(name), name << " is not described");
    for (auto const& [name, header] : described) {
        auto const* const required = resolve(header).if_contains("required");
        if (required != nullptr && required->as_bool())
            BOOST_TEST(is_sent(name), name << " is not sent");
    }
}

/// Checks the whole answer against the document and returns its body; null without one.
inline boost::json::value check_described(otpd::http::response const& answer, std::string_view path,
                                          std::string_view verb) {
    auto const* const promised = find_response(path, verb, answer.status);
    BOOST_REQUIRE_MESSAGE(promised, path << " does not promise " << answer.status);
    check_headers(answer, *promised);
    if (answer.status == 304) return {};
    auto const type = answer.content_type.substr(0, answer.content_type.find(';'));
    auto const& schema = schema_of(*promised, type);
    if (!type.ends_with("json")) return {};
    auto body = boost::json::parse(answer.content());
    // Only the three main members of the document itself are described.
    if (path != "/openapi.json") BOOST_TEST(fault(schema, body) == "");
    return body;
}

struct service {
    using method = otpd::http::method;

    explicit service(otpd::otp::policy rules = with_debug_codes(),
                     std::vector<otpd::api::credential> clients = {client_of("default")},
                     otpd::store::store* instead = nullptr, std::string delivery_url = {},
                     std::uint64_t reads_a_minute = 200)
        : store(instead != nullptr ? *instead : memory),
          domain(otpd::otp::make_operations(std::move(rules), domain_parts())),
          limit(context.get_executor(), reads_a_minute, clock, metrics), callers(clients),
          operators({operator_with(clients.front().tokens)}) {
        otpd::api::add_routes(routes, parts_for(callers, delivery_url));
        otpd::api::add_operator_routes(admin_routes, parts_for(operators, delivery_url));
    }

    otpd::otp::operations_dependencies domain_parts() {
        otpd::otp::operations_dependencies parts{store, gateway,    reads,   keys,    shared_plan(),
                                                 clock, random,     log,     metrics, prices,
                                                 stats, deliveries, waiters, waiters};
        parts.overrides = &overrides;
        return parts;
    }

    otpd::api::dependencies parts_for(otpd::api::authenticator const& who,
                                      std::string delivery_url) {
        otpd::api::dependencies parts{
            domain,
            catalogue,
            report,
            stats,
            limit,
            who,
            [this] { return live_codes(); },
            [this]() -> boost::asio::awaitable<std::optional<std::string_view>> {
                co_return not_ready;
            },
            "https://hi.bridgexapi.io",
            std::move(delivery_url)};
        parts.clients = [this] { return callers.clients(); };
        parts.overrides = &overrides;
        parts.hooks = &hooks;
        parts.drain = [this](std::string_view, std::string_view reason) {
            drain_reasons.emplace_back(reason);
        };
        return parts;
    }

    /// The operator, with the tokens of the first client.
    static otpd::api::credential operator_with(std::vector<otpd::api::token_digest> tokens) {
        auto one = client_of("(operator)");
        one.profile.is_operator = true;
        one.tokens = std::move(tokens);
        return one;
    }

    boost::asio::awaitable<std::optional<std::uint64_t>> live_codes() {
        auto const codes = co_await store.live_codes();
        if (!codes) co_return std::nullopt;
        co_return *codes;
    }

    /// One request with everything that it refers to while it is handled.
    struct call {
        /// `target` is a path, with or without a query.
        call(service& of, method verb, std::string_view target, std::string_view body)
            : fields(of.fields) {
            auto const path = target.substr(0, target.find('?'));
            auto const& first = of.asks_admin ? of.admin_routes : of.routes;
            endpoint = first.find(verb, path, parameters);
            if (endpoint.call == nullptr) { // one of the operator alone
                parameters = {};
                endpoint = of.admin_routes.find(verb, path, parameters);
            }
            BOOST_REQUIRE(endpoint.call != nullptr);
            fields.push_back({"Content-Type", of.content_type});
            if (!of.authorization.empty()) fields.push_back({"Authorization", of.authorization});
            otpd::http::request_parts parts;
            parts.verb = verb;
            parts.target = target;
            parts.path = path;
            if (path.size() < target.size()) parts.query = target.substr(path.size() + 1);
            parts.body = body;
            parts.connection = of.peer;
            parts.fields = fields;
            parts.request_id = "4632243359b3af9162b51d6861002d3f";
            request = std::make_unique<otpd::http::request>(parts);
        }
        boost::asio::awaitable<otpd::http::response> start() {
            return (*endpoint.call)(*request, parameters);
        }

        std::vector<otpd::http::field_view> fields;
        otpd::http::path_parameters parameters;
        otpd::http::router::match endpoint;
        std::unique_ptr<otpd::http::request> request;
    };

    /// Makes the request, checks the answer against the document, and returns its body (null if
    /// there is none).
    boost::json::value ask(method verb, std::string_view path, std::string_view body,
                           unsigned expected) {
        call one(*this, verb, path, body);
        last = otpd::test::run(context, one.start());
        BOOST_TEST(last.status == expected, last.content());
        return check_described(last, one.endpoint.pattern, verb_of(verb));
    }
    boost::json::value post(std::string_view path, std::string_view body, unsigned expected) {
        return ask(method::post, path, body, expected);
    }
    boost::json::value get(std::string_view path, unsigned expected) {
        return ask(method::get, path, {}, expected);
    }
    boost::json::value cancel(std::string_view path, unsigned expected) {
        return ask(method::delete_, path, {}, expected);
    }
    /// Returns the problem's `code`, for cases in which the status is ambiguous.
    std::string refused(std::string_view path, std::string_view body, unsigned expected) {
        return std::string(post(path, body, expected).at("code").as_string());
    }

    /// The value of a field of the last answer, or `none`.
    [[nodiscard]] std::string field(std::string_view name) const {
        auto const found = std::ranges::find(last.headers, name, &otpd::http::header_field::name);
        return found == last.headers.end() ? "none" : found->value;
    }

    // Of the following requests.
    std::string content_type = "application/json";
    std::string authorization;
    std::vector<otpd::http::field_view> fields;
    otpd::http::peer_watch const* peer = nullptr;
    bool asks_admin = false; ///< the admin listener also where the API has the path

    otpd::http::response last;

    boost::asio::io_context context;
    otpd::test::manual_clock clock;
    otpd::openssl_random random;
    otpd::store::memory_backend memory{context.get_executor(), clock,
                                       otpd::store::memory_options{}};
    otpd::store::store& store;
    otpd::test::fake_gateway gateway; ///< for sends
    told_gateway reads;               ///< for reads
    told_prices prices;
    reported_stats stats;
    told_deliveries deliveries;
    otpd::otp::event_waiters waiters{context.get_executor(), 10};
    otpd::otp::key_ring keys{otpd::secret_string(std::string(32, 'k')), {}, otpd::secret_string()};
    otpd::telemetry::logger log;
    otpd::telemetry::metrics metrics{otpd::telemetry::metrics_options{"test", {}}};
    otpd::otp::destination_overrides overrides{
        {context.get_executor(), "", random, log}, {}, {memory, clock, log}};
    otpd::otp::operations domain;
    otpd::otp::price_cache price_lists{
        {context.get_executor(), "", random, log}, {}, {reads, clock, log, metrics}};
    otpd::otp::account account{{}, clock, log, metrics};
    otpd::otp::catalogue catalogue{domain.rules, reads, price_lists, account, clock};
    otpd::otp::spending_report report{domain.rules, domain.spending, store, clock};
    otpd::otp::read_limit limit;
    otpd::api::authenticator callers;
    otpd::api::authenticator operators;
    otpd::api::hooks hooks{hooks_of("default"), callers, clock};
    std::optional<std::string_view> not_ready;
    otpd::http::router routes;
    otpd::http::router admin_routes;
    std::vector<std::string> drain_reasons;
};

} // namespace openapi_test
