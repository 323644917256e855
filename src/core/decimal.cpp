#include "otpd/core/decimal.hpp"

#include <cstdlib>

namespace otpd {

std::string to_decimal(money amount) {
    auto const micros = std::llabs(amount.micros());
    std::string text = amount.micros() < 0 ? "-" : "";
    text += std::to_string(micros / money::micros_per_unit);
    if (auto const rest = micros % money::micros_per_unit; rest != 0) {
        // The added unit keeps the leading zeros of the decimals.
        auto decimals = std::to_string(money::micros_per_unit + rest);
        decimals.erase(decimals.find_last_not_of('0') + 1);
        text += '.' + decimals.substr(1);
    }
    return text;
}

} // namespace otpd
