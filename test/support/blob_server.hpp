#pragma once

/// What a server does with a commit: it compares versions, adds integers, and writes groups whole or not at all. Blobs in a map.

#include "commit.hpp"
#include "state/shared_state.hpp"

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace otpd::test {

class blob_server {
public:
    using states =
        std::unordered_map<store::state::state_key, std::string, store::state::state_key_hash>;

    states blobs;
    std::size_t writes = 0;        ///< states that were put or erased, and structures
    std::size_t bytes_written = 0; ///< of all states that changed
    /// When each may be deleted, as told last; nothing is.
    std::unordered_map<store::state::state_key, store::store_time, store::state::state_key_hash>
        ends;

    std::string& blob(store::state::state_key const& key) { return blobs[key]; }

    void execute(store::commit& what) {
        for (auto const& each : what.writes)
            if (!is_of(each.key, each.expected)) what.failed[each.group] = true;
        std::vector<bool> stale(what.shared.size());
        std::vector<char*> targets;
        for (std::size_t n = 0; n < what.shared.size(); ++n)
            stale[n] = !restructure(what.shared[n]);
        for (auto const& each : what.shared)
            targets.push_back(blob(each.key).data());
        for (auto const& each : what.additions)
            if (stale[each.target]) what.failed[each.group] = true;
        store::make_additions(what, targets);
        for (auto const& each : what.shared)
            if (each.retained_until != store::store_time()) {
                bytes_written += blob(each.key).size();
                ends[each.key] = each.retained_until;
            }
        for (auto const& each : what.writes)
            if (!what.failed[each.group]) write(each);
        tell(what);
    }

private:
    [[nodiscard]] bool is_of(store::state::state_key const& key, store::state::version expected) {
        return store::state::version_of(blob(key)) == expected;
    }
    /// Whether the structure that is there is the one that is meant.
    bool restructure(store::shared_target const& target) {
        if (!is_of(target.key, target.expected)) return false;
        if (target.structure.empty()) return true;
        ++writes;
        blob(target.key) = store::restructured(target, blob(target.key));
        return true;
    }
    void write(store::state_write const& what) {
        if (what.what == store::state_write::kind::compare) return;
        ++writes;
        bytes_written += what.blob.size();
        blob(what.key) = what.blob;
        ends[what.key] = what.retained_until;
    }
    void tell(store::commit& what) {
        std::vector<bool> told(what.shared.size());
        for (std::size_t n = 0; n < told.size(); ++n)
            told[n] = what.shared[n].is_wanted;
        for (auto const& each : what.additions)
            told[each.target] = true;
        for (std::size_t n = 0; n < told.size(); ++n)
            if (told[n]) what.present.push_back({what.shared[n].key, blob(what.shared[n].key)});
        for (auto const& each : what.writes)
            if (what.failed[each.group]) what.present.push_back({each.key, blob(each.key)});
    }
};

} // namespace otpd::test
