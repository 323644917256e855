#include "otpd/core/numbering_plan.hpp"

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <list>
#include <memory>
#include <set>
#include <stdexcept>
#include <vector>

namespace i18n::phonenumbers {

// The library exports this function, which returns its plans, but does not install the header.
void const* metadata_get();

} // namespace i18n::phonenumbers

namespace otpd {

namespace {

namespace lib = i18n::phonenumbers;
using util = lib::PhoneNumberUtil;

constexpr std::array<std::string_view, 13> type_names{
    "mobile",      "fixed_line",      "fixed_line_or_mobile",
    "voip",        "toll_free",       "premium_rate",
    "shared_cost", "personal_number", "pager",
    "uan",         "voicemail",       "satellite",
    "unknown"};

/// The "region" of calling codes without a country.
constexpr std::string_view no_country = "001";

/// Country codes of satellite networks, and the two satellite networks under the shared code 882
/// (ITU-T E.164).
constexpr std::array<std::string_view, 4> satellites{"870", "881", "88213", "88216"};

/// An outdated or foreign way to write a number, which the plans still contain beside the current
/// one. Digits that begin with `begins` and have `was` at `at` are another spelling if they form a
/// number with `is` instead. Digits outside all known ranges always are.
struct other_spelling {
    std::string_view begins;
    std::size_t at;
    std::string_view was;
    std::string_view is;
    std::size_t digits = 0; ///< total number of digits; 0: any
    bool of_unknown_only = false;
};

/// The library's parser handles only Mexico. test/unit/core checks which spellings the parser, or a
/// retained trunk prefix, would add. The others are plan changes whose old and new forms are both
/// valid to the library.
constexpr other_spelling other_spellings[] = {
    {"521", 2, "1", ""},          // Mexico: mobile numbers until 2019
    {"54", 2, "", "9", 12},       // Argentina: mobile numbers without their 9
    {"55", 4, "7", "97", 12},     // Brazil: mobile numbers until 2016,
    {"55", 4, "", "9", 12, true}, // which some networks still complete
    {"229", 3, "", "01", 11},     // Benin: all numbers until 2024
    {"241", 3, "", "6", 10},      // Gabon: mobile numbers until 2024,
    {"241", 3, "", "7", 10},      //
    {"2410", 3, "0", "", 11},     // those with a trunk 0,
    {"24101", 3, "0", "1", 11},   // and fixed lines
    {"3903", 2, "0", "", 13},     // Italy: mobile numbers until 2001
    {"38128", 0, "381", "383"},   // Kosovo: fixed lines with Serbia's code
    {"38129", 0, "381", "383"},   //
    {"38138", 0, "381", "383"},   //
    {"38139", 0, "381", "383"},   //
    {"972", 0, "972", "970", 11}, // Palestine: fixed lines with Israel's code
};

/// Prefixes that are, or were, used to dial lines of another country. No number begins with them.
constexpr std::string_view ranges_of_others[] = {
    "35348",  // Northern Ireland, +44 28, as dialled from Ireland
    "37744",  // Kosovo, +383: mobile numbers with Monaco's code until 2019,
    "37745",  //
    "38643",  // and with Slovenia's
    "38649",  //
    "97256",  // Palestine, +970: mobile numbers with Israel's code
    "97259",  //
    "390549", // San Marino, +378, with Italy's
};

/// France and its overseas departments share a numbering plan: the same nine digits are one line
/// under any of these calling codes.
constexpr std::string_view french_codes[] = {"33", "262", "508", "590", "594", "596"};
constexpr std::size_t french_digits = 9;

struct french_range {
    std::string_view begins;
    std::string_view code; ///< the calling code of its numbers; empty: none
};

/// Ranges outside metropolitan France. ARCEP's national numbering plan (decision 2018-0881) assigns
/// the codes. The blocks of four and five digits come from the library's patterns and are the same
/// in 8.12.57 and 8.13.51. Longer prefixes come first.
constexpr french_range french_ranges[] = {
    {"70935", "262"}, {"70936", "262"}, {"70937", "262"},                  // mobile
    {"7090", "590"},  {"7091", "596"},  {"7092", "262"},  {"7093", "594"}, //
    {"9395", "590"},  {"9396", "594"},  {"9397", "596"},  {"9398", "262"}, // Internet telephony
    {"9399", "262"},  {"9475", "590"},  {"9476", "594"},  {"9477", "596"}, //
    {"9478", "262"},  {"9479", "262"},  {"9760", "590"},  {"9761", "590"}, //
    {"9762", "262"},  {"9763", "262"},  {"9764", "594"},  {"9765", "594"}, //
    {"9766", "596"},  {"9767", "596"},  {"9768", "590"},  {"9769", "262"}, //
    {"262", "262"},   {"263", "262"},   {"269", "262"},   {"590", "590"},  // fixed lines
    {"594", "594"},   {"596", "596"},   {"508", ""},                       // +508 with six digits
    {"639", "262"},   {"690", "590"},   {"691", "590"},   {"692", "262"},  // mobile
    {"693", "262"},   {"694", "594"},   {"696", "596"},   {"697", "596"},  //
    {"708", "508"},                                                        //
};

/// Discards the library's log, because its messages may contain phone numbers.
class silence final : public lib::Logger {
public:
    void WriteMessage(std::string const&) override {}
};

/// The library's line types, in its order.
constexpr line_type types[] = {
    line_type::fixed_line, line_type::mobile,          line_type::fixed_line_or_mobile,
    line_type::toll_free,  line_type::premium_rate,    line_type::shared_cost,
    line_type::voip,       line_type::personal_number, line_type::pager,
    line_type::uan,        line_type::voicemail,       line_type::unknown};
static_assert(std::size(types) == util::UNKNOWN + 1);

bool is_satellite(std::string_view digits) {
    return std::ranges::any_of(
        satellites, [&](std::string_view satellite) { return digits.starts_with(satellite); });
}

/// Builds a national number and keeps all its digits, including leading zeros.
lib::PhoneNumber number_of(int code, std::string_view national) {
    lib::PhoneNumber number;
    number.set_country_code(code);
    std::uint64_t value = 0;
    std::from_chars(national.data(), national.data() + national.size(), value);
    number.set_national_number(value);
    auto const zeros = std::min(national.find_first_not_of('0'), national.size() - 1);
    if (zeros > 0) number.set_italian_leading_zero(true);
    if (zeros > 1) number.set_number_of_leading_zeros(static_cast<int>(zeros));
    return number;
}

/// Returns the library's only instance, with logging disabled.
util* library() {
    static util* const one = [] {
        auto* const instance = util::GetInstance();
        instance->SetLogger(new silence); // the library owns it
        return instance;
    }();
    return one;
}

/// Returns the calling code of a nine-digit French number.
std::string_view french_code_of(std::string_view national) {
    auto const* const found =
        std::ranges::find_if(french_ranges, [&](french_range const& french_range) {
            return national.starts_with(french_range.begins);
        });
    return found == std::end(french_ranges) ? french_codes[0] : found->code;
}

bool is_other_french_spelling(std::string_view digits) {
    auto const* const code = std::ranges::find_if(french_codes, [&](std::string_view french_code) {
        return digits.starts_with(french_code) &&
               digits.size() == french_code.size() + french_digits;
    });
    return code != std::end(french_codes) && french_code_of(digits.substr(code->size())) != *code;
}

} // namespace

std::string_view to_string(line_type type) noexcept {
    return type_names[static_cast<std::size_t>(type)];
}

std::optional<line_type> parse_line_type(std::string_view word) noexcept {
    auto const* const found = std::ranges::find(type_names, word);
    if (found == type_names.end()) return std::nullopt;
    return static_cast<line_type>(found - type_names.begin());
}

struct numbering_plan::impl {
    struct split {
        int code;
        std::string_view national;
        [[nodiscard]] lib::PhoneNumber number() const { return number_of(code, national); }
    };

