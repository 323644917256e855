#include "state/record.hpp"

namespace otpd::store::state {

bool record::advance(store_time now) noexcept {
    if (retained_until <= now) clear();
    return false;
}

void encode(std::string& to, record const& what, version written) {
    writer out(to);
    write_header(out, written, format::record_1);
    out.byte(what.is_settled ? 1 : 0);
    out.bytes(what.fingerprint);
    out.time(what.lease_end, first_time);
    out.time(what.retained_until, what.lease_end);
    if (what.is_settled) out.plain(what.text);
}

bool decode(std::string_view blob, record& into) {
    into = {};
    reader from(blob);
    static_cast<void>(read_header(from, format::record_1));
    auto const settled = from.byte();
    if (settled > 1) from.fail();
    from.bytes(into.fingerprint);
    into.lease_end = from.time(first_time);
    into.retained_until = from.time(into.lease_end);
    if (settled == 1) into.text = from.plain(from.rest().size());
    into.is_settled = settled == 1;
    into.is_kept = from.is_complete();
    if (!into.is_kept) into = {};
    return into.is_kept;
}

} // namespace otpd::store::state
