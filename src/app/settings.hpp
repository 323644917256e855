#pragma once

/// All settings of the operator. They are checked before any socket opens, and again by a reload
/// (reload.hpp), which makes new ones: settings never change.
///
/// Each section is the options struct of a part of the service, or contains it, and declares its
/// keys itself (settings_keys.hpp). Nothing here reads the process: load_settings() is a pure
/// function of its arguments, and only read_sources() opens files.

#include "otpd/api/hooks.hpp"
#include "otpd/bridgexapi/client.hpp"
#include "otpd/bridgexapi/route_gates.hpp"
#include "otpd/core/money.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/http/server.hpp"
#include "otpd/otp/account.hpp"
#include "otpd/otp/client.hpp"
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
#include "settings_values.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::app {

/// An address to listen on: an IPv4 or IPv6 address or a host name, and a port (0: any free one).
struct host_port {
    std::string host; ///< without brackets
    std::uint16_t port{};

    /// HOST:PORT, with brackets around an IPv6 address.
    [[nodiscard]] std::string to_string() const;
    /// Whether it is in 127.0.0.0/8, ::1, the same mapped into IPv6, or `localhost` (RFC 6761 6.3).
    [[nodiscard]] bool is_loopback() const;

    friend bool operator==(host_port const&, host_port const&) = default;
};

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
        keys.add("listen", &s::listen, notations::address(),
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
                 notations::optional_of(notations::address(),
                                        "empty or HOST:PORT, with brackets round an IPv6 address"),
                 "Address and port of the admin listener, which has the metrics; empty: none.")
            .at_restart();
        keys.add("token", &s::token, notations::operator_token(),
                 "The operator's bearer token on the admin listener, for all that is the "
                 "operator's; empty: the listener serves the metrics alone.");
        keys.add("socket", &s::socket, notations::socket_path(),
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

/// Contains only the policy's keys of [otp]; policy_of() completes it.
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
        keys.add("hmac_secret", &s::hmac_secret, notations::hmac_secret(),
                 "Key from which codes are derived; empty: a random one at each start.")
            .known_as("OTP_HMAC_SECRET")
            .at_restart();
        keys.add("previous_hmac_secrets", &s::previous_hmac_secrets, notations::hmac_secrets(),
                 "Former secrets whose codes can still be verified.")
            .at_restart();
        keys.add("number_key_secret", &s::number_key_secret, notations::hmac_secret(),
                 "Key of the numbers' hashes; empty: derived from hmac_secret.")
            .at_restart();
    }
};

/// The destinations that may receive codes.
using numbers_settings = otp::destination_rules;

/// The table `[[client]]`.
struct client_settings {
    otp::client profile;
    std::vector<secret_digest> tokens; ///< one or two
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
};

struct auth_settings {
    secret_string token; ///< visible ASCII; empty, on loopback only: no authentication
    bool accept_short_tokens =
        false; ///< allows a token that can be guessed at an address that other machines reach
    std::vector<std::string> web_otp_hosts; ///< of the token's holder: otp::client::web_otp_hosts

