#include "settings_rows.hpp"

namespace otpd::app {

namespace {

using values::place;

std::optional<std::optional<host_port>> parse_optional_host_port(std::string_view text) {
    if (text.empty()) return std::optional<host_port>();
    auto value = values::parse_host_port(text);
    if (!value) return std::nullopt;
    return std::optional<std::optional<host_port>>(std::move(value));
}

std::string show_admin_listen(settings const& from) {
    return from.admin.listen ? from.admin.listen->to_string() : std::string();
}

std::string show_base_url(settings const& from) {
    auto const& url = from.bridgexapi.base_url;
    return (url.tls ? "https://" : "http://") + url.authority() + url.path;
}

std::optional<std::vector<http::address_range>> parse_ranges(std::string_view text) {
    std::vector<http::address_range> ranges;
    for (auto const item : values::split_list(text)) {
        auto range = http::address_range::parse(item);
        if (!range) return std::nullopt;
        ranges.push_back(*std::move(range));
    }
    return ranges;
}

std::string show_ranges(settings const& from) {
    std::string out;
    for (auto const& range : from.server.trusted_proxies)
        out.append(out.empty() ? "" : ",").append(range.to_string());
    return out;
}

template <auto Member>
using server = place<&settings::server, Member>;
template <auto Member>
using upstream = place<&settings::bridgexapi, Member>;

using srv = server_settings;
using bxs = bridgexapi_settings;

constexpr std::string_view ms = unit_ms;
constexpr std::string_view s = unit_s;

constexpr setting_key keys[] = {
    row("server", "listen", "127.0.0.1:8000",
        "Address and port of the API; port 0 takes a free one.")
        .parsed<server<&srv::listen>, values::parse_host_port>(
            value_kind::text, values::show_parsed<server<&srv::listen>>,
            "HOST:PORT, with brackets round an IPv6 address"),
    row("server", "threads", "0", "Threads that run the service; 0 is one for each processor.")
        .whole<server<&srv::threads>>(0, 256),
    row("server", "connections_max", "10000",
        "Connections open at once; at more, those that are idle longest are closed.")
        .whole<server<&srv::connections_max>>(1, 1'000'000),
    row("server", "connections_per_address_max", "1000",
        "Connections of one address (IPv6: /64) that is no trusted proxy; more are closed.")
        .whole<server<&srv::connections_per_address_max>>(1, 1'000'000),
    row("server", "header_bytes_max", "8192", "Largest request line and header.")
        .whole<server<&srv::header_bytes_max>>(1024, 65535, "bytes"),
    row("server", "header_fields_max", "64", "Most header fields in a request.")
        .whole<server<&srv::header_fields_max>>(8, 256),
    row("server", "body_bytes_max", "4096", "Largest request body.")
        .whole<server<&srv::body_bytes_max>>(256, 1'048'576, "bytes"),
    row("server", "header_timeout_ms", "5000",
        "From the first byte of a request to its whole header.")
        .whole<server<&srv::header_timeout>>(100, 60'000, ms),
    row("server", "body_timeout_ms", "5000", "From the header to the whole body.")
        .whole<server<&srv::body_timeout>>(100, 60'000, ms),
    row("server", "write_timeout_ms", "10000", "For a client to take a whole response.")
        .whole<server<&srv::write_timeout>>(100, 60'000, ms),
    row("server", "idle_timeout_ms", "620000",
        "How long a connection may wait for its next request: longer than your balancer keeps it.")
        .whole<server<&srv::idle_timeout>>(100, 3'600'000, ms),
    row("server", "request_timeout_ms", "30000", "For the whole work on one request.")
        .whole<server<&srv::request_timeout>>(100, 300'000, ms),
    row("server", "drain_delay_ms", "0",
        "From readiness 503 to the end of accepting: for a balancer to notice.")
        .whole<server<&srv::drain_delay>>(0, 60'000, ms),
    row("server", "drain_quiet_ms", "2000",
        "At shutdown, an idle connection is closed after this; half of drain_timeout_ms at most.")
        .whole<server<&srv::drain_quiet>>(0, 60'000, ms),
    row("server", "drain_timeout_ms", "25000", "For requests in flight to finish at shutdown.")
        .whole<server<&srv::drain_timeout>>(100, 300'000, ms),
    row("server", "trusted_proxies", "",
        "Proxies that are believed about whom they speak for, as address ranges.")
        .parsed<server<&srv::trusted_proxies>, parse_ranges>(
            value_kind::text_list, show_ranges,
            "a list of IPv4 or IPv6 addresses or ranges such as 10.0.0.0/8"),
    row("server", "accept_any_proxy", "false",
        "Lets server.trusted_proxies hold more than one network: whoever is in it may call itself "
        "anything.")
        .boolean<server<&srv::accept_any_proxy>>(),
    row("server", "proxy_protocol", "false",
        "Each connection begins with a PROXY protocol v2 header; others are closed.")
        .boolean<server<&srv::proxy_protocol>>(),

    row("admin", "listen", "127.0.0.1:9464", "Address and port of metrics; empty turns them off.")
        .parsed<place<&settings::admin, &admin_settings::listen>, parse_optional_host_port>(
            value_kind::text, show_admin_listen,
            "empty or HOST:PORT, with brackets round an IPv6 address"),
    row("admin", "token", "",
        "The operator's bearer token there, for account, budgets, scores and every message; empty: "
        "none of them is served there.")
        .secret_text<place<&settings::admin, &admin_settings::token>, rules::is_operator_token>(
            "empty or 16 to 1024 visible ASCII characters"),
    row("admin", "accept_network", "false",
        "Lets admin.listen be an address that others reach: whoever does reads the metrics.")
        .boolean<place<&settings::admin, &admin_settings::accept_network>>(),

    row("bridgexapi", "base_url", "https://hi.bridgexapi.io", "Where BridgeXAPI is.")
        .parsed<upstream<&bxs::base_url>, values::parse_base_url>(
            value_kind::text, show_base_url,
            "an https URL without user, query and fragment (http for loopback addresses only)")
        .known_as("BRIDGEXAPI_BASE_URL"),
    row("bridgexapi", "api_key", "", "The account's API key; required.")
        .secret_text<upstream<&bxs::api_key>, rules::is_header_value>(
            "visible ASCII characters, at most 1024")
        .known_as("BRIDGEXAPI_API_KEY"),
    row("bridgexapi", "timeout", "20", "For one call to BridgeXAPI; may have a fraction.")
        .number<upstream<&bxs::timeout>>(0.1, 120, s)
        .known_as("BRIDGEXAPI_TIMEOUT"),
    row("bridgexapi", "connect_timeout_ms", "3000", "For TCP connect and TLS handshake together.")
        .whole<upstream<&bxs::connect_timeout>>(50, 60'000, ms),
    row("bridgexapi", "ca_file", "", "PEM file of trusted authorities; empty is the system's.")
        .text<upstream<&bxs::ca_file>, rules::is_path_or_empty>("empty or the path of a PEM file"),
    row("bridgexapi", "connections_max", "64", "Connections to BridgeXAPI at once, for sends.")
        .whole<upstream<&bxs::connections_max>>(1, 1024),
    row("bridgexapi", "read_connections_max", "8",
        "More connections, for questions (balance, prices, deliveries): no send waits for one.")
        .whole<upstream<&bxs::read_connections_max>>(4, 256),
    row("bridgexapi", "queue_max", "1024",
        "Calls that may wait for a connection; more are refused.")
        .whole<upstream<&bxs::queue_max>>(0, 100'000),
    row("bridgexapi", "idle_timeout_ms", "30000", "An unused connection is closed after this.")
        .whole<upstream<&bxs::idle_timeout>>(100, 600'000, ms),
};

} // namespace

std::span<setting_key const> server_keys() noexcept {
    return keys;
}

} // namespace otpd::app
