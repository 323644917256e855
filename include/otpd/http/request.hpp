#pragma once

/// A complete, checked HTTP request as a handler sees it.

#include "otpd/core/deadline.hpp"
#include "otpd/http/address_range.hpp"
#include "otpd/http/method.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string_view>

namespace otpd::http {

/// A field of the header section, without the white space around its value.
struct field_view {
    std::string_view name;
    std::string_view value;
};

/// The other end of a request's connection, while its handler runs.
class peer_watch {
public:
    [[nodiscard]] virtual bool has_hung_up() const noexcept = 0;

protected:
    ~peer_watch() = default;
};

/// What a request is made of; lets tests call a handler without a socket. Everything is a view.
struct request_parts {
    method verb = method::get;
    std::string_view target = "/"; ///< as received
    std::string_view path = "/";   ///< percent-encoded, starts with `/` (or is `*`)
    std::string_view query = {};   ///< percent-encoded, without the `?`
    std::span<field_view const> fields = {};
    std::string_view body = {};
    std::string_view request_id = {};
    boost::asio::ip::address peer = {};
    /// Empty: nobody is believed about whom they speak for.
    std::span<address_range const> trusted_proxies = {};
    deadline until = deadline::in(std::chrono::seconds(30));
    peer_watch const* connection = nullptr; ///< null: it never hangs up
};

/// Owned by the connection. It and every view taken from it stay valid until the handler's
/// awaitable has finished, and no longer.
class request {
public:
    explicit request(request_parts parts) noexcept : parts_(parts) {}
    request(request const&) = delete;
    request& operator=(request const&) = delete;

    [[nodiscard]] method verb() const noexcept { return parts_.verb; }
    [[nodiscard]] std::string_view target() const noexcept { return parts_.target; }
    [[nodiscard]] std::string_view path() const noexcept { return parts_.path; }
    [[nodiscard]] std::string_view query() const noexcept { return parts_.query; }
    /// Decoded from its transfer coding; at most server_options::body_bytes_max.
    [[nodiscard]] std::string_view body() const noexcept { return parts_.body; }

    /// The value of a field that occurs exactly once in the header section; names are compared
    /// without regard to case. Nothing when it is absent *or repeated*: two values of a singleton
    /// are never merged and none of them is picked (RFC 9110 5.3). Trailer fields are never seen
    /// here.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
    /// Every field in order of arrival, for the few that are lists (X-Forwarded-For).
    [[nodiscard]] std::span<field_view const> fields() const noexcept { return parts_.fields; }

    /// The client's X-Request-Id where that is valid, else one made here: 1 to 64 characters of
    /// [A-Za-z0-9._-].
    [[nodiscard]] std::string_view request_id() const noexcept { return parts_.request_id; }
    /// The other end of the connection, or whom a PROXY header names in its place; may be a proxy.
    [[nodiscard]] boost::asio::ip::address const& peer() const noexcept { return parts_.peer; }
    /// Whose request it is: the peer, and behind trusted proxies the right-most address of
    /// X-Forwarded-For that is not one of them. IPv4 is IPv4, also where it came mapped into IPv6.
    /// Reads the fields anew on each call, though never many of them; without trusted proxies it
    /// is a copy.
    [[nodiscard]] boost::asio::ip::address client() const noexcept;
    /// When an answer stops being of use. A handler bounds every wait by it; server_options says
    /// what happens to one that does not.
    [[nodiscard]] deadline until() const noexcept { return parts_.until; }

    /// Nothing more comes from the client: it has closed or reset its connection, or its half of
    /// it. Who does the last and still reads gets its answer; a handler that only waits should give
    /// it at once, as most have gone. What the client sent ahead hides nothing. A system call; on
    /// the connection's strand.
    [[nodiscard]] bool has_hung_up() const noexcept {
        return parts_.connection != nullptr && parts_.connection->has_hung_up();
    }

private:
    request_parts parts_;
};

} // namespace otpd::http
