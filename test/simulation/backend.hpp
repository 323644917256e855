#pragma once

/// The real stores, as a history needs them: with its clock, and with a process that dies and comes
/// back.

#include "otpd/store/store.hpp"
#include "virtual_clock.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace otpd::simulation {

/// Of one history: empty when it begins.
class backend {
public:
    virtual ~backend() = default;
    /// As that instance of the service has it.
    virtual store::store& of(std::size_t instance) = 0;
    /// The virtual clock was turned.
    virtual void time_went_on() {}
    /// The process of that instance is gone and another one begins. What a process keeps of others'
    /// data in its memory is lost; a memory store itself stands for one that outlives the process.
    virtual void crashed([[maybe_unused]] std::size_t instance) {}
    /// Removes what is over, if it is not done by itself.
    virtual void sweep() {}

    /// How exactly a history is known beforehand.
    enum class exactness : std::uint8_t {
        all,
        /// But for what others count that an instance has not seen: how far a limit is used, and
        /// which of two reasons a refusal has. What passes and what does not is exact all the same.
        what_passes,
        /// The server's time is known to instances but for what real time goes by meanwhile: only
        /// what must never be.
        promises
    };
    [[nodiscard]] virtual exactness is_known() const { return exactness::all; }

    // Of stores whose server is an order of the history; false: it is not.

    /// The answer to the next step of that instance is lost, which is done or not.
    virtual bool lose_answer([[maybe_unused]] std::size_t instance, [[maybe_unused]] bool done) {
        return false;
    }
    /// What the server has now is what it has after lose_writes().
    virtual bool remember_writes() { return false; }
    /// Another server takes over, and the instances hear of that; `told`: or they do not.
    virtual bool lose_writes([[maybe_unused]] bool told) { return false; }
};

/// Makes empty stores, one after another; whatever is costly to begin is kept from one to the next.
class stores {
public:
    virtual ~stores() = default;
    /// The one before is gone. Both must outlive it.
    virtual std::unique_ptr<backend> make(boost::asio::io_context& context,
                                          turned_clock const& clock) = 0;
};

/// `memory`, `shared` (two instances on a server in this process), `sqlite`, `redis` or `postgres`
/// (servers of their own). Nothing for another word. Files go to the directory for temporary ones.
[[nodiscard]] std::unique_ptr<stores> stores_of(std::string_view kind);

} // namespace otpd::simulation
