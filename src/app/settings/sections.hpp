#pragma once

/// The sections and tables of the settings that are not the options struct of one part of the
/// service as it is.

#include "limits.hpp"
#include "otpd/bridgexapi/client.hpp"
#include "otpd/bridgexapi/route_gates.hpp"
#include "otpd/core/money.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/http/server.hpp"
#include "otpd/otp/account.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/price_cache.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/store/common_options.hpp"
#include "otpd/store/location.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/rotating_file.hpp"
#include "otpd/telemetry/tracer.hpp"
#include "otpd/webhook/webhooks.hpp"
#include "values.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otpd::app {

/// The whole process, in addition to the options of the API's listener.
struct server_settings : http::server_options {
    host_port listen{"127.0.0.1", 8000};
    int threads = 0;                                 ///< 0: one per processor
    std::chrono::milliseconds drain_delay{0};        ///< between readiness 503 and the close of the
                                                     ///  listeners
    std::chrono::milliseconds drain_timeout{25'000}; ///< never less than bridgexapi.timeout
    bool accept_any_proxy = false; ///< allows trusted_proxies outside private networks

    template <class Keys>
    static void declare(Keys keys) {
        using s = server_settings;
        keys.add("listen", &s::listen, keys.address(),
                 "Address and port of the API. Port 0 picks a free port.");
        keys.whole("threads", &s::threads, 0, 256,
                   "Threads that run the service; 0: one for each processor.");
        http::server_options::declare(keys);
        keys.whole("drain_delay_ms", &s::drain_delay, 0, 60'000,
                   "At shutdown, how long otpd still accepts connections while /readyz is 503, so "
                   "that a balancer notices.");
        keys.whole("drain_timeout_ms", &s::drain_timeout, 100, 300'000,
                   "At shutdown, how long requests in flight may take to finish.");
        keys.flag("accept_any_proxy", &s::accept_any_proxy,
                  "Allows ranges in server.trusted_proxies that are wider than a network. Whoever "
                  "is in one may claim any address.");
    }
};

struct admin_settings {
    std::optional<host_port> listen{{"127.0.0.1", 9464}}; ///< empty: no admin listener
    /// The operator's; empty: nobody is the operator.
    secret_string token;
    std::string socket;          ///< the path of the operator's Unix socket; empty: none
    bool accept_network = false; ///< allows an address that other machines reach

    template <class Keys>
    static void declare(Keys keys) {
        using s = admin_settings;
        keys.add("listen", &s::listen,
                 keys.optional_of(keys.address(),
                                  "empty or HOST:PORT, with brackets round an IPv6 address"),
                 "Address and port of the admin listener, which has the metrics; empty: none.")
            .at_restart();
        keys.add("token", &s::token, keys.operator_token(),
                 "The operator's bearer token on the admin listener, for all that is the "
                 "operator's; empty: the listener serves the metrics alone.");
        keys.add("socket", &s::socket, keys.socket_path(),
                 "Path of a Unix socket that serves the operator (otpctl) without a token, with "
                 "mode 0600; its directory must exist. Empty: none.")
            .at_restart();
        keys.flag("accept_network", &s::accept_network,
                  "Allows admin.listen to be an address that others reach. Whoever reaches it can "
                  "read the metrics.")
            .at_restart();
    }
};

struct bridgexapi_settings : bridgexapi::client_options {
    std::size_t read_connections_max = 8; ///< for reads, in addition

    template <class Keys>
    static void declare(Keys keys) {
        bridgexapi::client_options::declare(keys);
        keys.whole("read_connections_max", &bridgexapi_settings::read_connections_max, 4, 256,
                   "Most further connections, for reads (balance, prices, deliveries). So no send "
                   "waits for a read.");
    }
};

/// A policy that policy_of() completes.
struct otp_settings : otp::policy {
    bool cooldown_doubles = false;
    std::chrono::seconds cooldown_longest{900}; ///< with cooldown_doubles; a longer cooldown never
                                                ///  doubles
    double accepted_guess_risk = 0.0001;
    secret_string hmac_secret; ///< empty, with a memory store only: generate a random one
    std::vector<secret_string> previous_hmac_secrets; ///< verify existing codes, never sign new
                                                      ///  ones; newest first
    secret_string number_key_secret;                  ///< empty: derive it from hmac_secret

