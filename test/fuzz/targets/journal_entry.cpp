/// The text of an open message, which is sealed at rest: one that otpd did not write must be
/// refused and never misread.

#include "otpd/otp/followed_text.hpp"
#include "target.hpp"

using otpd::fuzz::exact_copy;
using otpd::fuzz::must;

OTPD_FUZZ_TARGET(journal_entry) {
    otpd::wall_time const now{std::chrono::seconds(1'800'000'000)};
    exact_copy const copy(bytes);
    auto const read = otpd::otp::followed_message_of({}, copy.view(), now);
    if (!read) return;
    auto const written = otpd::otp::text_of(*read, now);
    auto const again = otpd::otp::followed_message_of({}, written, now);
    must(again.has_value(), "what was read is written so that it is read again");
    must(otpd::otp::text_of(*again, now) == written, "what is written has one form");
}
