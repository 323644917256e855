#include "otpd/core/gsm_alphabet.hpp"

namespace otpd {

std::optional<std::size_t> gsm_septets(std::string_view ascii) noexcept {
    constexpr std::string_view extension_table = "[\\]^{|}~"; // 6.2.1.1: each takes an escape
    std::size_t count = ascii.size();
    for (char const c : ascii) {
        bool const printable = c >= 0x20 && c <= 0x7e && c != '`';
        if (!printable && c != '\n' && c != '\r') return std::nullopt;
        if (extension_table.find(c) != std::string_view::npos) ++count;
    }
    return count;
}

} // namespace otpd