    template <class Keys>
    static void declare(Keys keys) {
        using s = auth_settings;
        keys.add("token", &s::token, notations::header_secret("empty or "),
                 "Bearer token of the API; empty, on loopback addresses only: none is required.")
            .known_as("API_AUTH_TOKEN");
        keys.add("web_otp_hosts", &s::web_otp_hosts, notations::web_otp_hosts(),
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
        keys.add("url", &s::url, notations::store_url(),
                 "Where codes and limits are stored: in this process, in a file, in PostgreSQL, or "
                 "in Valkey or Redis.");
        keys.add("password", &s::password, notations::header_secret("empty or "),
                 "Password of the store's server, if store.url has none.");
        keys.flag("accept_clear_text", &s::accept_clear_text,
                  "Allows a store on another machine that TLS does not verify. Whoever reads the "
                  "traffic learns its password.");
        keys.pem_file(
            "ca_file", &s::ca_file,
            "PEM file of certificate authorities trusted for the store's server; empty: the "
            "system's.");
        keys.pem_file("certificate_file", &s::certificate_file,
                      "PEM file of the client certificate for the store's server; empty: none.");
        keys.pem_file("key_file", &s::key_file, "PEM file of that certificate's key.");
        keys.whole("timeout_ms", &s::timeout, 0, 10'000,
                   "Longest wait for one step of the store; a later answer is ignored. 0: 250 with "
                   "Valkey or Redis, 1000 with PostgreSQL, 2000 with sqlite:.");
        keys.whole("connections", &s::connections, 0, 64,
                   "Connections to the store's server; 0: one to PostgreSQL, or one for each of "
                   "server.threads to Valkey or Redis.");
        keys.whole("replicas_wait_for", &s::replicas, 0, 5,
                   "Replicas of Valkey or Redis that must have a send or a used code before it "
                   "counts; 0: none.");
        keys.add("schema", &s::schema, notations::postgres_schema(),
                 "Schema of the tables in PostgreSQL.");
        keys.whole("capacity", &s::states_max, 1, 100'000'000,
                   "Most numbers, limit keys, budgets and idempotency keys in memory:, sqlite: or "
                   "PostgreSQL. Above that, sends are refused.",
                   "items");
        keys.whole("memory_max", &s::memory_max, 0, 1'000'000'000'000,
                   "Bytes that Valkey or Redis may use before sends are refused; 0: nine tenths of "
                   "its maxmemory.",
                   "bytes");
        keys.whole("sweep_interval_ms", &s::sweep_interval, 10, 10'000,
                   "Time between two searches of memory: and sqlite: for expired items.");
        keys.whole("sweep_batch", &s::sweep_batch, 1, 100'000,
                   "Numbers whose expired items are removed at a time.", "numbers");
    }
};

struct limits_settings {
    /// False, on loopback only: no cooldown, no limit and no conversion guard. Guess limits of
    /// numbers always hold.
    bool enabled = true;
    /// If false, something must refuse sends when other machines reach server.listen.
    bool accept_none = false;
    // The built-in limits; 0: off. Each is named by its key; built_in_limits() defines what they
    // count.
    std::uint64_t number_10m = 5;
    std::uint64_t number_24h = 10;
    std::uint64_t all_clients_24h = 30; ///< to one number
    std::uint64_t address_1h = 30;      ///< of end users
    std::uint64_t client_1m = 600;
    std::uint64_t prefix_1h = 100;
    std::uint64_t country_1h = 5'000;
    std::uint64_t global_1m = 1'000;
    std::uint64_t global_24h = 100'000;
    std::uint64_t guesses_address_1h = 60; ///< of end users
    std::uint64_t guesses_client_1m = 600;
    std::uint64_t reads_client_1m = 600; ///< reads (otp/read_limit.hpp)
    std::vector<std::string> observe;    ///< names of limits above that only observe

    template <class Keys>
    static void declare(Keys keys) {
        using s = limits_settings;
        keys.flag("enabled", &s::enabled,
                  "Whether cooldown, limits and conversion guard apply; false is for load tests on "
                  "loopback.");
        keys.flag("accept_none", &s::accept_none,
                  "Allows an address that others reach although no enforced limit or guard covers "
                  "the sends of all clients.");
        keys.quotas();
        keys.add("observe", &s::observe, notations::limit_names(),
                 "Limits that only observe: what they would have refused is logged and counted.");
        keys.whole(otp::read_limit_name, &s::reads_client_1m, 0, 1'000'000'000,
                   "Reads of one API client (balance, routes, prices, deliveries, scores, "
                   "estimates) in a minute at each instance; 0: no such limit.");
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
            notations::optional_of(notations::amount(),
                                   "empty, or an amount such as 25.50, with at most 6 decimals"),
            "Most that may be spent in a UTC day, in the account's currency; 0: no cap. Empty: 50 "
            "on a loopback address, unless an enforced [[budget]] has key total; elsewhere the cap "
            "or such a budget is required.");
        keys.price("assumed_price", &s::assumed_price,
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
            "status_url", &s::status_url, notations::own_url(),
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
        keys.add("level", &log_settings::level, notations::level(),
                 "Lowest level that is written.");
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
            "url", &s::url, notations::collector_url(),
            "Base URL of an OpenTelemetry collector, which gets spans at /v1/traces (OTLP/HTTP "
            "with JSON); empty: none.");
        telemetry::tracer_options::declare(keys.part(&s::spans));
        keys.add("service_name", &s::service_name,
                 notations::name("-_.", 64, "1 to 64 lower-case letters, digits, dots, _ and -"),
                 "What traces call this service.");
        keys.add("token", &s::token, notations::header_secret("empty or "),
                 "Bearer token for the collector; empty: none is sent.");
        keys.pem_file("ca_file", &s::ca_file,
                      "PEM file of certificate authorities trusted for the collector; empty: the "
                      "system's.");
    }
};

