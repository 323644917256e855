#include "state/record.hpp"

namespace otpd::store::state {

bool record::advance(store_time now) noexcept {
    if (retained_until <= now) clear();
    return false;
}

void encode(std::string& to, record const& record, version written) {
    writer out(to);
    write_header(out, written, format::record_1);
    out.byte(record.is_settled ? 1 : 0);
    out.bytes(record.fingerprint);
    out.time(record.lease_end, first_time);
    out.time(record.retained_until, record.lease_end);
    if (record.is_settled) out.plain(record.text);
}

bool decode(std::string_view blob, record& record) {
    record = {};
    reader reader(blob);
    static_cast<void>(read_header(reader, format::record_1));
    auto const settled = reader.byte();
    if (settled > 1) reader.fail();
    reader.bytes(record.fingerprint);
    record.lease_end = reader.time(first_time);
    record.retained_until = reader.time(record.lease_end);
    if (settled == 1) record.text = reader.plain(reader.rest().size());
    record.is_settled = settled == 1;
    record.is_kept = reader.is_complete();
    if (!record.is_kept) record = {};
    return record.is_kept;
}

} // namespace otpd::store::state
