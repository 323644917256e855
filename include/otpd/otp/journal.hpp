#pragma once

/// What this instance has begun and a restart must not forget, in the store: sends, open messages
/// and webhooks. Each is an entry of the instance's journal (store/journal.hpp), sealed. When an
/// instance is gone, another one takes its journal over, so each entry has one owner at a time.

#include "otpd/core/deadline.hpp"
#include "otpd/core/random.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/store/store.hpp"
#include "otpd/telemetry/forward.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::otp {

/// Names an entry within this process. 0: none.
using journal_ticket = std::uint64_t;

enum class journal_kind : char { message = 'm', webhook = 'w' };

struct journal_content {
    journal_kind kind = journal_kind::message;
    std::array<std::byte, 16> id{}; ///< of the verification, or the webhook
    std::string text;               ///< not sealed
    std::chrono::milliseconds retention{};
};

/// Longer than a webhook is tried.
inline constexpr std::chrono::hours webhooks_kept_for{24};

/// A slot for an entry that a step of the store writes.
struct journal_slot {
    journal_ticket ticket = 0;
    store::journal_place at;
};

/// Called on the journal's strand; must be quick.
class journal_reader {
public:
    virtual ~journal_reader() = default;
    /// Returns whether this instance goes on with the entry, which it owns then. If not, another
    /// instance gets it, until it ends by itself.
    [[nodiscard]] virtual bool taken_over(journal_ticket ticket,
                                          journal_content entry) noexcept = 0;
    /// This instance was away for so long that another one may own all its entries.
    virtual void lost() noexcept = 0;
};

struct journal_options {
    /// No other instance can use the store.
    bool is_alone = false;
    std::chrono::milliseconds lease{15'000};
    std::chrono::milliseconds renewal{5'000};
    std::chrono::milliseconds failure_pause{1'000};
    std::uint32_t slots_first = 1024;
    std::uint32_t slots_max = 262'144;
};

/// Thread-safe.
class journal {
public:
    /// All references must outlive the journal and the context of `executor`.
    struct dependencies {
        store::journal_store& store;
        key_ring const& keys;
        random_source& random;
        telemetry::logger& log;
    };

    journal(boost::asio::any_io_executor executor, journal_options options, dependencies deps);
    ~journal();

    /// Returns nullopt while the instance has no lease or no free slot. What is not written in the
    /// end needs free().
    boost::asio::awaitable<std::optional<journal_slot>> reserve(store::verification_id id);
    /// The write of a reserved slot's entry, sealed.
    [[nodiscard]] store::journal_write entry(journal_slot const& slot,
                                             journal_content const& content) const;
    [[nodiscard]] static store::journal_write erasure(journal_slot const& slot,
                                                      store::verification_id const& id);

    // These return at once. What is put or erased first is stored first.

    /// Writes a new entry soon, if there is room for it. Returns 0 if it is not taken at all.
    journal_ticket put(journal_content const& content) noexcept;
    /// Writes another text for an entry. Returns whether it will be tried.
    bool replace(journal_ticket ticket, journal_content const& content) noexcept;
    void erase(journal_ticket ticket) noexcept;
    /// The slot has no entry.
    void free(journal_ticket ticket) noexcept;
    /// Nobody knows whether the slot has an entry. It is read: one that is there goes to the reader
    /// as if it were taken over.
    void read_back(journal_ticket ticket) noexcept;

    /// Returns after the first lease, or after the store failed to give one, and goes on in the
    /// background. `reader` must outlive the journal.
    boost::asio::awaitable<void> start(journal_reader& reader);
    /// Writes what is left, and ends the leases, so that another instance takes over at once.
    boost::asio::awaitable<void> drain(deadline limit);

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
