#include "backend/postgres/target.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace otpd::store::postgres {

namespace asio = boost::asio;

namespace {

/// libpq has its own word for the system's authorities only since version 16.
std::string system_authorities(std::string_view ssl_mode) {
    constexpr int knows_the_word = 160'000;
    if (PQlibVersion() >= knows_the_word && ssl_mode == "verify-full") return "system";
    return "/etc/ssl/certs/ca-certificates.crt";
}

} // namespace

connection::parameters common_parameters(location const& where) {
    auto const mode = ssl_mode_of(where);
    auto authorities = where.postgres.ca_file;
    if (authorities.empty() && mode.starts_with("verify")) authorities = system_authorities(mode);
    return {
        {"dbname", where.postgres.database},
        {"user", where.user},
        {"password", where.password.reveal()},
        {"sslmode", mode},
        {"sslrootcert", authorities},
        {"sslcert", where.postgres.certificate_file},
        {"sslkey", where.postgres.key_file},
        {"gssencmode", "disable"},
        {"target_session_attrs", "read-write"},
        {"application_name", "otpd"},
        {"client_encoding", "UTF8"},
        // Detects a dead server while the connection is idle.
        {"keepalives_idle", "2"},
        {"keepalives_interval", "1"},
        {"keepalives_count", "3"},
    };
}

asio::awaitable<std::vector<connection::parameters>> find_servers(location const& where) {
    auto const common = common_parameters(where);
    std::vector<connection::parameters> found;
    auto const add = [&](std::string host, std::string address, std::string port) {
        auto& one = found.emplace_back(common);
        one.emplace_back("host", std::move(host));
        one.emplace_back("hostaddr", std::move(address));
        one.emplace_back("port", std::move(port));
    };
    if (where.servers.empty()) {
        auto const name = where.path.rfind('/');
        add(where.path.substr(0, name), {}, where.path.substr(where.path.rfind('.') + 1));
        co_return found;
    }
    asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
    for (auto const& server : where.servers) {
        auto const port = std::to_string(server.port);
        auto const [ec, addresses] =
            co_await resolver.async_resolve(server.host, port, asio::as_tuple(asio::use_awaitable));
        for (auto const& address : addresses)
            add(server.host, address.endpoint().address().to_string(), port);
    }
    co_return found;
}

bool is_lasting(std::string_view code) noexcept {
    return code.starts_with("28") || code == "3D000" || code == "42501";
}

bool is_passing(std::string_view code) noexcept {
    for (auto const* const entry : {"40", "53", "55", "57", "58"})
        if (code.starts_with(entry)) return true;
    return false;
}

} // namespace otpd::store::postgres
