#include "client_address.hpp"

#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <ranges>

namespace otpd::http {

namespace ip = boost::asio::ip;

namespace {

bool is_port(std::string_view text) noexcept {
    std::uint16_t value = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, fault] = std::from_chars(text.data(), end, value);
    return fault == std::errc{} && stop == end;
}

/// Parses an address with or without a port: `192.0.2.1:567`, `[2001:db8::1]`, `[2001:db8::1]:443`.
std::optional<ip::address> parse_hop(std::string_view text) noexcept {
    if (text.starts_with('[')) {
        auto const end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        auto const behind = text.substr(end + 1);
        if (!behind.empty() && (behind.front() != ':' || !is_port(behind.substr(1))))
            return std::nullopt;
        auto const inside = text.substr(1, end - 1);
        return inside.find(':') == std::string_view::npos ? std::nullopt : parse_address(inside);
    }
    auto const colon = text.find(':');
    bool const is_v4_with_port = colon != std::string_view::npos && colon == text.rfind(':');
    if (!is_v4_with_port) return parse_address(text);
    return is_port(text.substr(colon + 1)) ? parse_address(text.substr(0, colon)) : std::nullopt;
}

/// Walks from the connection's peer towards the client.
class walk {
public:
    walk(ip::address const& peer, std::span<address_range const> trusted) noexcept
        : at_(peer), trusted_(trusted) {}

    /// Returns false if the walk ends here.
    bool step(std::string_view entry) noexcept {
        if (++hops_ > forwarded_hops_max) return false;
        auto const next = parse_hop(entry);
        if (!next) return false;
        at_ = *next;
        return is_trusted(at_, trusted_);
    }
    [[nodiscard]] ip::address const& at() const noexcept { return at_; }

private:
    ip::address at_;
    std::span<address_range const> trusted_;
    std::size_t hops_ = 0;
};

/// Steps through the entries of one field from its end. Empty entries count.
bool step_through(std::string_view list, walk& along) noexcept {
    for (;;) {
        auto const comma = list.rfind(',');
        bool const last = comma == std::string_view::npos;
        auto const entry = trim_ows(last ? list : list.substr(comma + 1));
        if (!along.step(entry)) return false;
        if (last) return true;
        list = list.substr(0, comma);
    }
}

} // namespace

bool is_trusted(ip::address const& address, std::span<address_range const> trusted) noexcept {
    return std::ranges::any_of(
        trusted, [&address](address_range const& range) { return range.contains(address); });
}

ip::address client_of(ip::address const& peer, std::span<field_view const> fields,
                      std::span<address_range const> trusted) noexcept {
    auto const from = unmapped(peer);
    if (trusted.empty() || !is_trusted(from, trusted)) return from;
    walk along(from, trusted);
    for (auto const& field : fields | std::views::reverse)
        if (equal_ignoring_case(field.name, "x-forwarded-for") && !step_through(field.value, along))
            break;
    return along.at();
}

} // namespace otpd::http
