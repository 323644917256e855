#include "event_log.hpp"

#include "packed_bytes.hpp"
#include "short_text.hpp"

namespace otpd::store {

namespace {

/// In the byte of the kind: there are details.
constexpr std::uint8_t with_details = 0x80;

struct packed_event {
    event_kind what;
    counter_time after;
    std::string_view details; ///< short
};

packed_event next(unpacker& from) noexcept {
    packed_event found;
    auto const head = from.byte();
    found.what = static_cast<event_kind>(head & ~unsigned{with_details});
    found.after = from.span();
    if ((head & with_details) != 0) found.details = from.text();
    return found;
}

void append(std::string& to, event_kind what, counter_time after, std::string_view short_details) {
    packer into(to);
    auto const kind = static_cast<std::uint8_t>(what);
    into.byte(static_cast<std::uint8_t>(short_details.empty() ? kind : kind | with_details));
    into.span(after);
    if (!short_details.empty()) into.text(short_details);
}

template <class Visit>
void for_each(std::string const& bytes, Visit visit) {
    unpacker from(bytes.data());
    while (from.position() != bytes.data() + bytes.size())
        visit(next(from));
}

} // namespace

void event_log::add(event_kind what, counter_time after, std::string_view details) {
    append(bytes_, what, after, shortened(details));
}

void event_log::retell_admission(std::string_view details) {
    if (bytes_.empty()) return;
    unpacker from(bytes_.data());
    auto const first = next(from);
    if (first.what != event_kind::admitted) return;
    std::string retold;
    append(retold, first.what, first.after, shortened(details));
    retold +=
        std::string_view(bytes_).substr(static_cast<std::size_t>(from.position() - bytes_.data()));
    bytes_ = std::move(retold);
}

std::size_t event_log::size() const noexcept {
    std::size_t count = 0;
    for_each(bytes_, [&count](packed_event const&) { ++count; });
    return count;
}

bool event_log::has(event_kind what) const noexcept {
    bool found = false;
    for_each(bytes_, [&](packed_event const& each) { found = found || each.what == what; });
    return found;
}

std::string event_log::last_details(event_kind what) const {
    std::string_view last;
    for_each(bytes_, [&](packed_event const& each) {
        if (each.what == what) last = each.details;
    });
    return lengthened(last);
}

std::vector<event_record> event_log::all() const {
    std::vector<event_record> list;
    for_each(bytes_, [&list](packed_event const& each) {
        list.push_back({each.what, each.after, lengthened(each.details)});
    });
    return list;
}

} // namespace otpd::store
