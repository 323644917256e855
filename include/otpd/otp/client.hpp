#pragma once

/// An API client: a program with a token. It sees only its own verifications; those of other
/// clients do not exist for it.

#include "otpd/core/money.hpp"
#include "otpd/otp/message.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

struct client {
    static constexpr std::size_t max_name_length = 32;
    static constexpr char const* default_name = "default";

    std::string name = default_name;    ///< 1..max_name_length of [a-z0-9_-]; unique
    std::vector<std::string> purposes;  ///< lower case; empty: any
    std::vector<int> routes;            ///< empty: policy::allowed_routes
    std::vector<std::string> countries; ///< upper case; empty: destination_rules::countries
    std::string caller_id;              ///< empty: the policy's
    int default_route_id = 0;           ///< 0: the policy's
    std::string default_plan; ///< a route plan's name; empty: the purpose's, or the default route
    std::optional<money> max_price;         ///< of one SMS
    std::vector<std::string> web_otp_hosts; ///< hosts that its requests may name
    autofill_suffix suffix;                 ///< for requests that choose none
    bool require_verification_id = false;   ///< for its checks, whatever the policy says
    /// It can have its users solve a challenge where only a conversion guard refuses their sends.
    bool challenge = false;
    /// True: one of several clients. It sees its own messages and spending; account, budgets and
    /// scores are the operator's. False: the client is the operator.
    bool is_tenant = false;
    bool is_operator = false; ///< none of the clients, but who runs the service

    /// Settings keys of [[client]], besides its name and tokens (api::credential).
    template <class Keys>
    static void declare(Keys keys) {
        using o = client;
        keys.add("purposes", &o::purposes, keys.purposes(),
                 "Purposes that it may send codes for; empty: any.")
            .like("login,payment");
        keys.add("routes", &o::routes, keys.routes(),
                 "Routes that it may name; empty: otp.allowed_routes.")
            .like("3,5");
        keys.add("countries", &o::countries, keys.countries(),
                 "Countries that it may send to; empty: numbers.countries.")
            .like("NL,BE");
        keys.add("caller_id", &o::caller_id, keys.caller_id(),
                 "Sender of its SMS, instead of otp.default_caller_id.")
            .like("MYSHOP");
        keys.add("default_route_id", &o::default_route_id, keys.route_unless_zero(),
                 "Route of its sends that name none, instead of otp.default_route_id.")
            .like("5");
        keys.add("default_route_plan", &o::default_plan,
                 keys.plan_name("the name of a [[route_plan]]; not with default_route_id"),
                 "Instead of default_route_id: the [[route_plan]] of its sends that name neither "
                 "a route nor a plan.")
            .instead_of("default_route_id", "login");
        keys.add("max_price", &o::max_price, keys.optional_of(keys.price()),
                 "Highest price of one of its SMS, as far as prices are known.")
            .like("0.12");
        keys.add("web_otp_hosts", &o::web_otp_hosts, keys.web_otp_hosts(),
                 "Sites that its sends may name in the autofill suffix, the last line by which "
                 "browsers fill the code in (WebOTP). If it is only one, sends that name none use "
                 "it.")
            .like("shop.example,pay.example");
        keys.add("app_hash", &o::suffix, keys.app_hash(),
                 "Instead of web_otp_hosts: the hash of the Android app that reads the code (SMS "
                 "Retriever). The SMS then has at most 140 characters.")
            .instead_of("web_otp_hosts", "FA+9qCX9VSu");
        keys.flag("require_verification_id", &o::require_verification_id,
                  "Whether its checks must name their verification_id, whatever "
                  "otp.require_verification_id says.")
            .like("true");
        keys.flag("challenge", &o::challenge,
                  "Whether the conversion guard answers its sends with a challenge_token, for a "
                  "captcha, instead of 429.")
            .like("true");
    }
};

} // namespace otpd::otp
