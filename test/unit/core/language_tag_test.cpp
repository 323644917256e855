#include "otpd/core/language_tag.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using otpd::is_found_by_lookup;
using otpd::is_language_tag;

BOOST_AUTO_TEST_SUITE(language_tags)

// RFC 5646 2.1 and its appendix A.
BOOST_AUTO_TEST_CASE(are_taken_when_well_formed) {
    for (auto const* tag : {"nl",
                            "de",
                            "fil",
                            "zh-Hant",
                            "zh-cmn-Hans-CN",
                            "cmn-Hans-CN",
                            "zh-yue-HK",
                            "yue-HK",
                            "zh-Hans-CN",
                            "sr-Latn",
                            "sr-Latn-RS",
                            "sl-rozaj",
                            "sl-rozaj-biske",
                            "sl-nedis",
                            "de-CH-1901",
                            "sl-IT-nedis",
                            "hy-Latn-IT-arevela",
                            "de-DE",
                            "en-US",
                            "es-419",
                            "de-CH-x-phonebk",
                            "az-Arab-x-AZE-derbend",
                            "x-whatever",
                            "qaa-Qaaa-QM-x-southern",
                            "sr-Qaaa-RS",
                            "en-US-u-islamcal",
                            "zh-CN-a-myext-x-private",
                            "en-a-myext-b-another",
                            "en-US-u-mu-celsius",
                            "en-0-ab",
                            "x-1",
                            "nl-x-a",
                            "zh-min-nan",
                            "art-lojban",
                            "dutch",
                            "i-klingon",
                            "I-DEFAULT",
                            "en-gb-OED",
                            "SGN-be-fr",
                            "PT-br",
                            "zh-yue-abc-def"})
        BOOST_TEST(is_language_tag(tag), tag);
}

BOOST_AUTO_TEST_CASE(are_refused_when_not) {
    for (auto const* text : {"",
                             "-",
                             "n",
                             "a-DE",
                             "1",
                             "nl-",
                             "-nl",
                             "nl--BE",
                             "nl_BE",
                             "nl BE",
                             " nl",
                             "nl ",
                             "n1",
                             "*",
                             "en-*",
                             "../etc",
                             "ar-a-",
                             "en-x",
                             "en-x-",
                             "nl-BE-x",
                             "en-a",
                             "en-a-b",
                             "en-u-x-y",
                             "de-419-DE",
                             "en-123456789",
                             "netherlandish",
                             "en-Latn-Cyrl-",
                             "en-US-latn",
                             "en-US-GB",
                             "en-12",
                             "en-1ab",
                             "dutch-nld",
                             "zh-yue-abc-def-ghi",
                             "i-unknown",
                             "nl-\xC3\xA9",
                             "x-123456789",
                             "x"})
        BOOST_TEST(!is_language_tag(text), text);
}

BOOST_AUTO_TEST_CASE(are_bounded) {
    std::string tag = "x";
    while (tag.size() + 2 <= otpd::max_language_tag_length)
        tag += "-a";
    tag += std::string(otpd::max_language_tag_length - tag.size(), 'a');
    BOOST_TEST(is_language_tag(tag));
    BOOST_TEST(!is_language_tag(tag + 'a'));
}

// RFC 4647 3.4
BOOST_AUTO_TEST_CASE(are_found_by_lookup_of_what_is_longer) {
    for (auto const* found :
         {"zh-hant-cn-x-private1-private2", "zh-hant-cn-x-private1", "zh-hant-cn", "zh-hant", "zh"})
        BOOST_TEST(is_found_by_lookup(found, "zh-hant-cn-x-private1-private2"), found);
    for (auto const* other : {"", "z", "zh-han", "zh-hans", "zh-hant-cn-x", "zh-hant-cn-y", "zho"})
        BOOST_TEST(!is_found_by_lookup(other, "zh-hant-cn-x-private1-private2"), other);
    BOOST_TEST(!is_found_by_lookup("zh-hant", "zh"));
    BOOST_TEST(is_found_by_lookup("nl-x-a", "nl-x-a"));
    BOOST_TEST(!is_found_by_lookup("nl-x-a", "nl-x-a-b"));
}

BOOST_AUTO_TEST_SUITE_END()
