#include "otpd/core/numbering_plan.hpp"

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <limits>
#include <list>
#include <memory>
#include <set>
#include <vector>

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

constexpr int north_america = 1;

/// Codes of satellite networks, and the two networks among those that share 882 (ITU-T E.164).
constexpr std::array<std::string_view, 4> satellites{"870", "881", "88213", "88216"};

/// A way to write numbers that the plans still have beside the one in force. Digits that begin with
/// `begins` and have `was` at `at` are another spelling when they are a number with `is` there too.
struct other_spelling {
    std::string_view begins;
    std::size_t at;
    std::string_view was;
    std::string_view is;
    std::size_t digits = 0; ///< how many in all; 0: any number of them
};

/// The library's parser knows Mexico's alone. test/unit/core looks for those that it, or a trunk prefix that
/// was left in, would add; the others are changes of plans, of which both sides are valid to the library.
constexpr other_spelling other_spellings[] = {
    {"521", 2, "1", ""},          // Mexico: mobiles until 2019
    {"54", 2, "", "9", 12},       // Argentina: mobiles without their 9
    {"55", 4, "7", "97", 12},     // Brazil: mobiles until 2016
    {"229", 3, "", "01", 11},     // Benin: everybody until 2024
    {"241", 3, "", "6", 10},      // Gabon: mobiles until 2024,
    {"241", 3, "", "7", 10},      //
    {"2410", 3, "0", "", 11},     // those with a trunk 0,
    {"24101", 3, "0", "1", 11},   // and fixed lines
    {"3903", 2, "0", "", 13},     // Italy: mobiles until 2001
    {"37744", 0, "377", "383"},   // Kosovo: mobiles with Monaco's code until 2019,
    {"37745", 0, "377", "383"},   //
    {"38643", 0, "386", "383"},   // with Slovenia's,
    {"38649", 0, "386", "383"},   //
    {"38128", 0, "381", "383"},   // and fixed lines with Serbia's
    {"38129", 0, "381", "383"},   //
    {"38138", 0, "381", "383"},   //
    {"38139", 0, "381", "383"},   //
    {"97256", 0, "972", "970"},   // Palestine with Israel's code: mobiles,
    {"97259", 0, "972", "970"},   //
    {"972", 0, "972", "970", 11}, // and fixed lines
    {"33590", 0, "33", "590"},    // the French Antilles and Guiana with France's
    {"33594", 0, "33", "594"},    //
    {"33596", 0, "33", "596"},    //
    {"390549", 0, "39", "378"},   // San Marino with Italy's
};

/// What the library complains about may hold a number: nobody is to read it.
class silence final : public lib::Logger {
public:
    void WriteMessage(std::string const&) override {}
};

line_type type_of(util::PhoneNumberType type) noexcept {
    switch (type) {
    case util::MOBILE:
        return line_type::mobile;
    case util::FIXED_LINE:
        return line_type::fixed_line;
    case util::FIXED_LINE_OR_MOBILE:
        return line_type::fixed_line_or_mobile;
    case util::VOIP:
        return line_type::voip;
    case util::TOLL_FREE:
        return line_type::toll_free;
    case util::PREMIUM_RATE:
        return line_type::premium_rate;
    case util::SHARED_COST:
        return line_type::shared_cost;
    case util::PERSONAL_NUMBER:
        return line_type::personal_number;
    case util::PAGER:
        return line_type::pager;
    case util::UAN:
        return line_type::uan;
    case util::VOICEMAIL:
        return line_type::voicemail;
    case util::UNKNOWN:
        break;
    }
    return line_type::unknown;
}

bool is_satellite(std::string_view digits) {
    return std::ranges::any_of(satellites,
                               [&](std::string_view each) { return digits.starts_with(each); });
}

/// The number of a country: no digits of it are lost, leading zeros included.
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

