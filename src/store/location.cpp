#include "otpd/store/location.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace otpd::store {

namespace {

constexpr std::uint16_t redis_port = 6379;
constexpr std::uint16_t sentinel_port = 26379;
constexpr std::uint16_t postgres_port = 5432;
constexpr std::uint32_t databases_max = 1'000'000;

constexpr std::array<std::string_view, 5> ssl_modes{"disable", "prefer", "require", "verify-ca",
                                                    "verify-full"};
/// How libpq calls the socket of a port in its directory.
constexpr std::string_view socket_name = "/.s.PGSQL.";

/// Cuts `text` at the first `separator`: what stood before it is returned, what stands after it left.
std::string_view cut(std::string_view& text, char separator) {
    auto const at = text.find(separator);
    auto const before = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
    return before;
}

template <class Number>
bool read_number(std::string_view text, Number max, Number& to) {
    auto const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, to);
    return error == std::errc() && stop == end && to <= max;
}

std::optional<std::string> decoded(std::string_view text) {
    auto const view = boost::urls::make_pct_string_view(text);
    if (!view) return std::nullopt;
    return view->decode();
}

/// As decoded(), for what is shown in the log and to operators: nothing in it may end a line.
std::optional<std::string> decoded_name(std::string_view text) {
    auto name = decoded(text);
    auto const is_control = [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    };
    if (name && std::ranges::any_of(*name, is_control)) return std::nullopt;
    return name;
}

/// `user:password`, `user` or `:password`.
bool read_credentials(std::string_view text, location& to) {
    auto const user = decoded(cut(text, ':'));
    auto password = decoded(text);
    if (!user || !password) return false;
    to.user = *user;
    to.password = secret_string(std::move(*password));
    return true;
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
std::optional<server_address> read_server(std::string_view text, std::uint16_t default_port) {
    server_address server{{}, default_port};
    std::string_view port;
    if (text.starts_with('[')) {
        auto const end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        server.host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!port.empty() && !port.starts_with(':')) return std::nullopt;
        if (!port.empty()) port.remove_prefix(1);
    } else {
        server.host = cut(text, ':');
        port = text;
    }
    constexpr std::string_view not_in_a_host = " ,;@/?#%[]\"'\\";
    if (server.host.empty() || server.host.find_first_of(not_in_a_host) != std::string::npos)
        return std::nullopt;
    if (!port.empty() &&
        (!read_number(port, std::uint16_t{65535}, server.port) || server.port == 0))
        return std::nullopt;
    return server;
}

bool read_database(std::string_view text, location& to) {
    return text.empty() || read_number(text, databases_max, to.database);
}

/// `[credentials@]`, which it cuts off.
bool cut_credentials(std::string_view& authority, location& to) {
    auto const at = authority.rfind('@');
    if (at == std::string_view::npos) return true;
    if (!read_credentials(authority.substr(0, at), to)) return false;
    authority.remove_prefix(at + 1);
    return true;
}

/// `server`, or `server,server,...`.
bool read_servers(std::string_view text, bool several, std::uint16_t default_port, location& to) {
    do {
        auto const one = several ? cut(text, ',') : std::exchange(text, {});
        auto server = read_server(one, default_port);
        if (!server) return false;
        to.servers.push_back(std::move(*server));
    } while (!text.empty());
    return true;
}

/// `[credentials@]server[/database]`, or with Sentinel `[credentials@]server,…/master[/database]`.
std::optional<location> read_redis(std::string_view rest, bool tls, bool sentinel) {
    location found;
    found.what = location::kind::redis;
    found.tls = tls;
    auto authority = cut(rest, '/');
    if (!cut_credentials(authority, found) ||
        !read_servers(authority, sentinel, sentinel ? sentinel_port : redis_port, found))
        return std::nullopt;
    if (sentinel) {
        auto const name = decoded_name(cut(rest, '/'));
        if (!name || name->empty()) return std::nullopt;
        found.master = *name;
    }
    if (!read_database(rest, found)) return std::nullopt;
    return found;
}

/// `/path[?db=N]`, or `//[credentials@]/path[?db=N]`.
std::optional<location> read_unix(std::string_view rest) {
    location found;
    found.what = location::kind::redis;
    if (rest.starts_with("//")) {
        rest.remove_prefix(2);
        auto const at = rest.find("@/");
        if (at == std::string_view::npos || !read_credentials(rest.substr(0, at), found))
            return std::nullopt;
        rest.remove_prefix(at + 1);
    }
    auto const path = decoded_name(cut(rest, '?'));
    // Two slashes would be read as the beginning of credentials.
    if (!path || !path->starts_with('/') || path->starts_with("//")) return std::nullopt;
    found.path = *path;
    if (rest.empty()) return found;
    if (!rest.starts_with("db=") || !read_database(rest.substr(3), found)) return std::nullopt;
    return found;
}

std::optional<location> read_sqlite(std::string_view rest) {
    auto path = decoded_name(rest);
    if (!path || path->empty()) return std::nullopt;
    location found;
    found.what = location::kind::sqlite;
    found.path = std::move(*path);
    return found;
}

