// RateLimit and RateLimit-Policy: limit_fields.hpp.

#include "api/limit_fields.hpp"

#include <boost/regex.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace otpd;
using namespace otpd::api;
using namespace std::chrono_literals;

namespace {

struct fields {
    std::string policy = "none";
    std::string left = "none";
};

template <class Limits>
fields fields_for(Limits const& limits) {
    std::vector<http::header_field> list;
    add_limit_fields(list, limits);
    fields out;
    for (auto const& entry : list) {
        BOOST_TEST((entry.name == "RateLimit-Policy" || entry.name == "RateLimit"), entry.name);
        (entry.name == "RateLimit" ? out.left : out.policy) = entry.value;
    }
    BOOST_TEST(list.size() == (out.policy == "none" ? 0U : 2U));
    return out;
}

/// Whether the text is a list of strings with integer parameters (RFC 9651 3.1, 3.1.2, 3.3.1,
/// 3.3.3).
bool is_structured_list(std::string const& text) {
    static std::string const item = R"RE("[ !#-\[\]-~]*"(;[a-z*][a-z0-9_.*-]*=-?[0-9]{1,15})*)RE";
    static boost::regex const list(item + "(, " + item + ")*");
    return boost::regex_match(text, list);
}

} // namespace

BOOST_AUTO_TEST_SUITE(limit_fields)

BOOST_AUTO_TEST_CASE(after_a_send_give_every_limit_and_what_is_left_of_the_tightest) {
    std::vector<otp::limit_status> const limits{{"number_10m", 5, 600s, 3, 240s},
                                                {"number_24h", 10, 24h, 9, 8640s},
                                                {"client_1m", 600, 60s, 599, 1s}};
    auto const written = fields_for(limits);
    BOOST_TEST(written.policy == R"("number_10m";q=5;w=600, "number_24h";q=10;w=86400, )"
                                 R"("client_1m";q=600;w=60)");
    BOOST_TEST(written.left == R"("number_10m";r=3;t=240)");
    BOOST_TEST(is_structured_list(written.policy));
    BOOST_TEST(is_structured_list(written.left));
}

BOOST_AUTO_TEST_CASE(after_a_refusal_give_those_that_refused_with_nothing_left) {
    std::vector<otp::violated_limit> const violated{{"number_10m", 118s, 5, 600s},
                                                    {"global_24h", 2s, 100'000, 24h}};
    auto const written = fields_for(violated);
    BOOST_TEST(written.policy == R"("number_10m";q=5;w=600, "global_24h";q=100000;w=86400)");
    BOOST_TEST(written.left == R"("number_10m";r=0;t=118, "global_24h";r=0;t=2)");
    BOOST_TEST(is_structured_list(written.policy));
    BOOST_TEST(is_structured_list(written.left));
}

// Guess limits and the conversion guard have no quota and window to report.
BOOST_AUTO_TEST_CASE(leave_out_what_is_no_plain_limit) {
    std::vector<otp::violated_limit> violated{{"guesses", 45s}, {"pumping_prefix", 12h}};
    BOOST_TEST(fields_for(violated).policy == "none");
    violated.push_back({"number_10m", 118s, 5, 600s});
    BOOST_TEST(fields_for(violated).policy == R"("number_10m";q=5;w=600)");
    BOOST_TEST(fields_for(violated).left == R"("number_10m";r=0;t=118)");
}

BOOST_AUTO_TEST_CASE(are_absent_without_limits) {
    BOOST_TEST(fields_for(std::vector<otp::limit_status>{}).policy == "none");
    BOOST_TEST(fields_for(std::vector<otp::violated_limit>{}).left == "none");
}

// The tests above rely on this check finding faults.
BOOST_AUTO_TEST_CASE(are_compared_with_a_grammar_that_finds_faults) {
    for (auto const* good : {R"("a";q=1;w=60)", R"("a";q=1, "b";r=0;t=1)", R"("")"})
        BOOST_TEST(is_structured_list(good), good);
    for (auto const* bad : {"a;q=1", R"("a";q=)", R"("a";q=1,)", R"("a" ;q=1)", R"("a"b";q=1)",
                            R"("a";Q=1)", R"("a";q=1000000000000000)", "\"a\n\";q=1"})
        BOOST_TEST(!is_structured_list(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()
