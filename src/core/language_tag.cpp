#include "otpd/core/language_tag.hpp"

#include <boost/regex.hpp>

namespace otpd {

namespace {

/// RFC 5646 2.1. The last two lines are `irregular`: tags that predate the syntax.
constexpr char const* well_formed =
    "(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})" // language
    "(?:-[a-z]{4})?"                              // script
    "(?:-(?:[a-z]{2}|[0-9]{3}))?"                 // region
    "(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"    // variants
    "(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*"         // extensions
    "(?:-x(?:-[a-z0-9]{1,8})+)?"                  // private use
    "|x(?:-[a-z0-9]{1,8})+"
    "|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)"
    "|en-GB-oed|sgn-(?:BE-FR|BE-NL|CH-DE)";

} // namespace

bool is_language_tag(std::string_view text) {
    static boost::regex const pattern(well_formed, boost::regex::perl | boost::regex::icase);
    return text.size() <= max_language_tag_length &&
           boost::regex_match(text.begin(), text.end(), pattern);
}

} // namespace otpd
