#include "otpd/store/location.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/rfc/pchars.hpp>

#include <algorithm>
#include <charconv>

namespace otpd::store {

namespace {

constexpr std::uint16_t redis_port = 6379;
constexpr std::uint16_t sentinel_port = 26379;
constexpr std::uint32_t databases_max = 1'000'000;

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

/// `[credentials@]server[/database]`, or with Sentinel `[credentials@]server,…/master[/database]`.
std::optional<location> read_redis(std::string_view rest, bool tls, bool sentinel) {
    location found;
    found.what = location::kind::redis;
    found.tls = tls;
    auto authority = cut(rest, '/');
    if (auto const at = authority.rfind('@'); at != std::string_view::npos) {
        if (!read_credentials(authority.substr(0, at), found)) return std::nullopt;
        authority.remove_prefix(at + 1);
    }
    do {
        auto const text = sentinel ? cut(authority, ',') : std::exchange(authority, {});
        auto server = read_server(text, sentinel ? sentinel_port : redis_port);
        if (!server) return std::nullopt;
        found.servers.push_back(std::move(*server));
    } while (!authority.empty());
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
    if (scheme == "redis") return read_redis(rest, false, false);
    if (scheme == "rediss") return read_redis(rest, true, false);
    if (scheme == "redis+sentinel") return read_redis(rest, false, true);
    if (scheme == "rediss+sentinel") return read_redis(rest, true, true);
    return std::nullopt;
}

} // namespace otpd::store
