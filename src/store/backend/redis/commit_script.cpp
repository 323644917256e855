#include "backend/redis/commit_script.hpp"

#include "state/bytes.hpp"
#include "state/shared_state.hpp"

#include <boost/endian/conversion.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace otpd::store {

namespace {

std::int64_t milliseconds(store_time at) noexcept {
    return std::chrono::ceil<duration>(at.time_since_epoch()).count();
}

/// Rounds an end so that it rarely changes, and most additions leave the key's expiry unchanged.
std::int64_t coarse(std::int64_t end) noexcept {
    constexpr std::int64_t step = 60'000;
    return (end + step - 1) / step * step;
}

/// A list of texts in msgpack.
class text_list {
public:
    text_list(std::string& to, std::size_t size) : to_(to) { head('\xdd', size); }

    void add(std::string_view text, std::string_view more = {}) {
        head('\xdb', text.size() + more.size());
        to_.append(text).append(more);
    }
    void add(state::version value) {
        if (value == state::absent_version) {
            add(std::string_view());
            return;
        }
        boost::endian::native_to_big_inplace(value);
        add({reinterpret_cast<char const*>(&value), sizeof value});
    }
    /// In milliseconds, as the server takes it.
    void add(store_time at) {
        std::array<char, 20> digits{};
        auto const end = std::to_chars(digits.begin(), digits.end(), milliseconds(at)).ptr;
        add(std::string_view(digits.data(), end));
    }

private:
    void head(char kind, std::size_t size) {
        auto const big = boost::endian::native_to_big(static_cast<std::uint32_t>(size));
        (to_ += kind).append(reinterpret_cast<char const*>(&big), sizeof big);
    }

    std::string& to_;
};

void write(text_list& to, state_write const& entry) {
    to.add(entry.expected);
    to.add(entry.blob);
    if (entry.type == state_write::kind::put)
        to.add(entry.retained_until);
    else
        to.add(std::string_view(entry.type == state_write::kind::erase ? "0" : ""));
}

void write(text_list& to, shared_target const& entry) {
    to.add(entry.expected);
    std::string sources;
    for (auto const source : entry.sources)
        sources += static_cast<char>(source + 1);
    to.add(entry.structure, sources);
}

/// The position of the integer in its blob, from 1; 0 if nothing is added.
std::size_t offset_of(field_addition const& addition) noexcept {
    if (addition.field == field_addition::nothing) return 0;
    return state::fields_at + 8 * std::size_t{addition.field} + 1;
}

/// Skips, floor, delta, bound, ceiling.
using addition_kind = std::array<std::int64_t, 5>;

addition_kind kind_of(field_addition const& addition) noexcept {
    return {addition.skips_when_over ? 1 : 0, addition.floor, addition.delta, addition.bound,
            addition.ceiling};
}

/// Whether any number of these additions equals max(value, floor) + number * delta, and is within
/// the bound if that sum is.
bool can_be_one(addition_kind const& kind) noexcept {
    auto const& [skips, floor, delta, bound, ceiling] = kind;
    return delta >= 0 && bound <= ceiling;
}

/// Equal additions that several groups make.
struct addition_set {
    std::int64_t place = 0;
    std::size_t kind = 0;
    std::string groups;

