#include "commit.hpp"

#include "state/shared_state.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cstring>

namespace otpd::store {

namespace {

std::int64_t load(char const* from) noexcept {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i)
        value |= std::uint64_t{static_cast<std::uint8_t>(from[i])} << (8 * i);
    return static_cast<std::int64_t>(value);
}

void keep(char* to, std::int64_t value) noexcept {
    for (unsigned i = 0; i < 8; ++i)
        to[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

char* place_of(field_addition const& what, std::vector<char*> const& blobs) noexcept {
    return blobs[what.target] + state::fields_at + 8 * std::size_t{what.field};
}

using addition_list = std::vector<field_addition>;

/// Undone when one is over its bound.
bool add_group(addition_list::const_iterator first, addition_list::const_iterator last,
               std::vector<char*> const& blobs) {
    boost::container::small_vector<std::int64_t, 16> before;
    for (auto at = first; at != last; ++at) {
        if (at->field == field_addition::nothing) {
            before.push_back(0);
            continue;
        }
        auto* const place = place_of(*at, blobs);
        auto const value = load(place);
        auto const sum = std::max(value > at->ceiling ? 0 : value, at->floor) + at->delta;
        if (sum <= at->bound)
            keep(place, sum);
        else if (!at->skips_when_over)
            break;
        before.push_back(value);
    }
    if (before.size() == static_cast<std::size_t>(last - first)) return true;
    for (; !before.empty(); before.pop_back()) {
        auto const& done = *(first + static_cast<std::ptrdiff_t>(before.size()) - 1);
        if (done.field != field_addition::nothing) keep(place_of(done, blobs), before.back());
    }
    return false;
}

} // namespace

void commit::clear() noexcept {
    writes.clear();
    shared.clear();
    additions.clear();
    groups = 0;
    must_survive = false;
    bytes.clear();
    became = outcome::done;
    failed.clear();
    present.clear();
}

void take_sources(shared_target const& of, std::string_view old_blob, char* new_blob) noexcept {
    std::size_t const count =
        old_blob.size() < state::fields_at
            ? 0
            : std::min<std::size_t>(static_cast<std::uint8_t>(old_blob[state::field_count_at]),
                                    (old_blob.size() - state::fields_at) / 8);
    for (std::size_t n = 0; n < of.sources.size(); ++n)
        if (of.sources[n] >= 0 && static_cast<std::size_t>(of.sources[n]) < count)
            std::memcpy(new_blob + state::fields_at + 8 * n,
                        old_blob.data() + state::fields_at +
                            8 * static_cast<std::size_t>(of.sources[n]),
                        8);
}

void make_additions(commit& what, std::vector<char*> const& blobs) {
    auto const end = what.additions.cend();
    for (auto first = what.additions.cbegin(); first != end;) {
        auto const group = first->group;
        auto const last = std::find_if(
            first, end, [group](field_addition const& each) { return each.group != group; });
        if (!what.failed[group] && !add_group(first, last, blobs)) what.failed[group] = true;
        first = last;
    }
}

} // namespace otpd::store
