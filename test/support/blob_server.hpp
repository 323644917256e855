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
        for (auto const& write : commit.writes)
            if (!is_of(write.key, write.expected)) commit.failed[write.group] = true;
        std::vector<bool> stale(commit.shared.size());
        std::vector<char*> targets;
        for (std::size_t n = 0; n < commit.shared.size(); ++n)
            stale[n] = !restructure(commit.shared[n]);
        for (auto const& entry : commit.shared)
            targets.push_back(blob(entry.key).data());
        for (auto const& addition : commit.additions)
            if (stale[addition.target]) commit.failed[addition.group] = true;
        store::make_additions(commit, targets);
        for (auto const& entry : commit.shared)
            if (entry.retained_until != store::store_time()) {
                bytes_written += blob(entry.key).size();
                ends[entry.key] = entry.retained_until;
            }
        for (auto const& entry : commit.writes)
            if (!commit.failed[entry.group]) write(entry);
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
        for (auto const& addition : commit.additions)
            wanted[addition.target] = true;
        for (std::size_t n = 0; n < wanted.size(); ++n)
            if (wanted[n])
                commit.present.push_back({commit.shared[n].key, blob(commit.shared[n].key)});
        for (auto const& write : commit.writes)
            if (commit.failed[write.group]) commit.present.push_back({write.key, blob(write.key)});
    }
};

} // namespace otpd::test
