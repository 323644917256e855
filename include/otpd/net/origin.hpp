#pragma once

/// An upstream's address: a base URL, parsed and checked.

#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace otpd::net {

enum class base_url_fault {
    malformed,       ///< not an absolute URL with a host (RFC 3986)
    scheme,          ///< neither https nor http
    not_only_a_base, ///< user information, a query or a fragment
    clear_text,      ///< http to anything but a loopback host (OWASP ASVS 12.3.1)
};

struct origin {
    bool tls = true;
    std::string host; ///< a name or an IP address without brackets
    std::uint16_t port = 443;
    std::string path; ///< prefix of every target: empty, or `/…` without a trailing slash

    /// The Host field: includes the port unless it is the scheme's default.
    [[nodiscard]] std::string authority() const;
    /// True for an IPv4 or IPv6 address, which needs no resolver and no SNI (RFC 6066 3).
    [[nodiscard]] bool host_is_address() const;
};

/// Where http may be used. `anywhere` is for what holds no secret.
enum class clear_text : std::uint8_t { on_loopback, anywhere };

/// Drops trailing slashes, as the vendor's own client does.
[[nodiscard]] boost::system::result<origin, base_url_fault>
parse_base_url(std::string_view text, clear_text allowed = clear_text::on_loopback);

/// Required by boost::system::result. Using a fault as an origin is a bug.
[[noreturn]] void throw_exception_from_error(base_url_fault, boost::source_location const&);

} // namespace otpd::net