    template <class Keys>
    static void declare(Keys keys) {
        using s = otp_settings;
        otp::policy::declare(keys);
        keys.flag("cooldown_doubles", &s::cooldown_doubles,
                  "Whether each further send doubles the cooldown.");
        keys.whole("cooldown_longest_seconds", &s::cooldown_longest, 0, 86'400,
                   "With cooldown_doubles: the longest cooldown. If cooldown_seconds is longer, it "
                   "does not grow.");
        keys.number("accepted_guess_risk", &s::accepted_guess_risk, 1e-10, 0.01,
                    "Highest accepted chance that the wrong guesses of a day hit a code.");
        keys.add("hmac_secret", &s::hmac_secret, keys.hmac_secret(),
                 "Key from which codes are derived; empty: a random one at each start.")
            .known_as("OTP_HMAC_SECRET")
            .at_restart();
        keys.add("previous_hmac_secrets", &s::previous_hmac_secrets, keys.hmac_secrets(),
                 "Former secrets whose codes can still be verified.")
            .at_restart();
        keys.add("number_key_secret", &s::number_key_secret, keys.hmac_secret(),
                 "Key of the numbers' hashes; empty: derived from hmac_secret.")
            .at_restart();
    }
};

/// The table `[[purpose]]`: what differs from [otp] for one purpose.
struct purpose_settings {
    std::string name;
    std::string client; ///< narrows the purpose for one client; empty: for every client
    std::optional<std::size_t> code_length;
    std::optional<std::chrono::seconds> ttl;
    std::optional<std::uint32_t> attempts_max;
    std::optional<std::chrono::seconds> cooldown;
    std::string text; ///< of the SMS; empty: as [[template]] and otp.message_template say
    std::string plan; ///< a route plan's name; empty: as without the table
    bool require_verification_id = false;
    std::vector<std::string> variables; ///< scope_rules::variables

    template <class Keys>
    static void declare(Keys keys) {
        using s = purpose_settings;
        keys.add("name", &s::name, keys.purpose(), "The purpose, as requests name it.")
            .needed("transfer");
        keys.add("client", &s::client, keys.client_name(),
                 "Narrows the purpose for one client: longer codes, a shorter life, fewer "
                 "attempts, a longer cooldown, or require_verification_id.")
            .instead_of("message_template", "shop");
        keys.whole_if_set("length", &s::code_length, passcode::min_length, passcode::max_length,
                          "Digits of its codes, instead of otp.length.", "digits")
            .like("8");
        keys.whole_if_set("ttl_seconds", &s::ttl, 30, 600,
                          "How long its codes can be verified, instead of otp.ttl_seconds.")
            .like("180");
        keys.whole_if_set("max_attempts", &s::attempts_max, 1, 100,
                          "Most wrong guesses of one requester at one of its codes, instead of "
                          "otp.max_attempts.")
            .like("3");
        keys.whole_if_set("cooldown_seconds", &s::cooldown, 0, 3600,
                          "Least time between two of its sends to one number, instead of "
                          "otp.cooldown_seconds; 0: none.")
            .like("60");
        // Its validity depends on other settings (check_tables).
        keys.add("message_template", &s::text,
                 keys.text("printable ASCII other than ` with {code} once, each of variables, "
                           "{minutes} (its life) where wanted and no other braces, at most 158 "
                           "characters and 160 GSM septets with the code, the variables and the "
                           "client's autofill suffix",
                           [](std::string_view text) { return !text.empty(); }),
                 "Text of its SMS in every language without a [[template]] of its own.")
            .like("Your transfer code is {code}. It is good for {minutes} minutes.");
        keys.add("route_plan", &s::plan, keys.plan_name(),
                 "The [[route_plan]] of its sends that name neither a route nor a plan.")
            .like("login");
        keys.flag("require_verification_id", &s::require_verification_id,
                  "Whether its checks must name their verification_id, whatever "
                  "otp.require_verification_id says.")
            .like("true");
        keys.add("variables", &s::variables, keys.variable_names(),
                 "What its codes are bound to, such as amount and payee: each send and each check "
                 "must bring their values. Its texts say each as a placeholder of that name.")
            .instead_of("client", "amount,payee");
    }
};

/// The table `[[test_number]]`: an otp::test_number.
struct test_number_settings {
    std::optional<phone_number> number; ///< always set
    secret_string code;
    std::chrono::sys_days until;

