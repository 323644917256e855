#include "state/journal_list.hpp"

#include <algorithm>

namespace otpd::store::state {

store_time journal_list::retained_until() const noexcept {
    auto last = store_time();
    for (auto const& lease : leases)
        last = std::max(last, lease.end);
    return last + std::chrono::hours(48);
}

void encode(std::string& to, journal_list const& list, version written) {
    writer out(to);
    write_header(out, written, format::journals_1);
    out.number(list.leases.size());
    for (auto const& lease : list.leases) {
        out.bytes(lease.id);
        out.bytes(lease.holder);
        out.time(lease.end, first_time);
        out.number(lease.slots);
    }
}

bool decode(std::string_view blob, journal_list& list) {
    list.clear();
    reader reader(blob);
    static_cast<void>(read_header(reader, format::journals_1));
    auto const count = reader.number(journals_max);
    for (std::uint64_t n = 0; n < count && reader.ok(); ++n) {
        journal_lease lease;
        reader.bytes(lease.id);
        reader.bytes(lease.holder);
        lease.end = reader.time(first_time);
        lease.slots = static_cast<std::uint32_t>(reader.number(journal_slots_max));
        if (find_in(list.leases, &journal_lease::id, lease.id) != nullptr) reader.fail();
        list.leases.push_back(lease);
    }
    if (count == 0) reader.fail(); // an empty list is not stored
    if (!reader.is_complete()) list.clear();
    return reader.is_complete();
}

} // namespace otpd::store::state
