#pragma once

/// The hashes of subjects of which there are few: clients, countries, everybody. Each is a MAC, and the same for every request.

#include "otpd/store/charge.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace otpd::otp {

/// From any thread. Keeps as many as there is room for; what does not find any is worked out each time.
class kept_subjects {
public:
    using fields = std::initializer_list<std::string_view>;

    kept_subjects() = default;
    ~kept_subjects() {
        for (auto& slot : slots_)
            delete slot.load();
    }
    kept_subjects(kept_subjects const&) = delete;
    kept_subjects& operator=(kept_subjects const&) = delete;

    template <class WorkOut>
    [[nodiscard]] store::subject_key get(fields what, WorkOut const& work_out) {
        std::size_t const first = place_of(what);
        for (std::size_t i = 0; i < probes; ++i) {
            auto& slot = slots_[(first + i) % slots_.size()];
            auto const* found = slot.load(std::memory_order_acquire);
            if (found == nullptr) {
                auto made = std::make_unique<entry const>(entry{text_of(what), work_out(what)});
                if (slot.compare_exchange_strong(found, made.get(), std::memory_order_acq_rel))
                    return made.release()->key;
            }
            // Whatever is there now, perhaps another thread's.
            if (is(*found, what)) return found->key;
        }
        return work_out(what);
    }

private:
    struct entry {
        std::string text; ///< each field with its length before it
        store::subject_key key;
    };
    static constexpr std::size_t probes = 8;

    static std::size_t place_of(fields what) noexcept {
        std::size_t hash = 0;
        for (auto const field : what)
            hash = hash * 31 + std::hash<std::string_view>()(field);
        return hash;
    }
    /// Fields of which there are few are short.
    static char length_of(std::string_view field) noexcept {
        return static_cast<char>(field.size());
    }
    static std::string text_of(fields what) {
        std::string text;
        for (auto const field : what)
            text.append(1, length_of(field)).append(field);
        return text;
    }
    static bool is(entry const& kept, fields what) noexcept {
        std::string_view left = kept.text;
        for (auto const field : what) {
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
