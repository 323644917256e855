#pragma once

/// Everything an operator may set, checked once before any socket opens and immutable afterwards.
///
/// The keys, their defaults, bounds and other names are described in one table, settings_keys.hpp.
/// Nothing here reads the process: load_settings() is a pure function of what it is given, and
/// read_sources() is the only one that opens files.

#include "otpd/core/money.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/http/address_range.hpp"
#include "otpd/net/origin.hpp"
#include "otpd/otp/budgets.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/destinations.hpp"
#include "otpd/otp/limits.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/otp/route_plan.hpp"
#include "otpd/store/location.hpp"
#include "otpd/webhook/webhooks.hpp"

#include <boost/system/result.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::app {

/// Where to listen: an IPv4 or IPv6 address or a host name, and a port (0: any free one).
struct host_port {
    std::string host; ///< without brackets
    std::uint16_t port{};

    /// HOST:PORT, with brackets round an IPv6 address.
    [[nodiscard]] std::string to_string() const;
    /// 127.0.0.0/8, ::1, the same mapped into IPv6, or `localhost` (RFC 6761 6.3).
    [[nodiscard]] bool is_loopback() const;

    friend bool operator==(host_port const&, host_port const&) = default;
};

enum class log_level { trace, debug, info, warn, error };

struct server_settings {
    host_port listen;
    int threads{}; ///< 0: one for each processor
    std::size_t connections_max{};
    std::size_t connections_per_address_max{}; ///< of who is no trusted proxy
    std::size_t header_bytes_max{};
    std::size_t header_fields_max{};
    std::size_t body_bytes_max{};
    std::chrono::milliseconds header_timeout{};
    std::chrono::milliseconds body_timeout{};
    std::chrono::milliseconds write_timeout{};
    std::chrono::milliseconds idle_timeout{};
    std::chrono::milliseconds request_timeout{}; ///< never less than bridgexapi.timeout
    std::chrono::milliseconds drain_delay{};     ///< between readiness 503 and the end of accepting
    std::chrono::milliseconds drain_quiet{};     ///< half of drain_timeout counts at most
    std::chrono::milliseconds drain_timeout{};   ///< never less than bridgexapi.timeout
    std::vector<http::address_range> trusted_proxies; ///< believed about whom they speak for
    bool accept_any_proxy{}; ///< trusted_proxies may be wider than a private network
    bool proxy_protocol{}; ///< each connection begins with a PROXY v2 header; needs trusted_proxies
};

struct admin_settings {
    std::optional<host_port> listen; ///< nothing: no admin listener
    secret_string token;             ///< the operator's; empty: nobody is
    bool accept_network{};           ///< `listen` may be an address that others reach
};

struct bridgexapi_settings {
    net::origin base_url;  ///< https, or http to a loopback host
    secret_string api_key; ///< visible ASCII, never empty
    std::chrono::milliseconds timeout{};
    std::chrono::milliseconds connect_timeout{};
    std::string ca_file;                ///< PEM; empty: the system's certificates
    std::size_t connections_max{};      ///< for sends
    std::size_t read_connections_max{}; ///< for questions, besides
    std::size_t queue_max{};            ///< requests that wait for a connection
    std::chrono::milliseconds idle_timeout{};
};

struct otp_settings {
    int length{}; ///< digits
    std::chrono::seconds ttl{};
    std::chrono::seconds keep{};     ///< how long a verification can be asked for; >= ttl
    std::chrono::seconds cooldown{}; ///< 0: off
    bool cooldown_doubles = false;
    /// With cooldown_doubles: up to this; never when this is less.
    std::chrono::seconds cooldown_longest{};
    std::chrono::seconds cooldown_memory{}; ///< after which it begins anew
    int max_attempts{};                     ///< checks of one code
    int guesses_per_day{};                  ///< wrong guesses for one number in 24 hours
    std::chrono::seconds guess_wait{};      ///< after half of them, doubling; 0: none
    std::vector<std::string> purposes_with_several_codes;
    std::chrono::milliseconds uniform_failures{}; ///< 0: off
    double accepted_guess_risk{};
    secret_string hmac_secret; ///< empty with a memory store only: make a random one
    std::vector<secret_string> previous_hmac_secrets; ///< still verify, never sign; newest first
    secret_string number_key_secret;                  ///< empty: derive it from hmac_secret
    std::string message_template;                     ///< has `{code}` once; ASCII
    int default_route_id{};                           ///< one of allowed_routes
    std::vector<int> allowed_routes;                  ///< ascending, never empty
    std::string default_caller_id;
    bool debug{}; ///< answers carry the code; loopback only
    std::chrono::seconds rejected_backoff{};
};

