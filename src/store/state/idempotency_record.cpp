#include "state/idempotency_record.hpp"

namespace otpd::store::state {

void idempotency_record::advance(store_time now) noexcept {
    if (retained_until <= now) *this = {};
}

void encode(std::string& to, idempotency_record const& record, version written) {
    writer out(to);
    write_header(out, written, format::request_1);
    out.byte(record.is_settled ? 1 : 0);
    out.bytes(record.fingerprint);
    out.time(record.lease_end, first_time);
    out.time(record.retained_until, record.lease_end);
    if (record.is_settled) out.plain(record.reply);
}

bool decode(std::string_view blob, idempotency_record& into) {
    into = {};
    reader from(blob);
    static_cast<void>(read_header(from, format::request_1));
    auto const settled = from.byte();
    if (settled > 1) from.fail();
    from.bytes(into.fingerprint);
    into.lease_end = from.time(first_time);
    into.retained_until = from.time(into.lease_end);
    if (settled == 1) into.reply = from.plain(from.rest().size());
    into.is_settled = settled == 1;
    into.is_kept = from.is_complete();
    if (!into.is_kept) into = {};
    return into.is_kept;
}

} // namespace otpd::store::state
