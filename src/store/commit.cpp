#include "commit.hpp"

#include "state/shared_state.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/endian/conversion.hpp>

#include <algorithm>
#include <ranges>
#include <utility>

namespace otpd::store {

namespace {

unsigned char* place_of(field_addition const& addition, std::vector<char*> const& blobs) noexcept {
    return reinterpret_cast<unsigned char*>(blobs[addition.target]) + state::fields_at +
           8 * std::size_t{addition.field};
}

using addition_list = std::vector<field_addition>;

/// Undoes the whole group if one addition exceeds its bound.
bool add_group(addition_list::const_iterator first, addition_list::const_iterator last,
               std::vector<char*> const& blobs) {
    boost::container::small_vector<std::pair<unsigned char*, std::int64_t>, 16> before;
    for (auto at = first; at != last; ++at) {
        if (at->field == field_addition::nothing) continue;
        auto* const place = place_of(*at, blobs);
        auto const value = boost::endian::load_little_s64(place);
        auto const sum = std::max(value > at->ceiling ? 0 : value, at->floor) + at->delta;
        if (sum <= at->bound) {
            boost::endian::store_little_s64(place, sum);
            before.emplace_back(place, value);
        } else if (!at->skips_when_over) {
            for (auto const& [changed, was] : before | std::views::reverse)
                boost::endian::store_little_s64(changed, was);
            return false;
        }
    }
    return true;
}

} // namespace

void commit::clear() noexcept {
    writes.clear();
    shared.clear();
    additions.clear();
    groups = 0;
    must_survive = false;
    bytes.clear();
    status = outcome::done;
    failed.clear();
    present.clear();
}

std::string restructured(shared_target const& to, std::string_view old_blob) {
    std::string fresh(to.structure);
    auto const of_old = old_blob.substr(std::min(state::fields_at, old_blob.size()));
    for (std::size_t n = 0; n < to.sources.size(); ++n) {
        auto const source = 8 * static_cast<std::size_t>(std::max<int>(to.sources[n], 0));
        if (to.sources[n] >= 0 && source + 8 <= of_old.size())
            fresh.replace(state::fields_at + 8 * n, 8, of_old, source, 8);
    }
    return fresh;
}

void make_additions(commit& commit, std::vector<char*> const& blobs) {
    auto const end = commit.additions.cend();
    for (auto first = commit.additions.cbegin(); first != end;) {
        auto const group = first->group;
        auto const last = std::find_if(first, end, [group](field_addition const& field_addition) {
            return field_addition.group != group;
        });
        if (!commit.failed[group] && !add_group(first, last, blobs)) commit.failed[group] = true;
        first = last;
    }
}

} // namespace otpd::store
