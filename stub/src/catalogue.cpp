#include "bridgexapi_stub/catalogue.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bridgexapi_stub {
namespace {

constexpr std::array<route_info, 8> routes{{
    {1, "General 1", "general", "public", false},
    {2, "General 2", "general", "public", false},
    {3, "General 3", "general", "public", false},
    {4, "General 4", "general", "public", false},
    {5, "Casino", "igaming", "restricted", false},
    {6, "Web3", "web3", "restricted", false},
    {7, "Enterprise iGaming", "enterprise", "restricted", false},
    {8, "OTP Platform", "enterprise", "whitelist", true},
}};

struct sample_price {
    std::string_view prefix;
    std::string_view country;
    int route_1_milli_euros;
};

// 31 and 34 are published samples. The others are made up, so that each test can use a number of
// its own country.
constexpr std::array<sample_price, 48> samples_on_route_1{{
    {"1", "United States", 9},
    {"7", "Russia", 95},
    {"20", "Egypt", 61},
    {"27", "South Africa", 22},
    {"30", "Greece", 46},
    {"31", "Netherlands", 88},
    {"32", "Belgium", 83},
    {"33", "France", 62},
    {"34", "Spain", 51},
    {"36", "Hungary", 71},
    {"39", "Italy", 69},
    {"40", "Romania", 58},
    {"41", "Switzerland", 64},
    {"43", "Austria", 75},
    {"44", "United Kingdom", 42},
    {"45", "Denmark", 44},
    {"46", "Sweden", 57},
    {"47", "Norway", 59},
    {"48", "Poland", 33},
    {"49", "Germany", 89},
    {"52", "Mexico", 31},
    {"55", "Brazil", 26},
    {"60", "Malaysia", 73},
    {"61", "Australia", 41},
    {"62", "Indonesia", 97},
    {"63", "Philippines", 85},
    {"64", "New Zealand", 79},
    {"65", "Singapore", 37},
    {"66", "Thailand", 24},
    {"81", "Japan", 72},
    {"82", "South Korea", 34},
    {"84", "Vietnam", 77},
    {"86", "China", 36},
    {"90", "Turkey", 28},
    {"91", "India", 68},
    {"212", "Morocco", 82},
    {"234", "Nigeria", 86},
    {"254", "Kenya", 67},
    {"351", "Portugal", 39},
    {"353", "Ireland", 63},
    {"358", "Finland", 65},
    {"420", "Czechia", 53},
    {"421", "Slovakia", 66},
    {"971", "Emirates", 38},
    {"972", "Israel", 76},
    {"1876", "Jamaica", 112},
    {"3197", "Netherlands M2M", 93},
    {"7997", "Kazakhstan", 118},
}};

// Relative to route 1. The samples determine NL: 0.088 on 1 and 2, 0.091 on 3, 0.087 on 5.
constexpr std::array<std::pair<int, int>, 8> route_surcharge_milli_euros{
    {{1, 0}, {2, 0}, {3, 3}, {4, 1}, {5, -1}, {6, 4}, {7, 2}, {8, 6}}};

} // namespace

std::span<route_info const> all_routes() {
    return routes;
}

price_table price_table::samples() {
    price_table table;
    for (auto const& [route_id, surcharge] : route_surcharge_milli_euros) {
        for (auto const& sample : samples_on_route_1) {
            // The vendor's examples show no price for this destination on route 4.
            if (route_id == 4 && sample.prefix.starts_with("31")) continue;
            price entry;
            entry.country = sample.country;
            entry.amount = micro_euros{sample.route_1_milli_euros + surcharge} * 1000;
            table.set(route_id, std::string{sample.prefix}, std::move(entry));
        }
    }
    return table;
}

void price_table::set(int route_id, std::string prefix, price entry) {
    entries_[route_id].insert_or_assign(std::move(prefix), std::move(entry));
}

std::optional<price_table::match> price_table::find(int route_id, std::string_view number) const {
    auto const& of = of_route(route_id);
    for (auto length = number.size() + 1; length-- > 0;) {
        auto const found = of.find(std::string{number.substr(0, length)});
        if (found == of.end()) continue;
        if (!found->second.amount) return std::nullopt;
        return match{found->first, *found->second.amount};
    }
    return std::nullopt;
}

std::map<std::string, price> const& price_table::of_route(int route_id) const {
    static std::map<std::string, price> const none;
    auto const found = entries_.find(route_id);
    return found == entries_.end() ? none : found->second;
}

} // namespace bridgexapi_stub
