#pragma once

/// Executes commits like a server, on blobs in a map: it compares versions, adds integers, and
/// writes each group as a whole or not at all.

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
    std::size_t writes = 0;        ///< states written or erased, and structures
    std::size_t bytes_written = 0; ///< of all changed states
    /// The last known deletion times. Nothing is deleted.
    std::unordered_map<store::state::state_key, store::store_time, store::state::state_key_hash>
        ends;

    std::string& blob(store::state::state_key const& key) { return blobs[key]; }

    void execute(store::commit& commit) {
        for (auto const& each : commit.writes)
            if (!is_of(each.key, each.expected)) commit.failed[each.group] = true;
        std::vector<bool> stale(commit.shared.size());
        std::vector<char*> targets;
        for (std::size_t n = 0; n < commit.shared.size(); ++n)
            stale[n] = !restructure(commit.shared[n]);
        for (auto const& each : commit.shared)
            targets.push_back(blob(each.key).data());
        for (auto const& each : commit.additions)
            if (stale[each.target]) commit.failed[each.group] = true;
        store::make_additions(commit, targets);
        for (auto const& each : commit.shared)
            if (each.retained_until != store::store_time()) {
                bytes_written += blob(each.key).size();
                ends[each.key] = each.retained_until;
            }
        for (auto const& each : commit.writes)
            if (!commit.failed[each.group]) write(each);
        report(commit);
    }

private:
    [[nodiscard]] bool is_of(store::state::state_key const& key, store::state::version expected) {
        return store::state::version_of(blob(key)) == expected;
    }
    /// Replaces the structure, or returns false if the current one is not the expected one.
    bool restructure(store::shared_target const& target) {
        if (!is_of(target.key, target.expected)) return false;
        if (target.structure.empty()) return true;
        ++writes;
        blob(target.key) = store::restructured(target, blob(target.key));
        return true;
    }
    void write(store::state_write const& write) {
        if (write.type == store::state_write::kind::compare) return;
        ++writes;
        bytes_written += write.blob.size();
        blob(write.key) = write.blob;
        ends[write.key] = write.retained_until;
    }
    void report(store::commit& commit) {
        std::vector<bool> wanted(commit.shared.size());
        for (std::size_t n = 0; n < wanted.size(); ++n)
            wanted[n] = commit.shared[n].is_wanted;
        for (auto const& each : commit.additions)
            wanted[each.target] = true;
        for (std::size_t n = 0; n < wanted.size(); ++n)
            if (wanted[n])
                commit.present.push_back({commit.shared[n].key, blob(commit.shared[n].key)});
        for (auto const& each : commit.writes)
            if (commit.failed[each.group]) commit.present.push_back({each.key, blob(each.key)});
    }
};

} // namespace otpd::test
