#include "state/event_list.hpp"

#include "state/bytes.hpp"
#include "state/dictionary.hpp"

#include <algorithm>

namespace otpd::store::state {

namespace {

/// A flag in the byte of the type: details follow.
constexpr unsigned with_details = 0x80;
constexpr auto last_kind = static_cast<unsigned>(event_type::delivery);
constexpr auto after_max =
    static_cast<std::uint64_t>(std::chrono::duration_cast<duration>(span_max).count());

struct packed_event {
    event_type type;
    duration after;
    std::string_view details; ///< packed
};

packed_event next(reader& reader) noexcept {
    auto const head = reader.byte();
    auto const kind = head & ~with_details;
    if (kind > last_kind) reader.fail();
    duration const after(static_cast<duration::rep>(reader.number(after_max)));
    return {static_cast<event_type>(kind), after,
            (head & with_details) != 0 ? reader.text() : std::string_view()};
}

void append(std::string& to, event_type type, duration after, std::string_view packed_details) {
    writer out(to);
    auto const kind = static_cast<unsigned>(type);
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
        for (reader reader(part); !reader.at_end();)
            visit(next(reader));
}

std::optional<event_list> event_list::read(std::string_view kept) {
    event_list found;
    reader reader(kept);
    while (!reader.at_end()) {
        if (!is_packed(next(reader).details)) reader.fail();
        ++found.size_;
    }
    if (!reader.ok()) return std::nullopt;
    found.kept_ = kept;
    return found;
}

void event_list::add(event_type type, duration after, std::string_view details) {
    append(added_, type, after, packed(details));
    ++size_;
}

void event_list::change_admission(std::string_view details) {
    auto const first_ones = kept_.empty() ? std::string_view(added_) : kept_;
    if (first_ones.empty()) return;
    reader reader(first_ones);
    auto const first = next(reader);
    if (first.type != event_type::admitted) return;
    std::string changed;
    append(changed, first.type, first.after, packed(details));
    changed += reader.rest();
    if (!kept_.empty()) changed += added_;
    kept_ = {};
    added_ = std::move(changed);
}

std::size_t event_list::count(event_type type) const noexcept {
    std::size_t count = 0;
    for_each(
        [&](packed_event const& packed_event) { count += packed_event.type == type ? 1U : 0U; });
    return count;
}

std::string event_list::last_details(event_type type) const {
    std::string_view last;
    for_each([&](packed_event const& packed_event) {
        if (packed_event.type == type) last = packed_event.details;
    });
    std::string text;
    append_unpacked(text, last);
    return text;
}

duration event_list::last_time(event_type type) const noexcept {
    duration last{};
    for_each([&](packed_event const& packed_event) {
        if (packed_event.type == type) last = packed_event.after;
    });
    return last;
}

std::vector<event_record> event_list::all() const {
    std::vector<event_record> list;
    list.reserve(size_);
    for_each([&list](packed_event const& packed_event) {
        list.push_back({packed_event.type, packed_event.after, {}});
        append_unpacked(list.back().details, packed_event.details);
    });
    return list;
}

} // namespace otpd::store::state
