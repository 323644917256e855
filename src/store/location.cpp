#include "otpd/store/location.hpp"

#include "otpd/core/encoding.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace otpd::store {

namespace urls = boost::urls;

namespace {

struct server_scheme {
    std::string_view name;
    location::kind type;
    std::uint16_t port; ///< the default port; 0: a socket instead of servers
    bool tls = false;
    bool is_sentinel = false;
};
constexpr std::array<server_scheme, 7> server_schemes{{
    {"redis", location::kind::redis, 6379},
    {"rediss", location::kind::redis, 6379, true},
    {"redis+sentinel", location::kind::redis, 26379, false, true},
    {"rediss+sentinel", location::kind::redis, 26379, true, true},
    {"unix", location::kind::redis, 0},
    {"postgres", location::kind::postgres, 5432},
    {"postgresql", location::kind::postgres, 5432},
}};

constexpr std::uint32_t databases_max = 1'000'000;
constexpr std::array<std::string_view, 5> ssl_modes{"disable", "prefer", "require", "verify-ca",
                                                    "verify-full"};
/// libpq's name for the socket of a port, in its directory.
constexpr std::string_view socket_name = "/.s.PGSQL.";

/// Cuts `text` at the first `separator`. Returns the part before it and leaves the part after it.
std::string_view cut(std::string_view& text, char separator) {
    auto const at = text.find(separator);
    auto const before = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
    return before;
}

template <class Number>
bool read_number(std::string_view text, Number max, Number& to) {
    auto const read = parse_number<Number>(text);
    to = read.value_or(to);
    return read && *read <= max;
}

bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

/// The name is shown in the log and to operators, so it must not contain a line end.
bool is_name(std::string_view text) noexcept {
    return !text.empty() && std::ranges::none_of(text, is_control);
}

/// Reads `[user[:password]@]` and the servers, each `host[:port]`. Several servers are no valid URL
/// (RFC 3986), so they are read one after the other.
bool read_authority(std::string_view text, server_scheme const& scheme, location& to) {
    std::string const credentials(text.substr(0, text.rfind('@') + 1));
    text.remove_prefix(credentials.size());
    bool const has_several = scheme.is_sentinel || scheme.type == location::kind::postgres;
    do {
        auto const server = has_several ? cut(text, ',') : std::exchange(text, {});
        auto const whole = credentials + std::string(server);
        auto const read = urls::parse_authority(whole);
        if (!read) return false;
        to.user = read->user();
        to.password = secret_string(read->password());
        if (server.empty() && to.servers.empty() && text.empty()) return true;
        auto const host = read->encoded_host_address();
        constexpr auto of_hosts = urls::unreserved_chars + ':';
        bool const has_port = !read->port().empty();
        if (host.empty() || !std::ranges::all_of(host, of_hosts) ||
            (has_port && read->port_number() == 0))
            return false;
        to.servers.push_back({std::string(host), has_port ? read->port_number() : scheme.port});
    } while (!text.empty());
    return true;
}

using option_list = std::vector<std::pair<std::string_view, std::string*>>;

/// Requires that each option occurs at most once and is not empty.
bool read_options(urls::url_view const& url, option_list const& known) {
    for (auto const& [name, value, has_value] : url.params()) {
        auto const option =
            std::ranges::find(known, name, [](auto const& entry) { return entry.first; });
        if (option == known.end() || !is_name(value) || !option->second->empty()) return false;
        *option->second = value;
    }
    return true;
}

/// Reads `[/database]`, or with Sentinel `/master[/database]`.
bool read_redis(urls::url_view const& url, bool is_sentinel, location& to) {
    auto const segments = url.segments();
    auto next = segments.begin();
    if (is_sentinel) {
        if (next == segments.end()) return false;
        to.master = *next++;
        if (!is_name(to.master)) return false;
    }
    std::string const database = next == segments.end() ? "" : *next++;
    return !to.servers.empty() && next == segments.end() && read_options(url, {}) &&
           (database.empty() || read_number(database, databases_max, to.database));
}

/// Reads `/path[?db=N]`.
bool read_unix(urls::url_view const& url, location& to) {
    std::string database;
    to.path = url.path();
    // Two slashes would be read as the start of credentials.
    return to.servers.empty() && is_name(to.path) && !to.path.starts_with("//") &&
           read_options(url, {{"db", &database}}) &&
           (database.empty() || read_number(database, databases_max, to.database));
}

/// Reads `/database[?options]`, with servers or with the option `host`.
bool read_postgres(urls::url_view const& url, std::uint16_t port, location& to) {
    auto& only = to.postgres;
    std::string directory;
    std::string port_option;
    auto const segments = url.segments();
    if (segments.size() != 1 || !is_name(segments.front()) ||
        !read_options(url, {{"sslmode", &only.ssl_mode},
                            {"sslrootcert", &only.ca_file},
                            {"sslcert", &only.certificate_file},
                            {"sslkey", &only.key_file},
                            {"host", &directory},
                            {"port", &port_option}}))
        return false;
    only.database = segments.front();
    if (!only.ssl_mode.empty() && std::ranges::find(ssl_modes, only.ssl_mode) == ssl_modes.end())
        return false;
    if (!to.servers.empty()) {
        to.tls = ssl_mode_of(to) == "verify-full";
        return directory.empty() && port_option.empty();
    }
    if (!port_option.empty() && !read_number(port_option, std::uint16_t{65535}, port)) return false;
    to.path = directory + std::string(socket_name) + std::to_string(port);
    return directory.starts_with('/') && port > 0;
}

std::optional<location> read_location(server_scheme const& scheme, std::string_view rest) {
    location found;
    found.type = scheme.type;
    found.tls = scheme.tls;
    bool const is_unix = scheme.port == 0;
    std::string_view authority;
    if (rest.starts_with("//")) {
        rest.remove_prefix(2);
        authority = rest.substr(0, rest.find_first_of("/?#"));
        rest.remove_prefix(authority.size());
    } else if (!is_unix) {
        return std::nullopt;
    }
    auto const target = urls::parse_origin_form(rest.empty() && !is_unix ? "/" : rest);
    if (!target || !read_authority(authority, scheme, found)) return std::nullopt;
    bool const is_right = is_unix ? read_unix(*target, found)
                          : scheme.type == location::kind::redis
                              ? read_redis(*target, scheme.is_sentinel, found)
                              : read_postgres(*target, scheme.port, found);
    if (!is_right) return std::nullopt;
    return found;
}

std::optional<location> read_sqlite(std::string_view rest) {
    auto const encoded = urls::make_pct_string_view(rest);
    if (!encoded) return std::nullopt;
    location found;
    found.type = location::kind::sqlite;
    found.path = encoded->decode();
    if (!is_name(found.path)) return std::nullopt;
    return found;
}

bool is_loopback(std::string const& host) {
    if (auto const v4 = urls::parse_ipv4_address(host)) return v4->is_loopback();
    if (auto const v6 = urls::parse_ipv6_address(host)) return v6->is_loopback();
    return host == "localhost";
}

bool leaves_this_machine(location const& at) {
    return std::ranges::any_of(at.servers,
                               [](auto const& server) { return !is_loopback(server.host); });
}

std::string shown(std::vector<server_address> const& servers) {
    std::string text;
    for (auto const& server : servers)
        text += (text.empty() ? "" : ",") + server.to_string();
    return text;
}

std::string show_postgres(location const& at) {
    auto text =
        "postgres://" + shown(at.servers) + "/" + urls::encode(at.postgres.database, urls::pchars);
    char before = '?';
    auto const show = [&](std::string_view name, std::string_view value) {
        if (value.empty()) return;
        constexpr auto as_they_are = urls::unreserved_chars + '/';
        text += std::exchange(before, '&');
        text.append(name).append("=").append(urls::encode(value, as_they_are));
    };
    if (auto const name_at = at.path.rfind(socket_name); name_at != std::string::npos) {
        show("host", at.path.substr(0, name_at));
        show("port", at.path.substr(name_at + socket_name.size()));
    }
    show("sslmode", at.postgres.ssl_mode);
    show("sslrootcert", at.postgres.ca_file);
    show("sslcert", at.postgres.certificate_file);
    show("sslkey", at.postgres.key_file);
    return text;
}

} // namespace