    template <class Keys>
    static void declare(Keys keys) {
        using s = test_number_settings;
        keys.add("number", &s::number, keys.phone(), "The number, country code first.")
            .needed("+31612345678")
            .hidden();
        keys.add("code", &s::code, keys.test_code(), "The code that always verifies.")
            .needed("271828");
        keys.add("until", &s::until, keys.date(),
                 "Its last day, in UTC; afterwards it is a number like any other.")
            .needed("2027-01-31");
    }
};

struct auth_settings {
    secret_string token; ///< visible ASCII; empty, on loopback only: no authentication
    bool accept_short_tokens =
        false; ///< allows a token that can be guessed at an address that other machines reach
    std::vector<std::string> web_otp_hosts; ///< of the token's holder: otp::client::web_otp_hosts

    template <class Keys>
    static void declare(Keys keys) {
        using s = auth_settings;
        keys.add("token", &s::token, keys.header_secret("empty or "),
                 "Bearer token of the API; empty, on loopback addresses only: none is required.")
            .known_as("API_AUTH_TOKEN");
        keys.add("web_otp_hosts", &s::web_otp_hosts, keys.web_otp_hosts(),
                 "Sites that sends with this token may name in the autofill suffix (WebOTP). If it "
                 "is only one, sends that name none use it.");
        keys.flag("accept_short_tokens", &s::accept_short_tokens,
                  "Allows a token that can be guessed (under 22 characters, or hardly any "
                  "different ones) on an address that others reach.");
    }
};

struct compat_settings {
    bool reference = false; ///< api/reference_form.hpp

    template <class Keys>
    static void declare(Keys keys) {
        keys.flag("reference", &compat_settings::reference,
                  "Whether answers have the form of the FastAPI service that otpd replaces, for "
                  "programs that were written for it. All limits hold.");
    }
};

struct store_settings : store::common_options {
    store::location url;
    secret_string password;         ///< for a `url` without one
    bool accept_clear_text = false; ///< allows a server on another machine without TLS

    template <class Keys>
    static void declare(Keys keys) {
        using s = store_settings;
        keys.add("url", &s::url, keys.store_url(),
                 "Where codes and limits are stored: in this process, in a file, in PostgreSQL, or "
                 "in Valkey or Redis.");
        keys.add("password", &s::password, keys.header_secret("empty or "),
                 "Password of the store's server, if store.url has none.");
        keys.flag("accept_clear_text", &s::accept_clear_text,
                  "Allows a store on another machine that TLS does not verify. Whoever reads the "
                  "traffic learns its password.");
        store::common_options::declare(keys);
    }
};

/// How routes are isolated and compared. A concurrency_max of 0 means half of
/// bridgexapi.connections_max.
struct routes_settings {
    bridgexapi::route_gate_options gates{.concurrency_max = 0};
    otp::scoreboard_options scores;
    std::uint32_t explore_percent = otp::policy().explore_percent;

