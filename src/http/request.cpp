#include "otpd/http/request.hpp"

#include "client_address.hpp"
#include "text.hpp"

namespace otpd::http {

std::optional<std::string_view> request::header(std::string_view name) const noexcept {
    std::optional<std::string_view> found;
    for (auto const& field : parts_.fields) {
        if (!equal_ignoring_case(field.name, name)) continue;
        if (found) return std::nullopt;
        found = field.value;
    }
    return found;
}

boost::asio::ip::address request::client() const noexcept {
    return client_of(parts_.peer, parts_.fields, parts_.trusted_proxies);
}

} // namespace otpd::http