    util const& plans = *library();
    /// The countries of each calling code, the main one first. Codes have one to three digits, and
    /// no code is a prefix of another (ITU-T E.164).
    std::array<std::vector<country_code>, 1000> countries;
    /// Caches the country of recent numbers. A word holds the number times 100 plus the index of
    /// the country among those of its code. The library tests one country of a code after the
    /// other; the cache spares checks that cost.
    mutable std::array<std::atomic<std::uint64_t>, 4096> lately{};

    impl() {
        std::set<int> codes;
        plans.GetSupportedCallingCodes(&codes);
        if (codes.empty()) throw std::runtime_error("libphonenumber has no numbering plans");
        for (int const code : codes) {
            std::list<std::string> regions;
            plans.GetRegionCodesForCountryCallingCode(code, &regions);
            countries.at(static_cast<std::size_t>(code)).assign(regions.begin(), regions.end());
        }
    }

    [[nodiscard]] std::vector<country_code> const& countries_of(split const& number) const {
        return countries[static_cast<std::size_t>(number.code)];
    }

    /// Returns nullopt if the digits begin with no calling code.
    [[nodiscard]] std::optional<split> split_up(std::string_view digits) const {
        std::size_t code = 0;
        for (std::size_t length = 1; length <= 3 && length < digits.size(); ++length) {
            code = 10 * code + static_cast<std::size_t>(digits[length - 1] - '0');
            if (!countries[code].empty())
                return split{static_cast<int>(code), digits.substr(length)};
        }
        return std::nullopt;
    }

    /// Returns `unknown` if no known range contains the number. The library considers a number
    /// valid if it has a type, so one call answers both.
    [[nodiscard]] line_type type_of(std::string_view digits) const {
        auto const number = split_up(digits);
        return number ? types[plans.GetNumberType(number->number())] : line_type::unknown;
    }

