#include "otpd/core/numbering_plan.hpp"

#include "dialling_region.hpp"

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <limits>
#include <memory>
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

/// What the library says itself, for regions whose patterns are not read.
line ask_library(int code, std::string_view national) {
    auto const number = number_of(code, national);
    line found;
    found.type = type_of(library()->GetNumberType(number));
    library()->GetRegionCodeForNumber(number, &found.country);
    return found;
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
    std::vector<std::unique_ptr<dialling_region const>> regions = dialling_regions();
    /// Of each country calling code, in the order in which the library asks them: the main one first. Codes are
    /// one to three digits and none begins another (ITU-T E.164).
    std::array<std::vector<dialling_region const*>, 1000> codes;
    /// Of area codes of North America: where among those that share its code; past the end: not known yet.
    mutable std::array<std::atomic<std::uint8_t>, 1000> areas;

    impl() {
        for (auto& area : areas)
            area = std::numeric_limits<std::uint8_t>::max();
        for (auto const& each : regions) {
            auto& same_code = codes.at(static_cast<std::size_t>(each->calling_code()));
            same_code.insert(each->is_main() ? same_code.begin() : same_code.end(), each.get());
        }
    }

    struct split {
        int code;
        std::string_view national;
    };
    /// Nothing when the digits begin with no country's code.
    [[nodiscard]] std::optional<split> split_up(std::string_view digits) const {
        std::size_t code = 0;
        for (std::size_t length = 1; length <= 3 && length < digits.size(); ++length) {
            code = 10 * code + static_cast<std::size_t>(digits[length - 1] - '0');
            if (!codes[code].empty()) return split{static_cast<int>(code), digits.substr(length)};
        }
        return std::nullopt;
    }

    /// Of type unknown: there is no such number. The library calls a number valid when it has a type, so one
    /// question answers both.
    [[nodiscard]] line find(std::string_view digits) const {
        auto const number = split_up(digits);
        if (!number) return {};
        auto const& sharing = codes[static_cast<std::size_t>(number->code)];
        auto* const area = number->code == north_america ? area_of(number->national) : nullptr;
        if (area != nullptr)
            if (auto const usual = area->load(std::memory_order_relaxed); usual < sharing.size()) {
                auto const asked = sharing[usual]->ask(number->national);
                if (asked && asked->claims)
                    return {std::string(sharing[usual]->name()), asked->type};
            }
        for (std::size_t i = 0; i < sharing.size(); ++i) {
            auto const asked = sharing[i]->ask(number->national);
            if (!asked) return ask_library(number->code, number->national);
            if (sharing.size() > 1 && !asked->claims) continue;
            if (area != nullptr)
                area->store(static_cast<std::uint8_t>(i), std::memory_order_relaxed);
            return {std::string(sharing[i]->name()), asked->type};
        }
        return {};
    }

    /// Two dozen countries of North America are asked one after the other. An area code is in one of them, so that
    /// the others need not be asked twice (bench/numbers.cpp, a number of Trinidad: 5.2 us without this, 0.24 with).
    [[nodiscard]] std::atomic<std::uint8_t>* area_of(std::string_view national) const {
        std::size_t area = 0;
        if (national.size() < 3) return nullptr;
        for (char const digit : national.substr(0, 3))
            area = 10 * area + static_cast<std::size_t>(digit - '0');
        return &areas[area];
    }

    [[nodiscard]] bool is_other_spelling(std::string_view digits) const {
        return std::ranges::any_of(other_spellings, [&](other_spelling const& each) {
            if (!digits.starts_with(each.begins) || !digits.substr(each.at).starts_with(each.was) ||
                (each.digits != 0 && each.digits != digits.size()))
                return false;
            std::string usual(digits);
            usual.replace(each.at, each.was.size(), each.is);
            return find(usual).type != line_type::unknown;
        });
    }
};

numbering_plan::numbering_plan() : impl_(std::make_unique<impl>()) {}

numbering_plan::~numbering_plan() = default;

std::optional<line> numbering_plan::find(phone_number const& number) const {
    std::string_view const digits = number.digits();
    auto found = impl_->find(digits);
    if (found.type == line_type::unknown || impl_->is_other_spelling(digits)) return std::nullopt;
    if (is_satellite(digits)) found.type = line_type::satellite;
    return found;
}

country_code numbering_plan::country_of(phone_number const& number) const {
    return impl_->find(number.digits()).country;
}

bool numbering_plan::knows_country(std::string_view country) const {
    return country != no_country && std::ranges::any_of(impl_->regions, [&](auto const& each) {
               return each->name() == country;
           });
}

} // namespace otpd