/// Which numbers may be sent to.
using numbers_settings = otp::destination_rules;

/// The table `[[client]]`.
struct client_settings {
    using token_digest = std::array<std::byte, 32>; ///< SHA-256

    otp::client profile;
    std::vector<token_digest> tokens; ///< one or two
};

/// The table `[[test_number]]`.
using test_number_settings = otp::test_number;

struct auth_settings {
    secret_string token;        ///< visible ASCII; empty, on loopback only: no authentication
    bool accept_short_tokens{}; ///< one that can be guessed may guard an address that others reach
    std::vector<std::string> web_otp_hosts; ///< of its holder: otp::client::web_otp_hosts
};

struct store_settings {
    store::location url;
    secret_string password;              ///< for `url` when that has none
    bool accept_clear_text{};            ///< a server on another machine may be reached without TLS
    std::string ca_file;                 ///< PEM; empty: the system's
    std::string certificate_file;        ///< PEM, of this client; empty: none
    std::string key_file;                ///< PEM, of that certificate
    std::chrono::milliseconds timeout{}; ///< one step; 0: the store's own
    std::size_t connections{};           ///< to a server; 0: the store's own
    std::uint32_t replicas{};            ///< to wait for; 0: none
    std::string schema;                  ///< of PostgreSQL's tables
    std::size_t capacity{};              ///< items: codes, cooldowns and guess counts together
    std::uint64_t memory_max{};          ///< bytes of a Redis server; 0: as its maxmemory says
    std::chrono::milliseconds sweep_interval{};
    std::size_t sweep_batch{}; ///< numbers looked at in one slice
};

struct limits_settings {
    /// False, on loopback only: no cooldown, no limit and no watch for pumped SMS. Guess limits of
    /// numbers always hold.
    bool enabled{};
    bool
        accept_none{}; ///< without it something has to refuse sends when others reach server.listen
    // The limits that there are without further words, 0: off. Each is named by its key.
    std::uint64_t number_10m{};
    std::uint64_t number_24h{};
    std::uint64_t address_1h{}; ///< of end users
    std::uint64_t client_1m{};
    std::uint64_t prefix_1h{};
    std::uint64_t country_1h{};
    std::uint64_t global_1m{};
    std::uint64_t global_24h{};
    std::uint64_t guesses_address_1h{}; ///< of end users
    std::uint64_t guesses_client_1m{};
    std::uint64_t reads_client_1m{};  ///< questions (otp/read_limit.hpp)
    std::vector<std::string> observe; ///< names of the above that refuse nothing
};

/// How routes are kept apart (bridgexapi/route_gates.hpp) and compared (otp/scoreboard.hpp).
struct routes_settings {
    std::size_t
        concurrency_max{}; ///< sends of one route at a time; 0: half of bridgexapi.connections_max
    std::size_t queue_max{};     ///< sends of one route that wait for it
    unsigned failures_to_open{}; ///< in a row, then the route is left alone for a while
    std::size_t score_samples_max{};
};

struct money_settings {
    money assumed_price{}; ///< of an SMS whose price is not known, > 0
    std::chrono::seconds price_lifetime{};
    std::chrono::seconds balance_interval{}; ///< 0: the balance is not watched
    money balance_low{};                     ///< 0: no alarm
    money drift_tolerance{};
    /// In all, in a UTC day; 0: no cap. Nothing: not chosen (daily_cap_of() in app/wiring.hpp).
    std::optional<money> daily_cap;
};