bool is_loopback(std::string const& host) {
    if (auto const v4 = boost::urls::parse_ipv4_address(host)) return v4->is_loopback();
    if (auto const v6 = boost::urls::parse_ipv6_address(host)) return v6->is_loopback();
    return host == "localhost";
}

bool leaves_this_machine(location const& at) {
    return std::ranges::any_of(at.servers,
                               [](auto const& each) { return !is_loopback(each.host); });
}

/// `name=value&...`: each at most once, and none is empty.
bool read_postgres_options(std::string_view text, location& to, std::string& directory,
                           std::string& port) {
    std::pair<std::string_view, std::string*> const options[] = {
        {"sslmode", &to.postgres.ssl_mode},
        {"sslrootcert", &to.postgres.ca_file},
        {"sslcert", &to.postgres.certificate_file},
        {"sslkey", &to.postgres.key_file},
        {"host", &directory},
        {"port", &port}};
    while (!text.empty()) {
        auto rest = cut(text, '&');
        auto const name = cut(rest, '=');
        auto const* const option =
            std::ranges::find(options, name, [](auto const& each) { return each.first; });
        auto const value = decoded_name(rest);
        if (option == std::end(options) || !value || value->empty() || !option->second->empty())
            return false;
        *option->second = *value;
    }
    auto const& mode = to.postgres.ssl_mode;
    return mode.empty() || std::ranges::find(ssl_modes, mode) != ssl_modes.end();
}

/// `[credentials@]server,.../database[?options]`, or without servers and with the option `host`.
std::optional<location> read_postgres(std::string_view rest) {
    location found;
    found.what = location::kind::postgres;
    auto place = cut(rest, '?');
    auto authority = cut(place, '/');
    std::string directory;
    std::string port;
    auto const database = decoded_name(place);
    if (!database || database->empty() || !cut_credentials(authority, found) ||
        !read_postgres_options(rest, found, directory, port))
        return std::nullopt;
    found.postgres.database = *database;
    if (!directory.empty()) {
        std::uint16_t number = postgres_port;
        if (!authority.empty() || !directory.starts_with('/') ||
            (!port.empty() && (!read_number(port, std::uint16_t{65535}, number) || number == 0)))
            return std::nullopt;
        found.path = directory + std::string(socket_name) + std::to_string(number);
        return found;
    }
    if (!port.empty() || !read_servers(authority, true, postgres_port, found)) return std::nullopt;
    found.tls = ssl_mode_of(found) == "verify-full";
    return found;
}

std::string show_postgres(location const& at) {
    std::string text = "postgres://";
    for (auto const& server : at.servers)
        text += (&server == &at.servers.front() ? "" : ",") + server.to_string();
    text += "/" + boost::urls::encode(at.postgres.database, boost::urls::pchars);
    char before = '?';
    auto const show = [&](std::string_view name, std::string_view value) {
        if (value.empty()) return;
        constexpr auto as_they_are = boost::urls::unreserved_chars + '/';
        text += std::exchange(before, '&');
        text.append(name).append("=").append(boost::urls::encode(value, as_they_are));
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
    constexpr auto as_they_are = boost::urls::pchars + '/';
    auto const shown = boost::urls::encode(path, as_they_are);
    if (what == kind::memory) return "memory:";
    if (what == kind::sqlite) return "sqlite:" + shown;
    if (what == kind::postgres) return show_postgres(*this);
    if (servers.empty()) return "unix:" + shown + "?db=" + std::to_string(database);
    std::string text = tls ? "rediss" : "redis";
    text += master.empty() ? "://" : "+sentinel://";
    for (auto const& server : servers) {
        if (&server != &servers.front()) text += ',';
        text += server.to_string();
    }
    if (!master.empty()) text += "/" + boost::urls::encode(master, boost::urls::pchars);
    return text + "/" + std::to_string(database);
}

std::string ssl_mode_of(location const& at) {
    if (!at.postgres.ssl_mode.empty()) return at.postgres.ssl_mode;
    return leaves_this_machine(at) ? "verify-full" : "prefer";
}

std::optional<std::string> why_unprotected(location const& at) {
    if (at.tls || !leaves_this_machine(at)) return std::nullopt;
    if (at.what == location::kind::postgres)
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
    for (char const c : text)
        if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return std::nullopt;
    auto rest = text;
    auto const scheme = cut(rest, ':');
    if (text == "memory:") return location();
    if (scheme == "sqlite") return read_sqlite(rest);
    if (scheme == "unix") return read_unix(rest);
    if (!rest.starts_with("//")) return std::nullopt;
    rest.remove_prefix(2);
    if (scheme == "postgres" || scheme == "postgresql") return read_postgres(rest);
    if (scheme == "redis") return read_redis(rest, false, false);
    if (scheme == "rediss") return read_redis(rest, true, false);
    if (scheme == "redis+sentinel") return read_redis(rest, false, true);
    if (scheme == "rediss+sentinel") return read_redis(rest, true, true);
    return std::nullopt;
}

} // namespace otpd::store