    template <class Keys>
    static void declare(Keys keys) {
        bridgexapi::route_gate_options::declare(keys.part(&routes_settings::gates));
        otp::scoreboard_options::declare(keys.part(&routes_settings::scores));
        keys.whole(
            "explore_percent", &routes_settings::explore_percent, 0, 50,
            "Of the sends in a plan's step with best, the share that goes to routes with too "
            "few samples; 0: none.",
            "percent");
    }
};

struct money_settings {
    /// The cap on all spending in a UTC day; 0: no cap. Empty: not set (daily_cap_of() in
    /// app/wiring.hpp).
    std::optional<money> daily_cap;
    money assumed_price = otp::policy().assumed_price; ///< of an SMS with an unknown price, > 0
    otp::price_cache_options prices;
    otp::account_options account;

    template <class Keys>
    static void declare(Keys keys) {
        using s = money_settings;
        keys.add(
            "daily_cap", &s::daily_cap,
            keys.optional_of(keys.amount(),
                             "empty, or an amount such as 25.50, with at most 6 decimals"),
            "Most that may be spent in a UTC day, in the account's currency; 0: no cap. Empty: 50 "
            "on a loopback address, unless an enforced [[budget]] has key total; elsewhere the cap "
            "or such a budget is required.");
        keys.add("assumed_price", &s::assumed_price, keys.price(),
                 "Price assumed for an SMS whose price is not known, in the account's currency.");
        otp::price_cache_options::declare(keys.part(&s::prices));
        otp::account_options::declare(keys.part(&s::account));
    }
};

struct delivery_settings : otp::tracker_options {
    std::string status_url; ///< empty: the upstream's, like the reference; otherwise otpd's own
                            ///  base URL
    std::size_t waiters_max = 1000; ///< concurrent long polls

    template <class Keys>
    static void declare(Keys keys) {
        using s = delivery_settings;
        otp::tracker_options::declare(keys);
        keys.add(
            "status_url", &s::status_url, keys.own_url(),
            "Base URL of this service for delivery_status_url in responses; empty: BridgeXAPI's.");
        keys.whole("waiters_max", &s::waiters_max, 0, 100'000,
                   "Most long polls (requests that wait for a change of a verification) at a time; "
                   "others are answered at once.");
    }
};

struct timeline_settings : telemetry::rotating_file_options {
    std::size_t queue_lines_max = 8192;

    template <class Keys>
    static void declare(Keys keys) {
        telemetry::rotating_file_options::declare(keys);
        keys.whole("queue_lines_max", &timeline_settings::queue_lines_max, 16, 1'000'000,
                   "Most lines that may wait to be written; above that, the oldest is dropped.",
                   "lines");
    }
};

struct log_settings {
    telemetry::level level = telemetry::level::info;
    std::size_t queue_lines_max = 8192;

    template <class Keys>
    static void declare(Keys keys) {
        keys.add("level", &log_settings::level, keys.level(), "Lowest level that is written.");
        keys.whole("queue_lines_max", &log_settings::queue_lines_max, 16, 1'000'000,
                   "Most lines that may wait to be written; above that, the oldest is dropped.",
                   "lines")
            .at_restart();
    }
};

struct tracing_settings {
    std::string url; ///< of the collector, without /v1/traces; empty: nothing is recorded
    std::string service_name = "otpd";
    secret_string token; ///< for the collector; empty: none
    std::string ca_file;
    telemetry::tracer_options spans;

    template <class Keys>
    static void declare(Keys keys) {
        using s = tracing_settings;
        keys.add(
            "url", &s::url, keys.collector_url(),
            "Base URL of an OpenTelemetry collector, which gets spans at /v1/traces (OTLP/HTTP "
            "with JSON); empty: none.");
        telemetry::tracer_options::declare(keys.part(&s::spans));
        keys.add("service_name", &s::service_name,
                 keys.name("-_.", 64, "1 to 64 lower-case letters, digits, dots, _ and -"),
                 "What traces call this service.");
        keys.add("token", &s::token, keys.header_secret("empty or "),
                 "Bearer token for the collector; empty: none is sent.");
        keys.pem_file("ca_file", &s::ca_file,
                      "PEM file of certificate authorities trusted for the collector; empty: the "
                      "system's.");
    }
};

} // namespace otpd::app