struct settings {
    server_settings server;
    admin_settings admin;
    bridgexapi_settings bridgexapi;
    otp_settings otp;
    auth_settings auth;
    compat_settings compat;
    store_settings store;
    limits_settings limits;
    otp::pumping_rules pumping;
    numbers_settings numbers;
    routes_settings routes;
    money_settings spending; ///< section [money]
    delivery_settings delivery;
    timeline_settings timeline;
    webhook::options webhooks;
    tracing_settings tracing;
    log_settings log;

    // Tables that may occur any number of times, in the file only.
    std::vector<client_settings> clients;             ///< `[[client]]`
    std::vector<otp::limit> own_limits;               ///< `[[limit]]`
    std::vector<otp::message_template> templates;     ///< `[[template]]`, in addition to
                                                      ///  otp.message_template
    std::vector<purpose_settings> purposes;           ///< `[[purpose]]`
    std::vector<otp::test_number> test_numbers;       ///< `[[test_number]]`
    std::vector<otp::route_plan> route_plans;         ///< `[[route_plan]]`
    std::vector<otp::spending_budget> budgets;        ///< `[[budget]]`
    std::vector<webhook::endpoint> webhook_endpoints; ///< `[[webhook]]`
    std::vector<api::hook> hooks;                     ///< `[[hook]]`

    /// The files that secrets were read from, by the key that names the file:
    /// `bridgexapi.api_key_file`.
    std::map<std::string, std::string> secret_files;
    /// Of the contents of PEM files, by the key that names the file: `bridgexapi.ca_file`.
    std::map<std::string, secret_digest> pem_digests;
    /// The names of files that have secrets and that every user of the machine may read or write.
    std::vector<std::string> open_secret_files;
    /// Names in the environment with our prefix that are Kubernetes' service links.
    std::vector<std::string> service_links;
};

/// The name of the budget money.daily_cap in replies, in the log and in metrics. No other budget
/// may have it.
inline constexpr char const* daily_cap_name = "daily_cap";
/// Whether an enforced [[budget]] with the key total bounds all spending.
[[nodiscard]] bool has_total_budget(settings const& all);

/// The rules of the scopes that a [[purpose]] is for: those of [otp], changed by the purpose's
/// table for every client and, if it is for one client, by itself.
[[nodiscard]] otp::scope_rules rules_of(settings const& all, purpose_settings const& table);

/// The faults in the settings: one line each, without secrets or line breaks.
struct settings_faults {
    std::vector<std::string> lines;
};
/// Required by boost::system::result. Using faults as settings is a bug.
[[noreturn]] void throw_exception_from_error(settings_faults const&, boost::source_location const&);

/// A file's text, with its name in messages.
struct source_file {
    std::string name;
    std::string text;
    bool is_open_to_all = false; ///< others than its owner and group may read or write it
};

/// The contents of a file that a setting names, or why it cannot be read: "no such file".
struct secret_file {
    std::string text;
    std::string fault; ///< empty: none
};

/// The sources of settings, strongest first.
struct settings_sources {
    std::map<std::string, std::string> flags; ///< `section.key` -> value
    std::map<std::string, std::string>
        environment; ///< all of it; names of other programs are ignored
    std::optional<source_file> dotenv;
    std::optional<source_file> config; ///< TOML
    /// Reads the file of a secret. Null: there is none.
    std::function<secret_file(std::string const& path)> open_secret{};
    /// Of the content of a PEM file. Null: none is compared.
    std::function<secret_digest(std::string const& path)> digest_of_file{};
};

/// Reads, merges and checks. Reports all faults at once.
[[nodiscard]] boost::system::result<settings, settings_faults>
load_settings(settings_sources const& sources);
/// Reads one value alone, with the faults of its sources, whatever the other values are.
[[nodiscard]] boost::system::result<settings, settings_faults>
load_setting(settings_sources const& sources, std::string_view path);

struct setting_line {
    std::string key; ///< `section.key`
    std::string value;
};
/// Every key with its value, then each table of the file, for the log and for --check-config. Shows
/// of a secret only whether it is set.
[[nodiscard]] std::vector<setting_line> describe(settings const& settings);
/// The keys of describe() whose values differ, and of added or removed entries. Compares secrets by
/// their digests.
[[nodiscard]] std::vector<std::string> changed_keys(settings const& before, settings const& after);
/// Notes for the operator that are not faults, one line each.
[[nodiscard]] std::vector<std::string> settings_notes(settings const& settings,
                                                      std::chrono::sys_days today);

/// The text of config.toml: every key with its default and allowed values, and an example of each
/// table.
[[nodiscard]] std::string config_file();
/// The same as a page: docs/configuration.md.
[[nodiscard]] std::string configuration_page();

} // namespace otpd::app
