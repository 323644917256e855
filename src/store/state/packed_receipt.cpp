#include "state/packed_receipt.hpp"

#include "otpd/core/encoding.hpp"
#include "state/dictionary.hpp"

#include <optional>

namespace otpd::store::state {

namespace {

// The first byte: flags for what follows, and above them the route if it is small; never 0.
constexpr unsigned with_cost = 1;
constexpr unsigned order_is_number = 2;
constexpr unsigned id_has_order = 4; ///< the message's id contains the order, like BridgeXAPI's
constexpr unsigned route_shift = 3;
constexpr int small_routes = 31;

constexpr std::string_view id_prefix = "BX-";
constexpr std::string_view lower_hex = "0123456789abcdef";
using id_bytes = std::array<std::byte, 8>;

/// Only if the number is in this canonical form.
std::optional<std::uint64_t> number_in(std::string_view text) noexcept {
    constexpr std::size_t digits_max = 18;
    if (text.empty() || text.size() > digits_max || text.front() == '0') return std::nullopt;
    return parse_number<std::uint64_t>(text);
}

/// The hexadecimal digits after the order; nothing if the id has another form.
std::optional<id_bytes> id_after(std::string_view id, std::string_view order) noexcept {
    id_bytes found{};
    if (id.size() != id_prefix.size() + order.size() + 1 + 2 * found.size() ||
        !id.starts_with(id_prefix) || id.substr(id_prefix.size(), order.size()) != order)
        return std::nullopt;
    id.remove_prefix(id_prefix.size() + order.size());
    if (id.front() != '-' || id.find_first_not_of(lower_hex, 1) != id.npos ||
        !from_hex(id.substr(1), found))
        return std::nullopt;
    return found;
}

std::string id_of(std::string_view order, id_bytes const& bytes) {
    return std::string(id_prefix).append(order).append("-").append(to_hex(bytes));
}

int read_route(reader& reader) noexcept {
    auto const route = reader.integer();
    if (route < std::numeric_limits<int>::min() || route > std::numeric_limits<int>::max())
        reader.fail();
    return static_cast<int>(route);
}

receipt read_receipt(reader& reader) {
    receipt found;
    auto const head = reader.byte();
    found.route_id = static_cast<int>(head >> route_shift);
    if (found.route_id == 0) found.route_id = read_route(reader);
    if ((head & order_is_number) != 0)
        found.order_id = std::to_string(reader.number());
    else
        read_packed(reader, found.order_id);
    if ((head & id_has_order) != 0) {
        id_bytes bytes{};
        reader.bytes(bytes);
        found.bx_message_id = id_of(found.order_id, bytes);
    } else {
        read_packed(reader, found.bx_message_id);
    }
    if ((head & with_cost) != 0) found.cost = money::from_micros(reader.integer());
    return found;
}

} // namespace

packed_receipt::packed_receipt(receipt const& receipt) {
    writer to(own_);
    auto const order = number_in(receipt.order_id);
    auto const id = id_after(receipt.bx_message_id, receipt.order_id);
    bool const small = receipt.route_id > 0 && receipt.route_id <= small_routes;
    to.byte(static_cast<std::uint8_t>(
        (receipt.cost ? with_cost : 0U) | (order ? order_is_number : 0U) |
        (id ? id_has_order : 0U) |
        (small ? static_cast<unsigned>(receipt.route_id) << route_shift : 0U)));
    if (!small) to.integer(receipt.route_id);
    if (order)
        to.number(*order);
    else
        write_packed(to, receipt.order_id);
    if (id)
        to.bytes(*id);
    else
        write_packed(to, receipt.bx_message_id);
    if (receipt.cost) to.integer(receipt.cost->micros());
}

/// Skips the same bytes as read_receipt() without building a receipt.
packed_receipt packed_receipt::read(reader& reader) {
    packed_receipt found;
    auto const all = reader.rest();
    auto const head = reader.byte();
    if (head >> route_shift == 0) read_route(reader);
    if ((head & order_is_number) != 0)
        reader.number();
    else if (!is_packed(reader.text()))
        reader.fail();
    if ((head & id_has_order) != 0)
        reader.plain(id_bytes().size());
    else if (!is_packed(reader.text()))
        reader.fail();
    if ((head & with_cost) != 0) reader.integer();
    if (reader.ok()) found.kept_ = all.substr(0, all.size() - reader.rest().size());
    return found;
}

receipt packed_receipt::get() const {
    reader reader(bytes());
    return read_receipt(reader);
}

} // namespace otpd::store::state
