#include "otpd/net/origin.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <stdexcept>

namespace otpd::net {

namespace {

constexpr std::uint16_t https_port = 443;
constexpr std::uint16_t http_port = 80;

bool is_loopback(std::string const& host) {
    if (host == "localhost") return true; // RFC 6761 6.3
    boost::system::error_code ec;
    auto const address = boost::asio::ip::make_address(host, ec);
    return !ec && address.is_loopback();
}

std::string without_trailing_slashes(std::string path) {
    while (path.ends_with('/'))
        path.pop_back();
    return path;
}

} // namespace

boost::system::result<origin, base_url_fault> parse_base_url(std::string_view text,
                                                             clear_text allowed) {
    auto const parsed = boost::urls::parse_uri(text);
    if (!parsed || parsed->host_address().empty()) return base_url_fault::malformed;
    // The decoded name would go into a Host field, and "/" is not part of a name.
    if (parsed->encoded_host().contains('%')) return base_url_fault::malformed;
    auto const& url = *parsed;
    auto const scheme = url.scheme_id();
    if (scheme != boost::urls::scheme::https && scheme != boost::urls::scheme::http)
        return base_url_fault::scheme;
    if (url.has_userinfo() || url.has_query() || url.has_fragment())
        return base_url_fault::not_only_a_base;

    origin result;
    result.tls = scheme == boost::urls::scheme::https;
    result.host = url.host_address();
    result.port = result.tls ? https_port : http_port;
    if (url.has_port() && !url.port().empty()) {
        if (url.port_number() == 0) return base_url_fault::malformed;
        result.port = url.port_number();
    }
    result.path = without_trailing_slashes(std::string(url.encoded_path()));
    bool const is_safe = result.tls || allowed == clear_text::anywhere || is_loopback(result.host);
    if (!is_safe) return base_url_fault::clear_text;
    return result;
}

std::string origin::authority() const {
    bool const bracketed = host.find(':') != std::string::npos;
    auto text = bracketed ? "[" + host + "]" : host;
    if (port != (tls ? https_port : http_port)) text += ":" + std::to_string(port);
    return text;
}

bool origin::host_is_address() const {
    boost::system::error_code ec;
    boost::asio::ip::make_address(host, ec);
    return !ec;
}

void throw_exception_from_error(base_url_fault, boost::source_location const&) {
    throw std::logic_error("a base URL was used without a look at its fault");
}

} // namespace otpd::net
