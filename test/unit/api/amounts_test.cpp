// The route and maximum price of a send: decimal.hpp, fields.hpp.

#include "api/decimal.hpp"
#include "api/fields.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <ostream>
#include <string>

using namespace otpd;
using namespace otpd::api;
namespace data = boost::unit_test::data;

namespace {

constexpr std::int64_t none = -1;

std::int64_t micros_of(std::optional<money> amount) {
    return amount ? amount->micros() : none;
}

/// `value` is a JSON text.
json_body with(std::string_view name, std::string_view value) {
    return json_body("{\"" + std::string(name) + "\":" + std::string(value) + '}');
}

std::string faults_of(json_body const& body) {
    if (body.valid()) return {};
    return boost::json::serialize(body.problem().members.at("errors"));
}

} // namespace

BOOST_AUTO_TEST_SUITE(amounts)

struct amount_case {
    char const* text;
    std::int64_t micros;
};
static std::ostream& operator<<(std::ostream& out, amount_case const& c) {
    return out << c.text;
}
std::array const amounts_of_numbers{
    amount_case{"0.09", 90'000},
    amount_case{"1", 1'000'000},
    amount_case{"0.000001", 1},
    amount_case{"0.1", 100'000},
    amount_case{"0.0900000", 90'000},
    amount_case{"12.345678", 12'345'678},
    amount_case{"1000000000", 1'000'000'000'000'000},
    amount_case{"999999999.999999", 999'999'999'999'999}, // beyond the precision of a double
    amount_case{"9e-2", 90'000},
    amount_case{"9E-02", 90'000},
    amount_case{"1e+3", 1'000'000'000},
    amount_case{"1.5e-6", none},
    amount_case{"1e-6", 1},
    amount_case{"0.0000001", none},
    amount_case{"0.30000000000000004", none},
    amount_case{"0", none},
    amount_case{"0.0", none},
    amount_case{"0e5", none},
    amount_case{"-1", none},
    amount_case{"-0.09", none},
    amount_case{"1000000000.000001", none},
    amount_case{"1e400", none},
    amount_case{"1e-400", none},
    amount_case{"1e99999999999", none},
    amount_case{"99999999999999999999", none},
};
// Exactly, without floating point.
BOOST_DATA_TEST_CASE(are_read_as_they_are_written, data::make(amounts_of_numbers)) {
    BOOST_TEST(micros_of(parse_amount(sample.text)) == sample.micros);
    auto body = with("max_price", sample.text);
    BOOST_TEST(micros_of(read_max_price(body)) == sample.micros);
    BOOST_TEST(body.valid() == (sample.micros != none));
}

BOOST_AUTO_TEST_CASE(are_decimals_in_strings) {
    auto const read = [](char const* text) {
        auto body = with("max_price", text);
        auto const amount = micros_of(read_max_price(body));
        BOOST_TEST(body.valid() == (amount != none), text);
        return amount;
    };
    BOOST_TEST(read(R"("0.09")") == 90'000);
    BOOST_TEST(read(R"("1")") == 1'000'000);
    BOOST_TEST(read(R"("0.\u0030\u0039")") == 90'000);
    for (auto const* wrong :
         {R"("")", R"(" 1")", R"("1 ")", R"("+1")", R"("-1")", R"(".09")", R"("1.")", R"("01")",
          R"("9e-2")", R"("0,09")", R"("0x1")", R"("1.2.3")", R"("NaN")", R"("inf")", R"("1_0")",
          R"("0.0000001")", R"("0")", R"("EUR 1")"})
        BOOST_TEST(read(wrong) == none, wrong);
}

BOOST_AUTO_TEST_CASE(are_numbers_or_strings_and_nothing_else) {
    json_body missing("{}");
    BOOST_TEST(!read_max_price(missing));
    BOOST_TEST(missing.valid());
    for (auto const* wrong : {"true", "[1]", R"({"a":1})"}) {
        auto body = with("max_price", wrong);
        BOOST_TEST(!read_max_price(body), wrong);
        BOOST_TEST(faults_of(body).find("decimal_type") != std::string::npos, wrong);
    }
}

// Numbers in nested values are ignored.
BOOST_AUTO_TEST_CASE(are_those_of_the_outermost_object) {
    json_body body(R"({"a":[7.5],"max_price":0.5,"b":{"max_price":9.25},"c":1.75})");
    BOOST_TEST(micros_of(read_max_price(body)) == 500'000);
    BOOST_TEST(body.optional_decimal("c").value().text == "1.75");
    BOOST_TEST(!body.optional_decimal("c").value().quoted);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(route_choices)

BOOST_AUTO_TEST_CASE(are_a_route_or_a_plan) {
    auto plan = with("route_plan", R"("login")");
    BOOST_TEST(read_route_plan(plan, read_route_id(plan)).value() == "login");
    json_body neither("{}");
    BOOST_TEST(!read_route_plan(neither, read_route_id(neither)));
    BOOST_TEST(neither.valid());
    json_body both(R"({"route_plan":"login","route_id":3})");
    BOOST_TEST(!read_route_plan(both, read_route_id(both)));
    auto const fault = faults_of(both);
    BOOST_TEST(fault.find("route_plan") != std::string::npos);
    BOOST_TEST(fault.find("route_id") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(name_a_plan_with_1_to_32_characters) {
    auto const accepts = [](std::string const& text) {
        auto body = with("route_plan", text);
        return read_route_plan(body, std::nullopt).has_value() && body.valid();
    };
    BOOST_TEST(accepts('"' + std::string(32, 'a') + '"'));
    for (auto const& wrong : {std::string(R"("")"), '"' + std::string(33, 'a') + '"',
                              std::string("7"), std::string("null"), std::string(R"(["login"])")})
        BOOST_TEST(!accepts(wrong), wrong);
}

BOOST_AUTO_TEST_SUITE_END()