    [[nodiscard]] auto order() const noexcept { return std::pair(place, kind); }
};

struct addition_sets {
    std::vector<addition_kind> kinds;
    std::vector<addition_set> all; ///< in the order of their places
};

addition_sets sets_of(std::vector<field_addition> const& additions, std::size_t first_shared) {
    addition_sets found;
    std::vector<addition_set> single;
    single.reserve(additions.size());
    for (auto const& addition : additions) {
        auto const place = 4096 * (first_shared + addition.target) + offset_of(addition);
        auto const kind = kind_of(addition);
        auto const known = std::ranges::find(found.kinds, kind);
        auto const at = static_cast<std::size_t>(known - found.kinds.begin());
        if (known == found.kinds.end()) found.kinds.push_back(kind);
        single.push_back({static_cast<std::int64_t>(place), at,
                          std::string(1, static_cast<char>(addition.group + 1))});
    }
    std::ranges::stable_sort(single, {}, &addition_set::order);
    for (auto& entry : single) {
        bool const is_more = !found.all.empty() && found.all.back().order() == entry.order();
        if (is_more && can_be_one(found.kinds[entry.kind]))
            found.all.back().groups += entry.groups;
        else
            found.all.push_back(std::move(entry));
    }
    return found;
}

void append_key(std::string& to, state::state_key const& key) {
    to += redis_key_prefix;
    auto const bytes = key.bytes();
    to.append(bytes.data(), bytes.size());
}

/// An index of the script's `KEYS`, from 1.
constexpr std::size_t first_write = 2;

/// The size of the expiry that follows a shared state.
constexpr std::size_t end_size = 8;

} // namespace

std::string redis_key_of(state::state_key const& key) {
    std::string text;
    append_key(text, key);
    return text;
}

void encode(commit const& commit, std::string_view lane, std::uint64_t number, redis_call& call) {
    call.bytes = lane;
    for (auto const& write : commit.writes)
        append_key(call.bytes, write.key);
    for (auto const& entry : commit.shared)
        append_key(call.bytes, entry.key);
    call.keys.assign(1, std::string_view(call.bytes).substr(0, lane.size()));
    auto const size = redis_key_prefix.size() + 1 + sizeof(key_hash);
    for (auto at = lane.size(); at < call.bytes.size(); at += size)
        call.keys.push_back(std::string_view(call.bytes).substr(at, size));

    auto const sets = sets_of(commit.additions, first_write + commit.writes.size());
    call.integers.clear();
    state::writer to(call.integers);
    auto const count = [&to](std::size_t value) { to.fixed(static_cast<std::int64_t>(value)); };
    count(number);
    to.fixed(commit.now.time_since_epoch().count());
    count(commit.groups);
    count(commit.writes.size());
    count(sets.kinds.size());
    count(sets.all.size());
    for (auto const& write : commit.writes)
        count(write.group + 1);
    auto const first_kind = call.integers.size() / sizeof(std::int64_t) + 1;
    for (auto const& kind : sets.kinds)
        for (auto const value : kind)
            to.fixed(value);
    for (auto const& set : sets.all) {
        to.fixed(set.place);
        count(first_kind + set.kind * addition_kind().size());
    }
    for (auto const& entry : commit.shared) {
        to.fixed(coarse(milliseconds(entry.retained_until)));
        to.fixed(entry.is_wanted ? 1 : 0);
    }

    call.texts.clear();
    text_list texts(call.texts,
                    3 * commit.writes.size() + 2 * commit.shared.size() + sets.all.size());
    for (auto const& entry : commit.writes)
        write(texts, entry);
    for (auto const& entry : commit.shared)
        write(texts, entry);
    for (auto const& set : sets.all)
        texts.add(set.groups);
}

std::optional<store_time> decode(std::string_view text, commit& commit) {
    state::reader reader(text);
    auto const time = reader.fixed();
    auto const outcome = reader.plain(static_cast<std::uint64_t>(reader.fixed()));
    if (!reader.ok() || (!outcome.empty() && outcome.size() != commit.groups)) return std::nullopt;
    for (std::size_t group = 0; group < outcome.size(); ++group)
        commit.failed[group] = outcome[group] == '1';
    while (!reader.at_end()) {
        auto const at = static_cast<std::uint64_t>(reader.fixed()) - first_write;
        auto blob = reader.plain(static_cast<std::uint64_t>(reader.fixed()));
        if (!reader.ok() || at >= commit.writes.size() + commit.shared.size()) return std::nullopt;
        bool const is_shared = at >= commit.writes.size();
        if (is_shared) blob.remove_suffix(std::min(blob.size(), end_size));
        commit.present.push_back(
            {is_shared ? commit.shared[at - commit.writes.size()].key : commit.writes[at].key,
             std::string(blob)});
    }
    return store_time(counter_time(time));
}

} // namespace otpd::store
