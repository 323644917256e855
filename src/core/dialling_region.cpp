#include "dialling_region.hpp"

#include <phonenumbers/phonemetadata.pb.h>

#include <stdexcept>

namespace i18n::phonenumbers {

// The plans as the library holds them: it exports these, but does not install the header that declares them.
int metadata_size();
void const* metadata_get();

} // namespace i18n::phonenumbers

namespace otpd {

namespace {

namespace lib = i18n::phonenumbers;

dialling_region::rules rules_of(lib::PhoneMetadata const& from) {
    dialling_region::rules rules;
    rules.name = from.id();
    rules.calling_code = from.country_code();
    rules.is_main = from.main_country_for_code();
    rules.same_fixed_and_mobile = from.same_mobile_and_fixed_line_pattern();
    rules.trunk_prefix = from.national_prefix();
    // In the order of dialling_region::pattern.
    for (auto const* const each :
         {&from.general_desc(), &from.premium_rate(), &from.toll_free(), &from.shared_cost(),
          &from.voip(), &from.personal_number(), &from.pager(), &from.uan(), &from.voicemail(),
          &from.fixed_line(), &from.mobile()}) {
        for (auto const length : each->possible_length())
            if (length >= 0 && length < 32)
                rules.lengths.at(rules.digits.size()) |= std::uint32_t{1} << length;
        // What it has none of has the length -1.
        bool const none =
            each->possible_length_size() > 0 && rules.lengths.at(rules.digits.size()) == 0;
        rules.digits.push_back(none ? std::string() : each->national_number_pattern());
    }
    rules.digits.push_back(from.leading_digits());
    return rules;
}

} // namespace

dialling_region::automaton const& dialling_region::known() const {
    if (auto const* const made = known_.load(std::memory_order_acquire)) return *made;
    auto made = std::make_unique<automaton>();
    try {
        made->emplace(rules_.digits);
    } catch (std::invalid_argument const&) { // a newer library has patterns of another kind
        made->reset();
    }
    automaton const* before = nullptr;
    if (known_.compare_exchange_strong(before, made.get(), std::memory_order_acq_rel))
        return *made.release();
    return *before; // another thread was faster
}

std::optional<dialling_region::answer> dialling_region::ask(std::string_view national) const {
    auto const& reading = known();
    if (!reading) return std::nullopt;
    auto const found = reading->find(national);
    answer said;
    said.type = type_of(found.whole, national.size());
    said.claims = rules_.digits[leading].empty() ? said.type != line_type::unknown
                                                 : (found.beginning >> leading & 1U) != 0;
    return said;
}

bool dialling_region::is_possible(std::string_view national) const {
    if (rules_.digits[mobile].empty()) return false;
    auto const lengths =
        rules_.lengths[mobile] != 0 ? rules_.lengths[mobile] : rules_.lengths[general];
    if (national.size() >= 32 || (lengths >> national.size() & 1U) == 0) return false;
    auto const& trunk = rules_.trunk_prefix;
    bool const has_trunk =
        !trunk.empty() && (national.starts_with(trunk) || national.front() == '0');
    if (!has_trunk && national.front() != '0') return true;
    auto const& reading = known();
    if (!reading) return false;
    return has_trunk ? (reading->find(national).whole >> general & 1U) != 0
                     : reading->may_begin("0");
}

/// As PhoneNumberUtil::GetNumberTypeHelper() does it.
line_type dialling_region::type_of(digit_patterns::set whole, std::size_t length) const noexcept {
    auto const is = [&](pattern which) {
        auto const lengths = rules_.lengths[which];
        return (whole >> which & 1U) != 0 &&
               (lengths == 0 || (length < 32 && (lengths >> length & 1U) != 0));
    };
    if (!is(general)) return line_type::unknown;
    if (is(premium_rate)) return line_type::premium_rate;
    if (is(toll_free)) return line_type::toll_free;
    if (is(shared_cost)) return line_type::shared_cost;
    if (is(voip)) return line_type::voip;
    if (is(personal_number)) return line_type::personal_number;
    if (is(pager)) return line_type::pager;
    if (is(uan)) return line_type::uan;
    if (is(voicemail)) return line_type::voicemail;
    if (is(fixed_line))
        return rules_.same_fixed_and_mobile || is(mobile) ? line_type::fixed_line_or_mobile
                                                          : line_type::fixed_line;
    if (!rules_.same_fixed_and_mobile && is(mobile)) return line_type::mobile;
    return line_type::unknown;
}

void const* plans_in_memory() noexcept {
    return lib::metadata_get();
}

std::vector<std::unique_ptr<dialling_region const>> dialling_regions() {
    lib::PhoneMetadataCollection plans;
    if (!plans.ParseFromArray(lib::metadata_get(), lib::metadata_size()) ||
        plans.metadata_size() == 0)
        throw std::runtime_error("libphonenumber has no numbering plans");
    std::vector<std::unique_ptr<dialling_region const>> regions;
    regions.reserve(static_cast<std::size_t>(plans.metadata_size()));
    for (auto const& each : plans.metadata())
        regions.push_back(std::make_unique<dialling_region const>(rules_of(each)));
    return regions;
}

} // namespace otpd