struct delivery_settings {
    bool enabled{}; ///< delivery reports are asked for
    std::chrono::milliseconds interval{};
    std::size_t open_max{};
    std::size_t page_max{};
    std::string status_url; ///< empty: the upstream's, as the reference; else otpd's own base URL
    std::size_t waiters_max{}; ///< requests that wait for a change at a time
};

struct timeline_settings {
    std::string file; ///< empty: none
    std::uint64_t bytes_max{};
    std::size_t files_max{};
    std::size_t queue_lines_max{};
};

struct webhooks_settings {
    std::size_t queue_max{};
    std::chrono::milliseconds timeout{};
};

/// The table `[[webhook]]`.
using webhook_settings = webhook::endpoint;

struct log_settings {
    log_level level{};
    std::size_t queue_lines_max{};
};

struct settings {
    server_settings server;
    admin_settings admin;
    bridgexapi_settings bridgexapi;
    otp_settings otp;
    auth_settings auth;
    store_settings store;
    limits_settings limits;
    otp::pumping_rules pumping;
    numbers_settings numbers;
    routes_settings routes;
    money_settings spending; ///< section [money]
    delivery_settings delivery;
    timeline_settings timeline;
    webhooks_settings webhooks;
    log_settings log;

    // The tables that may occur any number of times; in the file only.
    std::vector<client_settings> clients;           ///< `[[client]]`
    std::vector<otp::limit> own_limits;             ///< `[[limit]]`
    std::vector<otp::message_template> templates;   ///< `[[template]]`, beside otp.message_template
    std::vector<test_number_settings> test_numbers; ///< `[[test_number]]`
    std::vector<otp::route_plan> route_plans;       ///< `[[route_plan]]`
    std::vector<otp::spending_budget> budgets;      ///< `[[budget]]`
    std::vector<webhook_settings> webhook_endpoints; ///< `[[webhook]]`

    /// Names of the environment that begin as ours do and are Kubernetes' links to services.
    std::vector<std::string> service_links;

    /// Every key at its default. Not checked: there is no default for bridgexapi.api_key.
    static settings defaults();
};

/// What is wrong: one line for each fault, none of which holds a secret or a line break.
struct settings_faults {
    std::vector<std::string> lines;
};
/// Needed by boost::system::result: using faults as settings is a bug.
[[noreturn]] void throw_exception_from_error(settings_faults const&, boost::source_location const&);

/// A file that was read, with the name by which messages call it.
struct source_file {
    std::string name;
    std::string text;
    bool is_open_to_all = false; ///< others than its owner and group may read it or write to it
};

/// Everything settings come from, strongest first.
struct settings_sources {
    std::map<std::string, std::string> flags; ///< `section.key` -> value
    std::map<std::string, std::string>
        environment; ///< all of it; other programs' names are ignored
    std::optional<source_file> dotenv;
    std::optional<source_file> config; ///< TOML
};

/// Reads, merges and checks. All faults are reported at once.
[[nodiscard]] boost::system::result<settings, settings_faults>
load_settings(settings_sources const& sources);

struct setting_line {
    std::string key; ///< `section.key`
    std::string value;
};
/// Every key with its value, then each table of the file, for the log and for --check-config. Of a
/// secret it says only whether it is set.
[[nodiscard]] std::vector<setting_line> describe(settings const& from);
/// Keys of describe() whose values differ, and of entries that came or went. Secrets are compared by
/// their digests.
[[nodiscard]] std::vector<std::string> changed_keys(settings const& before, settings const& after);
/// What is not wrong but should be known, a line each.
[[nodiscard]] std::vector<std::string> settings_notes(settings const& from,
                                                      std::chrono::sys_days today);

[[nodiscard]] std::string_view to_string(log_level) noexcept;

} // namespace otpd::app
