#pragma once

/// Lets requests wait for the next thing that happens to a verification in this process.

#include "otpd/core/deadline.hpp"
#include "otpd/otp/occurrence.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

/// On a strand of its own; every member from any thread. Wants no occurrences while nobody looks.
class changes final : public observer {
    class impl;

public:
    /// Whatever runs `executor` must outlive it. At most `waiters_max` wait at a time. Half of the places
    /// are set aside for `clients`, the same number for each; who has used up its own takes of the other half.
    /// So a client may have more than half, and whatever the others do, it always has its own.
    changes(boost::asio::any_io_executor executor, std::size_t waiters_max,
            std::vector<std::string> const& clients = {});
    ~changes() override;

    /// Of its strand.
    [[nodiscard]] boost::asio::any_io_executor executor() const;

    /// Somebody who looks at verifications and may wait for them to change, for as long as it lives; it must not
    /// outlive the changes. What happens while nobody looks is not counted.
    class look {
    public:
        explicit look(changes& of) noexcept;
        look(look const&) = delete;
        look& operator=(look const&) = delete;
        ~look();

    private:
        std::shared_ptr<impl> of_;
    };

    [[nodiscard]] bool wants(occurrence_kind kind) const noexcept override;
    void happened(occurrence const& what) noexcept override;
    /// How often something happened so far, to compare with later; to be read after a look was begun and before
    /// the store is looked at, so that nothing can happen unseen between that look and wait().
    [[nodiscard]] std::uint64_t seen(std::string_view verification_id) const noexcept;
    /// Until something has happened to the verification since `seen`, or `until`; now and then for nothing.
    /// False, at once: the client has no place left, or the service ends; do not ask again. What other
    /// instances do is not heard of: look at the store again after it.
    boost::asio::awaitable<bool> wait(std::string verification_id, std::string client,
                                      std::uint64_t seen, deadline until);
    /// Everybody who waits, and who will, goes on at once: the service ends.
    void stop();

private:
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