    /// For a number in no region, returns the main country of its calling code; empty if it has no
    /// such code.
    [[nodiscard]] country_code country_of(std::string_view digits) const {
        auto const number = split_up(digits);
        if (!number) return {};
        auto const& sharing = countries_of(*number);
        if (sharing.size() == 1) return sharing.front();
        std::uint64_t value = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
        auto& known = lately[value % lately.size()];
        if (auto const word = known.load(std::memory_order_relaxed); word / 100 == value)
            return sharing[word % 100];
        country_code country;
        plans.GetRegionCodeForNumber(number->number(), &country);
        auto const found = std::ranges::find(sharing, country);
        auto const at = found == sharing.end() ? 0 : found - sharing.begin();
        known.store(100 * value + static_cast<std::uint64_t>(at), std::memory_order_relaxed);
        return sharing[static_cast<std::size_t>(at)];
    }

    /// `known`: a range of the plans contains the digits.
    [[nodiscard]] bool is_other_spelling(std::string_view digits, bool known) const {
        auto const begins = [&](std::string_view range) { return digits.starts_with(range); };
        if (std::ranges::any_of(ranges_of_others, begins) || is_other_french_spelling(digits))
            return true;
        return std::ranges::any_of(other_spellings, [&](other_spelling const& other_spelling) {
            if (!digits.starts_with(other_spelling.begins) ||
                !digits.substr(other_spelling.at).starts_with(other_spelling.was) ||
                (other_spelling.digits != 0 && other_spelling.digits != digits.size()))
                return false;
            if (!known || other_spelling.of_unknown_only) return !known;
            std::string usual(digits);
            usual.replace(other_spelling.at, other_spelling.was.size(), other_spelling.is);
            return type_of(usual) != line_type::unknown;
        });
    }

    /// Returns whether digits of no known range may belong to a range that is newer than the plans:
    /// there must be as many as in a mobile number of that country. Three kinds are excluded: a
    /// mobile number with extra digits (networks may ignore them), a known number after a 0 (the
    /// usual trunk prefix), and what the library's parser rewrites.
    [[nodiscard]] bool may_be_new(std::string_view digits) const {
        auto const number = split_up(digits);
        if (!number || countries_of(*number).front() == no_country) return false;
        auto const possible =
            plans.IsPossibleNumberForTypeWithReason(number->number(), util::MOBILE);
        if (possible != util::IS_POSSIBLE || has_trunk_prefix(digits, number->national))
            return false;
        for (auto shorter = digits; shorter.size() > phone_number::min_digits;) {
            shorter.remove_suffix(1);
            auto const type = type_of(shorter);
            if (type == line_type::mobile || type == line_type::fixed_line_or_mobile) return false;
        }
        return parses_as_it_is(*number);
    }

    /// Returns whether digits of no known range begin with a trunk prefix. A 0 counts as one unless
    /// numbers exist that begin with 0 and another digit.
    [[nodiscard]] bool has_trunk_prefix(std::string_view digits, std::string_view national) const {
        std::string trunk;
        plans.GetNddPrefixForRegion(country_of(digits), true, &trunk);
        if (!trunk.empty() && national.starts_with(trunk)) return true;
        if (!national.starts_with('0')) return false;
        auto const at = digits.size() - national.size();
        std::string other(digits);
        other.erase(at, 1);
        if (type_of(other) != line_type::unknown) return true;
        other = digits;
        return std::ranges::none_of(std::string_view("0123456789"), [&](char digit) {
            other[at + 1] = digit;
            return type_of(other) != line_type::unknown;
        });
    }

    /// Returns whether the library's parser keeps the digits unchanged: no trunk prefix, carrier
    /// code or obsolete form.
    [[nodiscard]] bool parses_as_it_is(split const& from) const {
        lib::PhoneNumber number;
        auto const text = '+' + std::to_string(from.code) + std::string(from.national);
        if (plans.Parse(text, "ZZ", &number) != util::NO_PARSING_ERROR) return false;
        std::string national;
        plans.GetNationalSignificantNumber(number, &national);
        return number.country_code() == from.code && national == from.national;
    }
};

numbering_plan::numbering_plan() : impl_(std::make_unique<impl>()) {}

numbering_plan::~numbering_plan() = default;

std::optional<line> numbering_plan::find(phone_number const& number) const {
    std::string_view const digits = number.digits();
    auto const type = impl_->type_of(digits);
    bool const known = type != line_type::unknown;
    if (impl_->is_other_spelling(digits, known) || (!known && !impl_->may_be_new(digits)))
        return std::nullopt;
    return line{impl_->country_of(digits), is_satellite(digits) ? line_type::satellite : type};
}

bool numbering_plan::is_other_spelling(phone_number const& number) const {
    std::string_view const digits = number.digits();
    return impl_->is_other_spelling(digits, impl_->type_of(digits) != line_type::unknown);
}

country_code numbering_plan::country_of(phone_number const& number) const {
    return impl_->country_of(number.digits());
}

void const* numbering_plan::data() noexcept {
    return lib::metadata_get();
}

bool numbering_plan::knows_country(std::string_view country) const {
    return country != no_country && std::ranges::any_of(impl_->countries, [&](auto const& sharing) {
               return std::ranges::find(sharing, country) != sharing.end();
           });
}

} // namespace otpd
