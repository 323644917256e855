#pragma once

/// The real stores with the abilities that a history needs: its clock, and processes that die and
/// restart.

#include "otpd/store/store.hpp"
#include "virtual_clock.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace otpd::simulation {

/// The backend of one history, empty at first.
class backend {
public:
    virtual ~backend() = default;
    /// The store as this instance of the service sees it.
    virtual store::store& of(std::size_t instance) = 0;
    /// The virtual clock was advanced.
    virtual void time_went_on() {}
    /// The instance's process is gone and another one starts. This loses what the process cached of
    /// others' data. A memory store stands for one that outlives the process.
    virtual void crashed([[maybe_unused]] std::size_t instance) {}
    /// Deletes expired states, if the store does not do so itself.
    virtual void sweep() {}

    /// How exactly the model knows a history beforehand.
    enum class exactness : std::uint8_t {
        all,
        /// Except for other instances' counts that an instance has not seen: how much of a limit is
        /// used, and which of two reasons a refusal has. Whether something passes is exact
        /// nevertheless.
        what_passes,
        /// Instances know the server's time only up to the real time that passes meanwhile, so only
        /// the guarantees are checked.
        promises
    };
    [[nodiscard]] virtual exactness is_known() const { return exactness::all; }

    // For stores whose server the history controls; otherwise these return false.

    /// The answer to the instance's next step is lost, whether the step is done or not.
    virtual bool lose_answer([[maybe_unused]] std::size_t instance, [[maybe_unused]] bool done) {
        return false;
    }
    /// Saves the server's state for lose_writes().
    virtual bool remember_writes() { return false; }
    /// Another server takes over; `is_noticed`: whether the instances notice.
    virtual bool lose_writes([[maybe_unused]] bool is_noticed) { return false; }
};

/// Makes empty stores, one after another. It keeps what is expensive to start.
class stores {
public:
    virtual ~stores() = default;
    /// The previous backend must be gone. Both arguments must outlive the new one.
    virtual std::unique_ptr<backend> make(boost::asio::io_context& context,
                                          turned_clock const& clock) = 0;
};

/// `memory`, `shared` (two instances on a server in this process), `sqlite`, `redis` or `postgres`
/// (with real servers). Null for any other word. Files are created in the temporary directory.
[[nodiscard]] std::unique_ptr<stores> stores_of(std::string_view kind);

} // namespace otpd::simulation
