#include "event_log.hpp"

#include "packed_bytes.hpp"
#include "short_text.hpp"

#include <array>

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
    std::array<char, 1 + 2 * number_size_max> head{};
    auto const kind = static_cast<std::uint8_t>(what);
    head[0] = static_cast<char>(short_details.empty() ? kind : kind | with_details);
    auto* end = write_number(head.data() + 1, as_number(after));
    if (!short_details.empty()) end = write_number(end, short_details.size());
    to.append(head.data(), end);
    to += short_details;
}

template <class Visit>
void for_each(std::string_view bytes, Visit visit) {
    unpacker from(bytes.data());
    while (from.position() != bytes.data() + bytes.size())
        visit(next(from));
}

} // namespace

template <class Visit>
void event_log::for_each_event(Visit visit) const {
    for_each(kept_, visit);
    for_each(added_, visit);
}

void event_log::add(event_kind what, counter_time after, std::string_view details) {
    append(added_, what, after, shortened(details));
}

void event_log::retell_admission(std::string_view details) {
    auto const first_ones = kept_.empty() ? std::string_view(added_) : kept_;
    if (first_ones.empty()) return;
    unpacker from(first_ones.data());
    auto const first = next(from);
    if (first.what != event_kind::admitted) return;
    std::string retold;
    append(retold, first.what, first.after, shortened(details));
    retold += first_ones.substr(static_cast<std::size_t>(from.position() - first_ones.data()));
    if (!kept_.empty()) retold += added_;
    kept_ = {};
    added_ = std::move(retold);
}

std::size_t event_log::size() const noexcept {
    std::size_t count = 0;
    for_each_event([&count](packed_event const&) { ++count; });
    return count;
}

std::size_t event_log::count(event_kind what) const noexcept {
    std::size_t count = 0;
    for_each_event([&](packed_event const& each) { count += each.what == what ? 1U : 0U; });
    return count;
}

std::string event_log::last_details(event_kind what) const {
    std::string_view last;
    for_each_event([&](packed_event const& each) {
        if (each.what == what) last = each.details;
    });
    return lengthened(last);
}

std::vector<event_record> event_log::all() const {
    std::vector<event_record> list;
    for_each_event([&list](packed_event const& each) {
        list.push_back({each.what, each.after, lengthened(each.details)});
    });
    return list;
}

} // namespace otpd::store
