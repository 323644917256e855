#include "otpd/core/purpose.hpp"

#include "otpd/core/encoding.hpp"

#include <stdexcept>

namespace otpd {

boost::system::result<purpose, purpose_fault> purpose::parse(std::string_view text) {
    auto const trimmed = trim_ascii(text);
    if (trimmed.empty()) return purpose_fault::empty;
    if (trimmed.size() > max_length) return purpose_fault::too_long;
    std::string name(trimmed);
    for (char& c : name) {
        if (c < ' ' || c > '~') return purpose_fault::not_printable;
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return purpose(std::move(name));
}

void throw_exception_from_error(purpose_fault, boost::source_location const&) {
    throw std::logic_error("a faulty purpose was used as a valid one");
}

} // namespace otpd
