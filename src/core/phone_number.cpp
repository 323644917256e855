#include "otpd/core/phone_number.hpp"

#include "otpd/core/encoding.hpp"

#include <algorithm>
#include <stdexcept>

namespace otpd {

boost::system::result<phone_number, phone_number_fault> phone_number::parse(std::string_view text) {
    auto digits = trim_ascii(text);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    if (digits.empty() || !all_ascii_digits(digits)) return phone_number_fault::not_digits;
    if (digits.size() < min_digits || digits.size() > max_digits)
        return phone_number_fault::bad_length;
    if (digits.front() == '0') return phone_number_fault::leading_zero;
    return phone_number(std::string(digits));
}

std::string phone_number::masked() const {
    constexpr std::size_t shown = 4;
    auto text = digits_;
    std::fill(text.begin(), text.end() - shown, '*');
    return text;
}

void throw_exception_from_error(phone_number_fault, boost::source_location const&) {
    throw std::logic_error("a faulty phone number was used as a valid one");
}

} // namespace otpd
