/// Ids of verifications, which anybody may forge.

#include "otpd/otp/key_ring.hpp"
#include "target.hpp"

#include <algorithm>
#include <string>

using otpd::fuzz::must;

OTPD_FUZZ_TARGET(verification_id) {
    static otpd::otp::key_ring const ring(otpd::secret_string("0123456789abcdef0123456789abcdef"),
                                          {}, otpd::secret_string());
    auto const opened = ring.open(bytes);
    bool const is_id =
        bytes.size() == 64 && std::ranges::all_of(bytes, [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        });
    must(opened.has_value() == is_id, "an id is 64 hexadecimal digits and nothing else");
    if (!opened) return;
    std::string lower(bytes);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    must(ring.seal(*opened) == lower, "one place has one id");
}
