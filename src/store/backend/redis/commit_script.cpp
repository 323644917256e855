#include "backend/redis/commit_script.hpp"

#include "state/bytes.hpp"

#include <charconv>

namespace otpd::store {

namespace {

/// Of msgpack what the script needs, always in the longest form but for small numbers.
class packer {
public:
    explicit packer(std::string& to) noexcept : to_(to) {}

    void list(std::size_t size) { head('\xdd', size, 4); }
    void text(std::string_view value) {
        head('\xdb', value.size(), 4);
        to_ += value;
    }
    void integer(std::int64_t value) {
        if (value >= 0 && value < 0x80)
            to_ += static_cast<char>(value);
        else
            head('\xd3', static_cast<std::uint64_t>(value), 8);
    }
    void version(state::version value) {
        if (value == state::absent_version)
            text({});
        else
            head_with_text(value);
    }
    /// In milliseconds, as the server takes it.
    void time(store_time at) {
        std::array<char, 20> digits{};
        auto const end = std::to_chars(digits.begin(), digits.end(), milliseconds(at)).ptr;
        text({digits.data(), end});
    }
    [[nodiscard]] static std::int64_t milliseconds(store_time at) noexcept {
        return std::chrono::ceil<duration>(at.time_since_epoch()).count();
    }

private:
    void head(char kind, std::uint64_t value, unsigned bytes) {
        to_ += kind;
        for (auto shift = 8 * bytes; shift > 0; shift -= 8)
            to_ += static_cast<char>(value >> (shift - 8));
    }
    void head_with_text(state::version value) {
        head('\xdb', sizeof value, 4);
        for (auto shift = 8 * sizeof value; shift > 0; shift -= 8)
            to_ += static_cast<char>(value >> (shift - 8));
    }

    std::string& to_;
};

void pack(packer& to, state_write const& write) {
    to.version(write.expected);
    to.integer(write.group + 1);
    to.text(write.blob);
    if (write.what == state_write::kind::put)
        to.time(write.retained_until);
    else
        to.text(write.what == state_write::kind::erase ? "0" : "");
}

void pack(packer& to, shared_target const& target) {
    to.version(target.expected);
    to.text(target.structure);
    to.list(target.sources.size());
    for (auto const source : target.sources)
        to.integer(source + 1);
    to.integer(packer::milliseconds(target.retained_until));
    to.integer(target.is_wanted ? 1 : 0);
}

void pack(packer& to, field_addition const& addition, std::size_t first_shared) {
    to.integer(static_cast<std::int64_t>(first_shared + addition.target));
    to.integer(addition.field == field_addition::nothing ? 0 : addition.field + 1);
    to.integer(addition.group + 1);
    to.integer(addition.skips_when_over ? 1 : 0);
    to.integer(addition.floor);
    to.integer(addition.delta);
    to.integer(addition.bound);
    to.integer(addition.ceiling);
}

void append_key(std::string& to, state::state_key const& key) {
    to += redis_key_prefix;
    to += static_cast<char>(key.kind);
    to.append(reinterpret_cast<char const*>(key.hash.data()), key.hash.size());
}

/// Of the script's `KEYS`, from 1 on.
constexpr std::size_t first_write = 2;

/// Of a shared state, after it.
constexpr std::size_t end_size = 8;

} // namespace

std::string redis_key_of(state::state_key const& key) {
    std::string text;
    append_key(text, key);
    return text;
}

void encode(commit const& what, std::string_view lane, std::uint64_t number, redis_call& into) {
    into.bytes = lane;
    for (auto const& each : what.writes)
        append_key(into.bytes, each.key);
    for (auto const& each : what.shared)
        append_key(into.bytes, each.key);
    into.keys.assign(1, std::string_view(into.bytes).substr(0, lane.size()));
    auto const size = redis_key_prefix.size() + 1 + sizeof(subject_key);
    for (auto at = lane.size(); at < into.bytes.size(); at += size)
        into.keys.push_back(std::string_view(into.bytes).substr(at, size));

    into.argument.clear();
    packer to(into.argument);
    to.list(6);
    to.integer(static_cast<std::int64_t>(number));
    to.integer(what.now.time_since_epoch().count());
    to.integer(what.groups);
    to.list(4 * what.writes.size());
    for (auto const& each : what.writes)
        pack(to, each);
    to.list(5 * what.shared.size());
    for (auto const& each : what.shared)
        pack(to, each);
    to.list(8 * what.additions.size());
    for (auto const& each : what.additions)
        pack(to, each, first_write + what.writes.size());
}

std::optional<store_time> decode(std::string_view text, commit& into) {
    state::reader from(text);
    auto const time = from.fixed();
    auto const outcome = from.plain(static_cast<std::uint64_t>(from.fixed()));
    if (!from.ok() || (!outcome.empty() && outcome.size() != into.groups)) return std::nullopt;
    for (std::size_t group = 0; group < outcome.size(); ++group)
        into.failed[group] = outcome[group] == '1';
    while (!from.at_end()) {
        auto const at = static_cast<std::uint64_t>(from.fixed()) - first_write;
        auto blob = from.plain(static_cast<std::uint64_t>(from.fixed()));
        if (!from.ok() || at >= into.writes.size() + into.shared.size()) return std::nullopt;
        bool const is_shared = at >= into.writes.size();
        if (is_shared) blob.remove_suffix(std::min(blob.size(), end_size));
        into.present.push_back(
            {is_shared ? into.shared[at - into.writes.size()].key : into.writes[at].key,
             std::string(blob)});
    }
    return store_time(counter_time(time));
}

} // namespace otpd::store
