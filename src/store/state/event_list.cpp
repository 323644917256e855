#include "state/event_list.hpp"

#include "state/bytes.hpp"
#include "state/words.hpp"

#include <algorithm>

namespace otpd::store::state {

namespace {

/// In the byte of the kind: there are details.
constexpr unsigned with_details = 0x80;
constexpr auto last_kind = static_cast<unsigned>(event_kind::delivery);
constexpr auto after_max =
    static_cast<std::uint64_t>(std::chrono::duration_cast<duration>(span_max).count());

struct packed_event {
    event_kind what;
    duration after;
    std::string_view details; ///< packed
};

packed_event next(reader& from) noexcept {
    auto const head = from.byte();
    auto const kind = head & ~with_details;
    if (kind > last_kind) from.fail();
    duration const after(static_cast<duration::rep>(from.number(after_max)));
    return {static_cast<event_kind>(kind), after,
            (head & with_details) != 0 ? from.text() : std::string_view()};
}

void append(std::string& to, event_kind what, duration after, std::string_view packed_details) {
    writer out(to);
    auto const kind = static_cast<unsigned>(what);
    out.byte(static_cast<std::uint8_t>(packed_details.empty() ? kind : kind | with_details));
    out.number(static_cast<std::uint64_t>(std::max(duration(0), after).count()));
    if (!packed_details.empty()) out.text(packed_details);
}

std::string packed(std::string_view details) {
    std::string to;
    append_packed(to, details);
    return to;
}

} // namespace

template <class Visit>
void event_list::for_each(Visit visit) const {
    for (auto const part : {kept_, std::string_view(added_)})
        for (reader from(part); !from.at_end();)
            visit(next(from));
}

std::optional<event_list> event_list::read(std::string_view kept) {
    event_list found;
    reader from(kept);
    while (!from.at_end()) {
        if (!is_packed(next(from).details)) from.fail();
        ++found.size_;
    }
    if (!from.ok()) return std::nullopt;
    found.kept_ = kept;
    return found;
}

void event_list::add(event_kind what, duration after, std::string_view details) {
    append(added_, what, after, packed(details));
    ++size_;
}

void event_list::change_admission(std::string_view details) {
    auto const first_ones = kept_.empty() ? std::string_view(added_) : kept_;
    if (first_ones.empty()) return;
    reader from(first_ones);
    auto const first = next(from);
    if (first.what != event_kind::admitted) return;
    std::string changed;
    append(changed, first.what, first.after, packed(details));
    changed += from.rest();
    if (!kept_.empty()) changed += added_;
    kept_ = {};
    added_ = std::move(changed);
}

std::size_t event_list::count(event_kind what) const noexcept {
    std::size_t count = 0;
    for_each([&](packed_event const& each) { count += each.what == what ? 1U : 0U; });
    return count;
}

std::string event_list::last_details(event_kind what) const {
    std::string_view last;
    for_each([&](packed_event const& each) {
        if (each.what == what) last = each.details;
    });
    std::string text;
    append_unpacked(text, last);
    return text;
}

std::vector<event_record> event_list::all() const {
    std::vector<event_record> list;
    list.reserve(size_);
    for_each([&list](packed_event const& each) {
        list.push_back({each.what, each.after, {}});
        append_unpacked(list.back().details, each.details);
    });
    return list;
}

} // namespace otpd::store::state
