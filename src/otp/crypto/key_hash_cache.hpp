#pragma once

/// Caches the hashes of limit keys of which there are few: clients, countries, everybody. Each hash
/// is a MAC and is the same for all requests.

#include "otpd/store/limits.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace otpd::otp {

/// Thread-safe. It keeps as many hashes as fit; others are computed each time.
class key_hash_cache {
public:
    using fields = std::initializer_list<std::string_view>;

    key_hash_cache() = default;
    ~key_hash_cache() {
        for (auto& slot : slots_)
            delete slot.load();
    }
    key_hash_cache(key_hash_cache const&) = delete;
    key_hash_cache& operator=(key_hash_cache const&) = delete;

    template <class WorkOut>
    [[nodiscard]] store::key_hash get(fields texts, WorkOut const& work_out) {
        std::size_t const first = place_of(texts);
        for (std::size_t i = 0; i < probes; ++i) {
            auto& slot = slots_[(first + i) % slots_.size()];
            auto const* found = slot.load(std::memory_order_acquire);
            if (found == nullptr) {
                auto made = std::make_unique<entry const>(entry{text_of(texts), work_out(texts)});
                if (slot.compare_exchange_strong(found, made.get(), std::memory_order_acq_rel))
                    return made.release()->key;
            }
            // The entry may be one that another thread has just stored.
            if (is(*found, texts)) return found->key;
        }
        return work_out(texts);
    }

private:
    struct entry {
        std::string text; ///< each field preceded by its length
        store::key_hash key;
    };
    static constexpr std::size_t probes = 8;

    static std::size_t place_of(fields texts) noexcept {
        std::size_t hash = 0;
        for (auto const field : texts)
            hash = hash * 31 + std::hash<std::string_view>()(field);
        return hash;
    }
    /// Cached fields are short, so one byte suffices.
    static char length_of(std::string_view field) noexcept {
        return static_cast<char>(field.size());
    }
    static std::string text_of(fields texts) {
        std::string text;
        for (auto const field : texts)
            text.append(1, length_of(field)).append(field);
        return text;
    }
    static bool is(entry const& kept, fields texts) noexcept {
        std::string_view left = kept.text;
        for (auto const field : texts) {
            if (left.empty() || left.front() != length_of(field) ||
                left.substr(1, field.size()) != field)
                return false;
            left.remove_prefix(1 + field.size());
        }
        return left.empty();
    }

    /// More than there are countries and, in any installation, clients.
    std::array<std::atomic<entry const*>, 1024> slots_{};
};

} // namespace otpd::otp
