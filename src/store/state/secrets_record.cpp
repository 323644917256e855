#include "state/secrets_record.hpp"

#include <limits>

namespace otpd::store::state {

void secrets_record::advance(store_time now) noexcept {
    if (retained_until <= now) *this = {};
}

void encode(std::string& to, secrets_record const& record, version written) {
    writer out(to);
    write_header(out, written, format::secrets_1);
    out.bytes(record.number_key);
    out.number(record.signing_key);
    out.time(record.retained_until, first_time);
}

bool decode(std::string_view blob, secrets_record& into) {
    into = {};
    reader from(blob);
    static_cast<void>(read_header(from, format::secrets_1));
    from.bytes(into.number_key);
    into.signing_key =
        static_cast<std::uint32_t>(from.number(std::numeric_limits<std::uint32_t>::max()));
    into.retained_until = from.time(first_time);
    into.is_kept = from.is_complete();
    if (!into.is_kept) into = {};
    return into.is_kept;
}

} // namespace otpd::store::state