std::string server_address::to_string() const {
    bool const bracketed = host.find(':') != std::string::npos;
    return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string location::to_string() const {
    constexpr auto as_they_are = urls::pchars + '/';
    auto const encoded = urls::encode(path, as_they_are);
    if (type == kind::memory) return "memory:";
    if (type == kind::sqlite) return "sqlite:" + encoded;
    if (type == kind::postgres) return show_postgres(*this);
    auto const in_it = std::to_string(database);
    if (servers.empty()) return "unix:" + encoded + "?db=" + in_it;
    std::string const scheme = tls ? "rediss" : "redis";
    if (master.empty()) return scheme + "://" + shown(servers) + "/" + in_it;
    return scheme + "+sentinel://" + shown(servers) + "/" + urls::encode(master, urls::pchars) +
           "/" + in_it;
}

std::string ssl_mode_of(location const& at) {
    if (!at.postgres.ssl_mode.empty()) return at.postgres.ssl_mode;
    return leaves_this_machine(at) ? "verify-full" : "prefer";
}

std::optional<std::string> why_unprotected(location const& at) {
    if (at.tls || !leaves_this_machine(at)) return std::nullopt;
    if (at.type == location::kind::postgres)
        return at.to_string() + " goes over the network to a server that is not proven to be the "
                                "right one: leave sslmode out, or set it to verify-full";
    return at.to_string() +
           " goes over the network in clear, its password too: use rediss:// or rediss+sentinel://";
}

bool is_postgres_schema(std::string_view name) noexcept {
    constexpr std::size_t longest = 63;
    auto const is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !name.empty() && name.size() <= longest && is_letter(name.front()) &&
           std::ranges::all_of(name,
                               [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::optional<location> parse_location(std::string_view text) {
    if (text.find(' ') != text.npos || std::ranges::any_of(text, is_control)) return std::nullopt;
    if (text == "memory:") return location();
    auto rest = text;
    auto const name = cut(rest, ':');
    if (name == "sqlite") return read_sqlite(rest);
    auto const scheme = std::ranges::find(server_schemes, name, &server_scheme::name);
    if (scheme == server_schemes.end()) return std::nullopt;
    return read_location(*scheme, rest);
}

} // namespace otpd::store