/// The library's one instance, told to be silent.
util* library() {
    static util* const one = [] {
        auto* const instance = util::GetInstance();
        instance->SetLogger(new silence); // which it owns
        return instance;
    }();
    return one;
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
    /// Country calling codes are one to three digits and none begins another (ITU-T E.164).
    struct calling_code {
        country_code only; ///< its country; empty: several share the code
        bool known = false;
    };
    util const* plans = library();
    std::array<calling_code, 1000> codes;
    std::set<std::string> countries;
    std::vector<country_code> american;
    /// Of area codes: where in american; past its end: not known yet.
    mutable std::array<std::atomic<std::uint8_t>, 1000> areas;

    impl() {
        for (auto& area : areas)
            area = std::numeric_limits<std::uint8_t>::max();
        plans->GetSupportedRegions(&countries);
        for (std::size_t code = 1; code < codes.size(); ++code) {
            std::list<std::string> regions;
            plans->GetRegionCodesForCountryCallingCode(static_cast<int>(code), &regions);
            codes[code].known = !regions.empty();
            if (regions.size() == 1) codes[code].only = regions.front();
            if (code == north_america) american.assign(regions.begin(), regions.end());
        }
    }

    /// The digits as the library's number, without its parser, which costs more than all the rest. Nothing
    /// when they begin with no country's code.
    [[nodiscard]] std::optional<lib::PhoneNumber> build(std::string_view digits) const {
        std::size_t code = 0;
        for (std::size_t length = 1; length <= 3 && length < digits.size(); ++length) {
            code = 10 * code + static_cast<std::size_t>(digits[length - 1] - '0');
            if (codes[code].known) return number_of(static_cast<int>(code), digits.substr(length));
        }
        return std::nullopt;
    }

    /// UNKNOWN: there is no such number. The library calls a number valid when it has a type, so one
    /// question answers both.
    [[nodiscard]] util::PhoneNumberType type_of(std::string_view digits) const {
        auto const number = build(digits);
        return number ? plans->GetNumberType(*number) : util::UNKNOWN;
    }

    [[nodiscard]] country_code country_of(lib::PhoneNumber const& number) const {
        auto const& only = codes[static_cast<std::size_t>(number.country_code())].only;
        if (!only.empty()) return only;
        if (number.country_code() == north_america) return american_country(number);
        country_code country;
        plans->GetRegionCodeForNumber(number, &country);
        return country;
    }

    /// The library asks two dozen countries one after the other. An area code is in one of them, so that it
    /// need not be asked twice.
    [[nodiscard]] country_code american_country(lib::PhoneNumber const& number) const {
        auto const area = number.national_number() / 10'000'000;
        if (area < areas.size())
            if (auto const known = areas[area].load(std::memory_order_relaxed);
                known < american.size())
                return american[known];
        country_code country;
        plans->GetRegionCodeForNumber(number, &country);
        auto const found = std::ranges::find(american, country);
        if (area < areas.size() && found != american.end())
            areas[area].store(static_cast<std::uint8_t>(found - american.begin()),
                              std::memory_order_relaxed);
        return country;
    }

    [[nodiscard]] bool is_other_spelling(std::string_view digits) const {
        return std::ranges::any_of(other_spellings, [&](other_spelling const& each) {
            if (!digits.starts_with(each.begins) || !digits.substr(each.at).starts_with(each.was) ||
                (each.digits != 0 && each.digits != digits.size()))
                return false;
            std::string usual(digits);
            usual.replace(each.at, each.was.size(), each.is);
            return type_of(usual) != util::UNKNOWN;
        });
    }
};

numbering_plan::numbering_plan() : impl_(std::make_unique<impl>()) {}

numbering_plan::~numbering_plan() = default;

std::optional<line> numbering_plan::find(phone_number const& number) const {
    std::string_view const digits = number.digits();
    auto const built = impl_->build(digits);
    if (!built) return std::nullopt;
    auto const type = impl_->plans->GetNumberType(*built);
    if (type == util::UNKNOWN || impl_->is_other_spelling(digits)) return std::nullopt;
    line found;
    found.type = is_satellite(digits) ? line_type::satellite : type_of(type);
    found.country = impl_->country_of(*built);
    return found;
}

country_code numbering_plan::country_of(phone_number const& number) const {
    auto const built = impl_->build(number.digits());
    return built ? impl_->country_of(*built) : country_code();
}

bool numbering_plan::knows_country(std::string_view country) const {
    return impl_->countries.contains(std::string(country));
}

} // namespace otpd
