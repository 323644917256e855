// The upstream's routes and their prices. Not thread-safe.
#pragma once

#include "bridgexapi_stub/money.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bridgexapi_stub {

struct route_info {
    int id;
    std::string_view display_name;
    std::string_view category;
    std::string_view access_policy; // "public", "restricted" or "whitelist"
    bool sender_id_required;
};

// All routes that any source mentions: 1..8 in order.
std::span<route_info const> all_routes();

inline constexpr int casino_route = 5;    // refuses with its own text
inline constexpr int web3_route = 6;      // does not exist for accounts without it
inline constexpr int whitelist_route = 8; // checks the sender id

struct price {
    std::string country;
    std::optional<micro_euros> amount; // nullopt: the destination is listed, but not sold
    bool hidden = false;               // sold, but the price list shows null
};

// Prices by route and longest matching destination prefix.
class price_table {
public:
    static price_table samples(); // the prices in public samples, and plausible ones around them

    void set(int route_id, std::string prefix, price entry);
    void clear() { entries_.clear(); }

    struct match {
        std::string_view prefix;
        micro_euros amount;
    };
    // nullopt if no prefix matches or the longest one is not sold.
    std::optional<match> find(int route_id, std::string_view number) const;

    std::map<std::string, price> const& of_route(int route_id) const;

private:
    std::map<int, std::map<std::string, price>> entries_;
};

} // namespace bridgexapi_stub
