#pragma once

/// The rows of routes.cpp and their handlers, each defined in the file of its resource.

#include "otpd/api/routes.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace otpd::api {

/// A request that passed the checks of its row. Valid until its response is complete.
struct api_call {
    dependencies const& deps;
    http::request const& request;
    otp::client const* client; ///< null only with access::anybody and without a valid token
    boost::shared_ptr<void const> generation; ///< owns `deps` and `client`
};

using answer = boost::asio::awaitable<http::response>;
/// A handler, with the variable segment of its path if there is one.
using handler = std::variant<answer (*)(api_call), answer (*)(api_call, std::string),
                             answer (*)(api_call, int)>;

enum class access : std::uint8_t {
    anybody,
    client,              ///< requires a client's token; 401 for others
    client_and_operator, ///< also the operator, on the admin listener
    /// Like client_and_operator; 403 on the API's listener if there are several clients.
    the_operator,
    a_hook,          ///< nobody's token: the handler checks who signed the request
    only_operator,   ///< the operator; only his listeners have the row, the API's answers 404
    anybody_on_admin ///< no token is asked for; only the operator's listeners have the row
};
enum class content : std::uint8_t { unread, json }; ///< json: other content gets a 415
/// Limits that are counted for each client before its request is served (429). Sends and checks
/// have their own limits.
enum class limit : std::uint8_t { none, reads };

struct row {
    http::method verb;
    std::string_view path; ///< as for router::add()
    access who;
    content body;
    limit counted;
    handler call;
};

[[nodiscard]] std::span<row const> route_table() noexcept;

answer send_otp(api_call call);
answer verify_otp(api_call call);
answer find_verification(api_call call, std::string id);
answer cancel_verification(api_call call, std::string id);
answer report_outcome(api_call call, std::string id);
answer supabase_hook(api_call call, std::string client);
answer logto_hook(api_call call, std::string client);
answer zitadel_hook(api_call call, std::string client);
answer authgear_hook(api_call call, std::string client);
answer kratos_hook(api_call call, std::string client);
answer generic_hook(api_call call, std::string client);
answer find_delivery(api_call call, std::string id);
answer list_routes(api_call call);
answer route_pricing(api_call call, int route_id);
answer route_scores(api_call call);
answer unlock_number(api_call call);
answer forget_devices(api_call call);
answer find_number(api_call call);
answer number_limits(api_call call);
answer list_destinations(api_call call);
answer override_destination(api_call call);
answer end_override(api_call call);
answer list_clients(api_call call);
answer reload(api_call call);
answer estimate(api_call call);
answer balance(api_call call);
answer drain(api_call call);
answer health(api_call call);
answer livez(api_call call);
answer readyz(api_call call);
answer config(api_call call);
answer openapi(api_call call);
answer docs(api_call call);
answer docs_file(api_call call, std::string file);
answer stats(api_call call);
answer abuse(api_call call);
answer console(api_call call);
answer console_file(api_call call, std::string file);

} // namespace otpd::api
