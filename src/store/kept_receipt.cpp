#include "kept_receipt.hpp"

#include "packed_bytes.hpp"
#include "short_text.hpp"

#include <algorithm>
#include <charconv>

namespace otpd::store {

namespace {

// The first byte: what follows, and above it the route if it is small; none of those is 0.
constexpr unsigned with_cost = 1;
constexpr unsigned order_is_number = 2;
constexpr unsigned id_has_order = 4; ///< the message's id is made of it, as BridgeXAPI's are
constexpr unsigned route_shift = 3;
constexpr int small_routes = 31;

constexpr std::string_view id_prefix = "BX-";
constexpr std::size_t id_digits = 16;

/// Whole thousands of micros in the lowest bit: most prices have no more digits.
constexpr std::int64_t micros_step = 1000;

/// Only if the number is written like that.
std::optional<std::uint64_t> number_in(std::string_view text) noexcept {
    constexpr std::size_t digits_max = 18;
    if (text.empty() || text.size() > digits_max || text.front() == '0') return std::nullopt;
    std::uint64_t value = 0;
    auto const* const end = text.data() + text.size();
    auto const read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return value;
}

constexpr std::string_view hex = "0123456789abcdef";

/// The hexadecimal digits after the order; empty when the id is another's.
std::string_view digits_of(std::string_view id, std::string_view order) noexcept {
    if (id.size() != id_prefix.size() + order.size() + 1 + id_digits ||
        !id.starts_with(id_prefix) || id.substr(id_prefix.size(), order.size()) != order)
        return {};
    id.remove_prefix(id_prefix.size() + order.size());
    if (id.front() != '-' || id.find_first_not_of(hex, 1) != id.npos) return {};
    return id.substr(1);
}

std::uint64_t cost_number(money cost) noexcept {
    auto const micros = cost.micros();
    return micros % micros_step == 0 ? folded(micros / micros_step) << 1U
                                     : folded(micros) << 1U | 1U;
}
money cost_of(std::uint64_t number) noexcept {
    auto const value = unfolded(number >> 1U);
    return money::from_micros((number & 1U) != 0 ? value : value * micros_step);
}

void pack_digits(packer& to, std::string_view digits) {
    for (; !digits.empty(); digits.remove_prefix(2))
        to.byte(static_cast<std::uint8_t>(hex.find(digits[0]) << 4U | hex.find(digits[1])));
}
void unpack_digits(unpacker& from, std::string& to) {
    for (std::size_t i = 0; i < id_digits / 2; ++i) {
        auto const byte = from.byte();
        to += hex[byte >> 4U];
        to += hex[byte & 0xfU];
    }
}

void skip(unpacker& from) noexcept {
    auto const head = from.byte();
    if (head >> route_shift == 0) from.number();
    if ((head & order_is_number) != 0)
        from.number();
    else
        from.text();
    if ((head & id_has_order) != 0)
        from.skip(id_digits / 2);
    else
        from.text();
    if ((head & with_cost) != 0) from.number();
}

} // namespace

kept_receipt::kept_receipt(receipt const& what) {
    packer to(own_);
    auto const order = number_in(what.order_id);
    auto const digits = digits_of(what.bx_message_id, what.order_id);
    bool const small = what.route_id > 0 && what.route_id <= small_routes;
    auto const head = (what.cost ? with_cost : 0U) | (order ? order_is_number : 0U) |
                      (digits.empty() ? 0U : id_has_order) |
                      (small ? static_cast<unsigned>(what.route_id) << route_shift : 0U);
    to.byte(static_cast<std::uint8_t>(head));
    if (!small) to.integer(what.route_id);
    if (order)
        to.number(*order);
    else
        to.text(shortened(what.order_id));
    if (digits.empty())
        to.text(shortened(what.bx_message_id));
    else
        pack_digits(to, digits);
    if (what.cost) to.number(cost_number(*what.cost));
    own_.resize(to.written().size());
}

kept_receipt kept_receipt::at(char const* bytes) noexcept {
    unpacker from(bytes);
    skip(from);
    kept_receipt found;
    found.others_ = {bytes, static_cast<std::size_t>(from.position() - bytes)};
    return found;
}

receipt kept_receipt::get() const {
    receipt found;
    unpacker from(bytes().data());
    auto const head = from.byte();
    found.route_id = static_cast<int>(head >> route_shift);
    if (found.route_id == 0) found.route_id = static_cast<int>(from.integer());
    found.order_id =
        (head & order_is_number) != 0 ? std::to_string(from.number()) : lengthened(from.text());
    if ((head & id_has_order) != 0) {
        found.bx_message_id.append(id_prefix).append(found.order_id) += '-';
        unpack_digits(from, found.bx_message_id);
    } else {
        found.bx_message_id = lengthened(from.text());
    }
    if ((head & with_cost) != 0) found.cost = cost_of(from.number());
    return found;
}

} // namespace otpd::store
