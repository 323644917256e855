// The keys of [limits], [pumping] and [numbers] that are more than a number or a flag.

#include "support.hpp"

using namespace settings_test;

BOOST_AUTO_TEST_SUITE(setting_limit_keys)

BOOST_AUTO_TEST_CASE(limits_that_only_observe_are_named_as_their_keys) {
    auto const& observe = key("limits.observe");
    for (auto const& each : otpd::app::built_in_limits()) {
        auto all = settings::defaults();
        BOOST_TEST(observe.read(all, each.name, observe));
        BOOST_TEST(observe.show(all) == each.name);
        BOOST_TEST(key("limits." + std::string(each.name)).show(all) ==
                   std::to_string(all.limits.*each.quota));
    }
    auto all = settings::defaults();
    for (auto const* text : {"enabled", "observe", "cooldown", "prefix_1h,prefix_1h", "prefix_1h,"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!observe.read(all, text, observe));
        }
}

BOOST_AUTO_TEST_CASE(pumping_is_refused_or_observed) {
    auto const& mode = key("pumping.mode");
    auto all = settings::defaults();
    BOOST_TEST(mode.read(all, "observe", mode));
    BOOST_TEST((all.pumping.mode == otpd::otp::limit_mode::observe));
    BOOST_TEST(mode.read(all, "enforce", mode));
    BOOST_TEST((all.pumping.mode == otpd::otp::limit_mode::enforce));
    for (auto const* text : {"", "off", "Observe"})
        BOOST_TEST(!mode.read(all, text, mode));
}

BOOST_AUTO_TEST_CASE(countries_have_two_upper_case_letters) {
    auto const& countries = key("numbers.countries");
    auto all = settings::defaults();
    BOOST_TEST(countries.read(all, "NL,BE", countries));
    BOOST_TEST(all.numbers.countries.size() == 2U);
    for (auto const* text : {"nl", "NLD", "N", "31", "NL,NL", "NL,"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!countries.read(all, text, countries));
        }
}

BOOST_AUTO_TEST_CASE(line_types_are_those_of_the_numbering_plan) {
    auto const& types = key("numbers.line_types");
    auto all = settings::defaults();
    BOOST_TEST(types.read(all, "mobile", types));
    BOOST_TEST((all.numbers.line_types == std::vector{otpd::line_type::mobile}));
    std::string every;
    for (auto type = otpd::line_type::mobile; type <= otpd::line_type::unknown;
         type = static_cast<otpd::line_type>(static_cast<int>(type) + 1)) {
        every.append(every.empty() ? "" : ",").append(to_string(type));
        BOOST_TEST(contains(types.allowed, to_string(type)));
    }
    BOOST_TEST(types.read(all, every, types));
    BOOST_TEST(types.show(all) == every);
    for (auto const* text : {"", "Mobile", "landline", "mobile,mobile"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!types.read(all, text, types));
        }
}

BOOST_AUTO_TEST_CASE(allowed_are_beginnings_of_numbers_alone) {
    auto const& list = key("numbers.allowed");
    auto all = settings::defaults();
    for (auto const* text : {"", "1", "26055,22901", "123456789012345"}) {
        BOOST_TEST(list.read(all, text, list));
        BOOST_TEST(list.show(all) == text);
    }
    for (auto const* text : {"NL", "26055,NL", "0031", "+31", "1234567890123456", "31,"})
        BOOST_TEST(!list.read(all, text, list), text);
}

BOOST_AUTO_TEST_CASE(destinations_are_countries_and_beginnings_of_numbers) {
    for (auto const* path : {"numbers.denied", "numbers.trusted"})
        BOOST_TEST_CONTEXT(path) {
            auto const& list = key(path);
            auto all = settings::defaults();
            for (auto const* text : {"", "NL", "1", "316123", "123456789012345", "NL,316,BE"}) {
                BOOST_TEST(list.read(all, text, list));
                BOOST_TEST(list.show(all) == text);
            }
            for (auto const* text :
                 {"nl", "NLD", "+31", "031", "1234567890123456", "31-6", "NL,", "N1"})
                BOOST_TEST_CONTEXT(text) {
                    BOOST_TEST(!list.read(all, text, list));
                }
        }
}

BOOST_AUTO_TEST_SUITE_END()
